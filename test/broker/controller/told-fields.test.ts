/** Our own words in requests to the controller: they survive the wire, and a request of Kafka's says nothing. */
import { describe, expect, it } from 'vitest'
import { tellFlushing, toldRelaxed } from '../../../src/broker/controller/told-flushing.ts'
import { tellLosses, toldLosses } from '../../../src/broker/controller/told-losses.ts'
import { compile, encodeToBuffer } from '../../../src/protocol/codec/compile.ts'
import { alterPartition } from '../../../src/protocol/messages/alter-partition.ts'
import { brokerRegistration } from '../../../src/protocol/messages/broker-registration.ts'
import { ZERO_UUID } from '../../../src/protocol/uuid.ts'

describe('AlterPartition', () => {
  it.each([[[]], [[2]], [[2, 1_000_000]]])('names brokers that lost what was committed: %o', (lost) => {
    const asked = {
      partitionIndex: 0,
      leaderEpoch: 1,
      newIsrWithEpochs: [],
      partitionEpoch: 1,
      _unknownTaggedFields: tellLosses(lost),
    }
    const request = { brokerId: 1, topics: [{ topicId: ZERO_UUID, partitions: [asked] }] }
    const sent = encodeToBuffer(alterPartition.request, 3, request)
    const received = compile(alterPartition.request, 3).decode(sent)
    if (!received.ok) throw new Error(received.error.message)
    expect(toldLosses(received.value.topics[0]?.partitions[0]?._unknownTaggedFields)).toEqual(lost)
  })
})

describe('BrokerRegistration', () => {
  it.each([
    [{}, false],
    [{ 'log.flush.interval.messages': '1000' }, true],
    [{ 'log.flush.scheduler.interval.ms': '1000' }, true],
    [{ 'min.insync.replicas': '2' }, false],
  ])('says whether the file relaxes flushing: %o', (file, relaxed) => {
    const statics = new Map(Object.entries<string>(file))
    const request = {
      brokerId: 1,
      clusterId: 'c',
      incarnationId: ZERO_UUID,
      listeners: [],
      features: [],
      rack: null,
      _unknownTaggedFields: tellFlushing(statics),
    }
    const sent = encodeToBuffer(brokerRegistration.request, 4, request)
    const received = compile(brokerRegistration.request, 4).decode(sent)
    if (!received.ok) throw new Error(received.error.message)
    expect(toldRelaxed(received.value._unknownTaggedFields)).toBe(relaxed)
  })
})
