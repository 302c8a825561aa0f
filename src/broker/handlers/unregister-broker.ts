/** UnregisterBroker (64), version 0: the cluster forgets a broker that will not come back. */
import { decideUnregisterBroker } from '../../coordination/metadata/decide/unregister-broker.ts'
import { unregisterBroker } from '../../protocol/messages/unregister-broker.ts'
import { decided } from '../controller/command.ts'
import { serveByController } from '../handler.ts'

export const unregisterBrokerCommand = decided(unregisterBroker, {
  decide: (image, request, { node }) => decideUnregisterBroker(image, request, node),
  refuse: (_request, errorCode, errorMessage) => ({ throttleTimeMs: 0, errorCode, errorMessage }),
  servedByAll: true,
})

export const unregisterBrokerHandler = serveByController(unregisterBrokerCommand)
