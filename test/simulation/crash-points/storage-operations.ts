/** The operations of logs and log directories. */
import { firstSteps, nothing } from '../../../src/runtime/crash-survival.ts'
import type { Log } from '../../../src/storage/log.ts'
import { snapshotProducers } from '../../../src/storage/log-files.ts'
import { ReplicaMove } from '../../../src/storage/replica-move.ts'
import { appendAgain, type Operation, prepareLogs } from './operation.ts'
import type { Scene } from './scene.ts'

const logOf = (scene: Scene, partition = 0) => {
  const log = scene.log(partition)
  if (log === null) throw new Error(`there is no partition ${partition}`)
  return log
}

export const append: Operation = {
  prepare: prepareLogs,
  async run(scene) {
    scene.append(0, 'a', 1)
    scene.append(1, 'b', 1)
    await scene.pass(5)
    scene.append(0, 'c', 1)
    await scene.pass(5)
  },
}

export const checkpoint: Operation = {
  async prepare(scene) {
    await prepareLogs(scene)
    scene.append(0, 'a', 1)
    await scene.pass(5)
  },
  async run(scene) {
    logOf(scene).setHighWatermark(6)
    void scene.world.manager.checkpoint()
    await scene.pass(40)
  },
}

export const epochCheckpoint: Operation = {
  prepare: prepareLogs,
  async run(scene) {
    logOf(scene).assignLeaderEpoch(4)
    scene.append(0, 'a', 4)
    await scene.pass(5)
    void scene.world.manager.checkpoint()
    await scene.pass(40)
  },
}

export const producerSnapshot: Operation = {
  async prepare(scene) {
    await prepareLogs(scene)
    scene.append(0, 'a', 1)
    await scene.pass(5)
  },
  async run(scene) {
    const log = logOf(scene)
    const failure = log.checkpointing.attempt(() => snapshotProducers(log.state))
    if (failure !== null) scene.told.push(failure.message)
    void scene.world.manager.checkpoint()
    await scene.pass(40)
  },
}

export const segmentRoll: Operation = {
  setting: { config: { segmentBytes: 100_000, indexIntervalBytes: 300, fileDeleteDelayMs: 20 } },
  prepare: prepareLogs,
  async run(scene) {
    scene.append(0, 'a', 1)
    await scene.pass(2)
    logOf(scene).roll(scene.world.clock.nowMs)
    scene.append(0, 'b', 1)
    await scene.pass(10)
    void scene.world.manager.checkpoint()
    await scene.pass(30)
  },
}

export const retention: Operation = {
  // The oldest segment goes first: one that came back without its successor would leave a gap.
  needsOrder: true,
  setting: {
    config: { segmentBytes: 1_000, indexIntervalBytes: 300, fileDeleteDelayMs: 20, retentionBytes: 100 },
  },
  prepare: prepareLogs,
  async run(scene) {
    const log = logOf(scene)
    scene.ledger.dropping(0, log.logEndOffset)
    log.upkeep.applyRetention(scene.world.clock.nowMs)
    if (scene.failures.length === 0 && log.logStartOffset === 0) scene.told.push('nothing was dropped')
    await scene.pass(60)
  },
}

export const compaction: Operation = {
  setting: {
    config: {
      segmentBytes: 1_000,
      indexIntervalBytes: 300,
      fileDeleteDelayMs: 20,
      compacts: true,
      deletes: false,
      minCleanableDirtyRatio: 0,
    },
  },
  async prepare(scene) {
    scene.ledger.compacts = true
    await prepareLogs(scene)
  },
  async run(scene) {
    const log = logOf(scene)
    const plan = log.upkeep.planCleaning(null)
    if (plan === null) {
      scene.told.push('nothing can be cleaned')
      return
    }
    const cleaning = log.upkeep.clean(plan).then((result) => {
      const { cleanedOffset } = result ?? { cleanedOffset: null }
      if (cleanedOffset === null) scene.told.push('the cleaning was given up')
      else scene.world.manager.directoryOf(log)?.cleanerMoved('t-0', cleanedOffset)
    })
    await scene.pass(60)
    await cleaning
    void scene.world.manager.checkpoint()
    await scene.pass(30)
  },
}

/** Has the log cut, and goes on in another leader epoch where that has come to an end. */
async function cutAndGoOn(scene: Scene, log: Log, cut: (done: () => void) => void): Promise<void> {
  let isDone = false
  cut(() => {
    isDone = true
  })
  await scene.pass(40)
  if (!isDone) scene.told.push('the log was not cut')
  else if (!log.isOffline) {
    log.assignLeaderEpoch(2)
    scene.append(0, 'new', 2)
  }
  await scene.pass(30)
}

