/** AlterPartition (56): a leader's in-sync set, decided by the controller; no client may ask for it. */
import { decideAlterPartition } from '../../coordination/metadata/decide/alter-partition.ts'
import { alterPartition } from '../../protocol/messages/alter-partition.ts'
import { decided } from './command.ts'
import { toldLosses } from './told-losses.ts'

export const alterPartitionCommand = decided(alterPartition, {
  decide: (image, request, { node }) =>
    decideAlterPartition(image, request, {
      ...node,
      lostBy: ({ _unknownTaggedFields: fields }) => toldLosses(fields),
    }),
  refuse: (_request, errorCode) => ({ throttleTimeMs: 0, errorCode, topics: [] }),
  timeoutMs: () => 5_000,
  servedByAll: false,
})
