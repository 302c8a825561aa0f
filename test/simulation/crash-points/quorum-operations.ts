/** The operations of the metadata quorum's files. */
import {
  decodeQuorumState,
  QuorumStateFile,
  readQuorumState,
} from '../../../src/broker/quorum/quorum-state-file.ts'
import { readSmallFile } from '../../../src/storage/atomic-file.ts'
import { MetadataSnapshots, snapshotBatches } from '../../../src/storage/metadata-snapshots.ts'
import { MemoryNetwork } from '../../broker/quorum/support/memory-peers.ts'
import { appendAgain, type Operation, prepareLogs } from './operation.ts'
import type { Scene } from './scene.ts'

const FOLDER = '/data/t-0'

export const vote: Operation = {
  async prepare(scene) {
    await prepareLogs(scene)
    await writeVotes(scene, [1])
  },
  run: (scene) => writeVotes(scene, [2, 3]),
  check(scene) {
    const noted = Number(scene.ledger.notes.get('epoch'))
    const state = readQuorumState(scene.world.disk, FOLDER, 0, false)
    if (state.epoch < noted || state.epoch > 4 || state.votedFor?.id !== state.epoch % 3)
      throw new Error(`epoch ${noted} was told, and the file says ${JSON.stringify(state)}`)
    const content = readSmallFile(scene.world.disk, `${FOLDER}/quorum-state`)
    if (content === null || decodeQuorumState(content) === null) throw new Error('the file is torn')
  },
  async again(scene) {
    await writeVotes(scene, [4])
    if (scene.ledger.notes.get('epoch') !== '4') throw new Error('no vote can be written')
  },
}

/** Votes for one node after the other, as elections follow each other. */
async function writeVotes(scene: Scene, epochs: readonly number[]): Promise<void> {
  const { clock, disk, random } = scene.world
  const log = scene.log()?.state.environment.events
  if (log === undefined) return
  const file = new QuorumStateFile(
    { clock, disk, random, log, peers: new MemoryNetwork(clock).peersOf('node-1') },
    FOLDER,
    (error) => scene.told.push(error.message),
  )
  for (const epoch of epochs) {
    const votedFor = { id: epoch % 3, directoryId: 'AAAAAAAAAAAAAAAAAAAAAA' }
    file.write({ epoch, votedFor, leaderId: null }, () => scene.ledger.notes.set('epoch', String(epoch)))
    await scene.pass(15)
  }
  // Want of room is tried again after a while.
  await scene.pass(600)
  file.close()
}

const values = (count: number): Buffer[] =>
  Array.from({ length: count }, (_, index) => Buffer.from(`record ${index}`.padEnd(200, '.')))

const snapshotsOf = (scene: Scene): MetadataSnapshots =>
  new MetadataSnapshots(scene.world.disk, FOLDER, () => scene.world.clock.nowMs)

/** A log that begins behind what every snapshot holds has lost something. */
function checkSnapshots(scene: Scene): void {
  const latest = snapshotsOf(scene).latest()
  const noted = Number(scene.ledger.notes.get('snapshot') ?? 0)
  const endOffset = latest?.endOffset ?? 0
  const log = scene.log()
  if (endOffset < noted) throw new Error(`the snapshot at ${noted} is gone`)
  if (log === null || log.logStartOffset > endOffset)
    throw new Error(`the log begins at ${log?.logStartOffset}, the newest snapshot ends at ${endOffset}`)
  if (latest !== null && latest.values.length !== Math.min(endOffset, 5))
    throw new Error(`the snapshot holds ${latest.values.length} records`)
}

export const snapshot: Operation = {
  setting: {
    config: { segmentBytes: 1_000, indexIntervalBytes: 300, fileDeleteDelayMs: 20, deletes: false },
  },
  async prepare(scene) {
    await prepareLogs(scene)
    await writeSnapshot(scene, 2)
  },
  run: (scene) => writeSnapshot(scene, 4),
  check: checkSnapshots,
  async again(scene) {
    await writeSnapshot(scene, 5)
    if (scene.ledger.notes.get('snapshot') !== '5') throw new Error('no snapshot can be written')
    await appendAgain(scene)
  },
}

/** As the keeper does: the snapshot, then the beginning of the log goes, and older snapshots. */
async function writeSnapshot(scene: Scene, endOffset: number): Promise<void> {
  const snapshots = snapshotsOf(scene)
  const writing = snapshots.write(endOffset, 1, values(endOffset), 0).then(
    () => {
      scene.ledger.notes.set('snapshot', String(endOffset))
      return true
    },
    (error: Error) => {
      scene.told.push(error.message)
      return false
    },
  )
  await scene.pass(20)
  const log = scene.log()
  if (!(await writing) || log === null || scene.failures.length > 0) return
  scene.ledger.dropping(0, endOffset)
  log.setHighWatermark(log.logEndOffset)
  log.deleteRecordsBefore(endOffset)
  const failure = log.checkpointing.attempt(() => snapshots.removeOlderThan({ endOffset, epoch: 1 }))
  if (failure !== null) scene.told.push(failure.message)
  log.upkeep.applyRetention(scene.world.clock.nowMs)
  void scene.world.manager.checkpoint()
  await scene.pass(60)
}

const INSTALLED = 50

export const installation: Operation = {
  prepare: prepareLogs,
  run: (scene) => install(scene, INSTALLED),
  check: checkSnapshots,
  async again(scene) {
    await install(scene, 2 * INSTALLED)
    if (scene.log()?.logStartOffset !== 2 * INSTALLED) throw new Error('no snapshot can be installed')
    await appendAgain(scene)
  },
}

/** As a follower does that lags behind what its leader's log still holds. */
async function install(scene: Scene, endOffset: number): Promise<void> {
  const snapshots = snapshotsOf(scene)
  const id = { endOffset, epoch: 3 }
  const bytes = Buffer.concat([...snapshotBatches(3, values(5), 0, scene.world.clock.nowMs)])
  const middle = bytes.length >> 1
  const keeping = (async () => {
    await snapshots.keepPiece(id, 0, bytes.subarray(0, middle))
    await snapshots.keepPiece(id, middle, bytes.subarray(middle))
    return await snapshots.installKept(id)
  })().then(
    (kept) => kept !== null,
    (error: Error) => {
      scene.told.push(error.message)
      return false
    },
  )
  await scene.pass(20)
  const log = scene.log()
  if (!(await keeping) || log === null || log.isOffline) return
  scene.ledger.notes.set('snapshot', String(endOffset))
  scene.ledger.cutting(0, 0)
  scene.ledger.dropping(0, endOffset)
  log.truncateFullyAndStartAt(endOffset, () => {})
  await scene.pass(60)
}