export const truncation: Operation = {
  prepare: prepareLogs,
  async run(scene) {
    const log = logOf(scene)
    scene.ledger.cutting(0, 1)
    await cutAndGoOn(scene, log, (done) => log.truncateTo(1, done))
  },
}

export const fullTruncation: Operation = {
  prepare: prepareLogs,
  async run(scene) {
    const log = logOf(scene)
    scene.ledger.cutting(0, 0)
    scene.ledger.dropping(0, 50)
    await cutAndGoOn(scene, log, (done) => log.truncateFullyAndStartAt(50, done))
  },
}

export const creation: Operation = {
  prepare: prepareLogs,
  async run(scene) {
    if (scene.create(2) !== null) scene.append(2, 'first', 1)
    await scene.pass(20)
  },
}

export const deletion: Operation = {
  prepare: prepareLogs,
  async run(scene) {
    scene.ledger.deleting(0)
    scene.world.manager.delete('t', 0)
    await scene.pass(60)
  },
  async again(scene) {
    // Who owns the partition knows that it is deleted, and deletes what came back before anybody asks for it.
    if (scene.log() !== null) scene.world.manager.delete('t', 0)
    const log = scene.create(0)
    if (log === null || log.logEndOffset !== 0) throw new Error(`not made anew: ${scene.told.join()}`)
    await appendAgain(scene)
    await scene.pass(60)
  },
}

export const move: Operation = {
  setting: { directories: ['/data', '/other'] },
  async prepare(scene) {
    await prepareLogs(scene)
    const there = scene.world.manager.directoryOf(logOf(scene))?.path
    if (there !== '/data') throw new Error('the first partition stands in the first directory')
  },
  async run(scene) {
    const { manager, clock } = scene.world
    const created = manager.createFuture('t', 0, '/other')
    if (!created.ok) {
      scene.told.push(created.message)
      return
    }
    new ReplicaMove(manager, clock, 't', 0, (outcome) => {
      if (outcome.kind === 'given-up') scene.told.push(outcome.reason)
    }).start()
    await scene.pass(150)
    scene.follow(0)
  },
}

export const format: Operation = {
  async prepare() {},
  async run(scene) {
    await scene.start()
    const id = scene.world.manager.directories[0]?.properties?.directoryId
    if (id !== undefined && scene.failures.length === 0) scene.ledger.notes.set('directory id', id)
  },
  check(scene) {
    const id = scene.world.manager.directories[0]?.properties?.directoryId
    const noted = scene.ledger.notes.get('directory id')
    if (noted !== undefined && noted !== id) throw new Error(`the directory was ${noted}, and is ${id}`)
    scene.ledger.notes.set('directory id', id ?? '')
  },
  async again(scene) {
    if (scene.ledger.partitions.length === 0) scene.ledger.created(0)
    await appendAgain(scene)
  },
}

export const cleanStop: Operation = {
  async prepare(scene) {
    await prepareLogs(scene)
    scene.append(0, 'late', 1)
  },
  async run(scene) {
    scene.isOver = true
    void scene.world.manager.stop(5)
    await scene.pass(80)
  },
}

export const startClean: Operation = {
  async prepare(scene) {
    await prepareLogs(scene)
    await scene.world.stop()
  },
  async run(scene) {
    await scene.start()
    scene.append(0, 'a', 1)
    await scene.pass(20)
  },
}

export const startTorn: Operation = {
  async prepare(scene) {
    await prepareLogs(scene)
    for (let turn = 0; turn < 4; turn++) scene.append(0, `t${turn}`, 1)
    scene.world.clock.turn()
    scene.world.kill()
    // All names came back, of every file all but the end of its last write.
    scene.world.disk.crashLeaving({
      keepsNames: () => true,
      content: (_file, steps) => {
        const last = steps.at(-1)
        return last?.kind === 'write' ? firstSteps(steps.length - 1, last.bytes.length >> 1) : nothing
      },
    })
  },
  async run(scene) {
    await scene.start()
    scene.append(0, 'a', 2)
    await scene.pass(20)
  },
}

export const startAmidSwap: Operation = {
  ...(compaction.setting !== undefined && { setting: compaction.setting }),
  async prepare(scene) {
    await compaction.prepare(scene)
    scene.world.disk.fault = (operation, path) =>
      operation === 'rename' && path.endsWith('.log.swap') ? 'EIO' : null
    await compaction.run(scene)
    scene.world.disk.fault = () => null
    scene.world.kill()
    scene.told.length = 0
    const left = scene.world.disk.list('/data/t-0').filter(({ name }) => name.endsWith('.swap'))
    if (left.length === 0) throw new Error('no swap was cut short')
  },
  async run(scene) {
    await scene.start()
    scene.append(0, 'a', 2)
    await scene.pass(20)
  },
}
