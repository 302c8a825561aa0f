/** DescribeCluster (60), versions 0–2: id, controller and brokers as the client's listener shows them (KIP-700). */
import { describeCluster as describe } from '../../coordination/metadata/describe/describe-cluster.ts'
import { describeCluster } from '../../protocol/messages/describe-cluster.ts'
import { clientView } from '../client-view.ts'
import { serve } from '../handler.ts'

export const describeClusterHandler = serve(describeCluster, (request, call) => {
  call.reply(describe(call.broker.quorum.image, request, clientView(call)))
})
