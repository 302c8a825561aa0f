/** ElectLeaders (43), versions 0–2: preferred or unclean leaders, decided by the active controller (KIP-460). */
import { decideElectLeaders } from '../../coordination/metadata/decide/elect-leaders.ts'
import { electLeaders } from '../../protocol/messages/elect-leaders.ts'
import { decided } from '../controller/command.ts'
import { serveByController } from '../handler.ts'

export const electLeadersCommand = decided(electLeaders, {
  decide: (image, request, { node }) => decideElectLeaders(image, request, node),
  refuse: (_request, errorCode) => ({ throttleTimeMs: 0, errorCode, replicaElectionResults: [] }),
  timeoutMs: ({ timeoutMs }) => timeoutMs,
  servedByAll: true,
})

export const electLeadersHandler = serveByController(electLeadersCommand)
