/** AlterPartition (56): a leader's in-sync set, decided by the controller; no client may ask for it. */
import { decideAlterPartition } from '../../coordination/metadata/decide/alter-partition.ts'
import { alterPartition } from '../../protocol/messages/alter-partition.ts'
import { decided } from './command.ts'

export const alterPartitionCommand = decided(alterPartition, {
  decide: (image, request, { node }) => decideAlterPartition(image, request, node),
  refuse: (_request, errorCode) => ({ throttleTimeMs: 0, errorCode, topics: [] }),
  timeoutMs: () => 5_000,
  servedByAll: false,
})
