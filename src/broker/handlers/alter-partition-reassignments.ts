/** AlterPartitionReassignments (45), versions 0–1: moves replicas, or takes a move back (KIP-455). */
import { decideAlterPartitionReassignments } from '../../coordination/metadata/decide/alter-partition-reassignments.ts'
import { alterPartitionReassignments } from '../../protocol/messages/alter-partition-reassignments.ts'
import { decided } from '../controller/command.ts'
import { serveByController } from '../handler.ts'

export const alterPartitionReassignmentsCommand = decided(alterPartitionReassignments, {
  decide: (image, request, { node }) => decideAlterPartitionReassignments(image, request, node),
  refuse: (_request, errorCode, errorMessage) => ({
    throttleTimeMs: 0,
    errorCode,
    errorMessage,
    responses: [],
  }),
  timeoutMs: ({ timeoutMs }) => timeoutMs,
  servedByAll: true,
})

export const alterPartitionReassignmentsHandler = serveByController(alterPartitionReassignmentsCommand)
