/**
 * The marker of a clean stop (`.kafka_cleanshutdown`): written last, removed first (trap 6).
 *
 * Its JSON tells the broker epoch of the stopped broker, by which the controller knows that nothing was
 * lost in between (KIP-966).
 */

export const CLEAN_SHUTDOWN_FILE = '.kafka_cleanshutdown'

export function encodeCleanShutdown(brokerEpoch: number): Buffer {
  return Buffer.from(JSON.stringify({ version: 0, brokerEpoch }))
}

/** The epoch of the broker that stopped; -1 when the marker (an older one is empty) does not tell. */
export function decodeCleanShutdown(content: Buffer): number {
  try {
    const marker: unknown = JSON.parse(content.toString('utf8'))
    if (typeof marker !== 'object' || marker === null || !('brokerEpoch' in marker)) return -1
    return typeof marker.brokerEpoch === 'number' ? marker.brokerEpoch : -1
  } catch {
    return -1
  }
}
