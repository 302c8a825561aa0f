/** CreatePartitions (37), versions 0–3: grows topics; answered when every live broker serves the new partitions. */
import { decideCreatePartitions } from '../../coordination/metadata/decide/create-partitions.ts'
import { createPartitions } from '../../protocol/messages/create-partitions.ts'
import { decided } from '../controller/command.ts'
import { serveByController } from '../handler.ts'

export const createPartitionsCommand = decided(createPartitions, {
  decide: decideCreatePartitions,
  refuse: (request, errorCode, errorMessage) => ({
    throttleTimeMs: 0,
    results: request.topics.map(({ name }) => ({ name, errorCode, errorMessage })),
  }),
  timeoutMs: ({ timeoutMs }) => timeoutMs,
  servedByAll: true,
})

export const createPartitionsHandler = serveByController(createPartitionsCommand)
