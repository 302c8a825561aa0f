/**
 * Where clients of one listener reach a broker.
 *
 * A broker registers what it advertises; the node that answers may know a better address for itself, the one that the
 * client has just dialled.
 */
import type { BrokerImage, MetadataImage } from '../image.ts'
import { isActive } from '../new-partition.ts'

/** Who asks, and through which door. */
export interface EndpointView {
  /** The node that answers. */
  readonly nodeId: number
  /** Listener on which the request came: clients are sent to the same listener of other brokers. */
  readonly listenerName: string
  /** How the client reached this node, where this listener advertises nothing; else null. */
  readonly dialled: { readonly host: string; readonly port: number } | null
}

/** A broker as clients of the listener see it; undefined when it does not have that listener. */
export function clientEndpoint(
  broker: BrokerImage,
  view: EndpointView,
): { readonly host: string; readonly port: number } | undefined {
  if (view.dialled !== null && broker.id === view.nodeId) return view.dialled
  const endPoint = broker.endPoints.find(({ name }) => name === view.listenerName)
  return endPoint && { host: endPoint.host, port: endPoint.port }
}

/** Whether clients can use the broker now. */
export function isReachable(image: MetadataImage, id: number, view: EndpointView): boolean {
  const broker = image.brokers.get(id)
  return broker !== undefined && isActive(broker) && clientEndpoint(broker, view) !== undefined
}
