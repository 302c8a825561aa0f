/**
 * Notes what each node takes for the brokers of the cluster, as it begins to act on it.
 *
 * Who leads and hears late of the others waits for other brokers than the metadata log names by then. It is told by the hook
 * that worlds of tests have (`BrokerOptions.followed`), and changes nothing.
 */
import type { BrokerOptions } from '../../broker/broker.ts'
import type { History } from '../history.ts'

export function knownBrokers(
  history: History,
  nowMs: () => number,
  node: number,
): Pick<BrokerOptions, 'followed'> {
  return {
    followed: ({ brokers }, { brokersChanged }) => {
      if (brokersChanged.length > 0) history.brokersKnown.push({ node, atMs: nowMs(), brokers })
    },
  }
}
