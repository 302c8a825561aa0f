/**
 * A broker on folders that Kafka 4.3.1 wrote: stopped cleanly, and killed. It starts, serves what is there,
 * appends to it, and lowers the features that it does not serve.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { startBroker } from './broker-process.ts'

const ARCHIVES = resolve(import.meta.dirname, '../golden/log-dirs')

describe.each([
  ['whole-clean', 123, 15],
  ['whole-unclean', 120, 15],
])('the folder %s', (archive, endOffset, startOffset) => {
  it('is served and goes on', async () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), 'sluice-kafka-'))
    execFileSync('tar', ['xzf', join(ARCHIVES, `${archive}.tar.gz`), '-C', dataDirectory])
    const broker = await startBroker({ dataDirectory })
    const kafka = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING })
    const admin = kafka.admin()
    await admin.connect()
    expect((await admin.listTopics()).sort()).toEqual(expect.arrayContaining(['compact', 'plain', 'txn']))
    const [offsets] = await admin.fetchTopicOffsets('plain')
    expect(offsets).toMatchObject({ low: String(startOffset), high: String(endOffset) })
    const producer = kafka.producer()
    await producer.connect()
    const [sent] = await producer.send({ topic: 'plain', messages: [{ key: 'new', value: 'by us' }] })
    expect(sent?.baseOffset).toBe(String(endOffset))
    const { groups } = await admin.listGroups()
    expect(groups.map(({ groupId }) => groupId)).toContain('classic')
    await Promise.all([producer.disconnect(), admin.disconnect()])
    expect(broker.errors()).toContain('a feature is lowered to what is served')
    expect(await broker.kill('SIGTERM')).toBe(0)
    rmSync(dataDirectory, { recursive: true })
  })
})
