/**
 * Hands out producer ids from blocks that the quorum gives, so that no id is ever given twice, not even by a
 * broker that died with half a block in hand (KIP-730, trap 16).
 */
import { allocateProducerIdsCommand } from './controller/broker-life-commands.ts'
import type { BrokerServices } from './services.ts'

export type ProducerIdOutcome = { readonly producerId: bigint } | { readonly errorCode: number }

export class ProducerIds {
  readonly #broker: () => BrokerServices
  #next = 0n
  #end = 0n
  #refill: Promise<number> | null = null

  constructor(broker: () => BrokerServices) {
    this.#broker = broker
  }

  async next(): Promise<ProducerIdOutcome> {
    while (this.#next === this.#end) {
      this.#refill ??= this.#fetchBlock().finally(() => {
        this.#refill = null
      })
      const code = await this.#refill
      if (code !== 0) return { errorCode: code }
    }
    return { producerId: this.#next++ }
  }

  async #fetchBlock(): Promise<number> {
    const { controller, quorum, config } = this.#broker()
    const reply = await controller.call(allocateProducerIdsCommand, 0, {
      brokerId: config.nodeId,
      brokerEpoch: quorum.image.brokers.get(config.nodeId)?.epoch ?? -1n,
    })
    if (reply.errorCode !== 0) return reply.errorCode
    this.#next = reply.producerIdStart
    this.#end = reply.producerIdStart + BigInt(reply.producerIdLen)
    return 0
  }
}
