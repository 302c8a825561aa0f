/**
 * Writes one record after the other to a partition, wherever it is led, and notes when each was acknowledged by all.
 *
 * It is as impatient as a client can be: what it measures is the cluster's silence, not its own.
 */
import { produce } from '../../src/protocol/messages/produce.ts'
import type { BrokerCluster } from '../cluster/broker-cluster.ts'
import { RawConnection } from '../cluster/raw-connection.ts'
import { batchOf } from '../cluster/raw-requests.ts'
import { AcknowledgedTimes } from './acknowledged-times.ts'
import { leadersOf } from './leaders-of.ts'
import { pause, within } from './script.ts'

const RETRY_MS = 5
const ASK_MS = 400

export class GapWriter {
  readonly partition: number
  readonly acknowledged = new AcknowledgedTimes()
  readonly #topic: string
  readonly #cluster: BrokerCluster
  readonly #records = batchOf(['x'.repeat(100)])
  readonly #avoided: () => number
  #stopped = false

  /** @param avoided a node that is not asked; 0: all are. */
  constructor(cluster: BrokerCluster, topic: string, partition: number, avoided: () => number) {
    this.#cluster = cluster
    this.#topic = topic
    this.partition = partition
    this.#avoided = avoided
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      const view = await leadersOf(this.#cluster, this.#topic, this.#avoided())
      const leader = view?.get(this.partition)?.leader ?? -1
      if (leader > 0 && leader !== this.#avoided()) await this.#writeTo(leader)
      await pause(RETRY_MS)
    }
  }

  stop(): void {
    this.#stopped = true
  }

  async #writeTo(leader: number): Promise<void> {
    let connection: RawConnection | null = null
    try {
      connection = await within(
        RawConnection.open(this.#cluster.portOf(leader), this.#cluster.hostOf(leader)),
        ASK_MS,
      )
      while (!this.#stopped) {
        const request = connection.request(produce, 8, {
          acks: -1,
          timeoutMs: 5_000,
          topicData: [
            { name: this.#topic, partitionData: [{ index: this.partition, records: this.#records }] },
          ],
        })
        const answer = await within(request, ASK_MS)
        if (answer.responses[0]?.partitionResponses[0]?.errorCode !== 0) return
        this.acknowledged.note()
      }
    } catch {
      // It is gone, or leads no more: look again.
    } finally {
      connection?.close()
    }
  }
}
