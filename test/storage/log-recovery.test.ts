import { describe, expect, it } from 'vitest'
import { setBaseOffset } from '../../src/protocol/records/batch.ts'
import type { Log } from '../../src/storage/log.ts'
import { sizedBatch, testBatch } from './support/batches.ts'
import { DIRECTORY, TestWorld } from './support/world.ts'

const FOLDER = `${DIRECTORY}/t-0`
const FIRST = '00000000000000000000'

function overwrite(world: TestWorld, name: string, content: Buffer): void {
  const file = world.disk.open(`${FOLDER}/${name}`, 'create')
  file.truncateSync(0)
  file.writeSync([content], 0)
  file.close()
}

/** A log with `count` batches, killed. */
function killed(count: number, config = {}): TestWorld {
  const world = new TestWorld()
  const log = world.create(config)
  for (let i = 0; i < count; i++)
    world.append(log, sizedBatch(300 + i), { leaderEpoch: i < count / 2 ? 1 : 2 })
  log.requestDurable()
  world.settle()
  world.die()
  return world
}

/** One batch at each of these offsets, as a leader has them; all on the disk. */
function copyDurably(world: TestWorld, log: Log, offsets: readonly number[]): void {
  for (const offset of offsets) {
    const batch = sizedBatch(300)
    setBaseOffset(batch, 0, offset)
    world.append(log, batch, { origin: 'replica' })
    world.settle()
  }
  log.requestDurable()
  world.settle()
}

/** A log as its leader's compaction has left it: four batches, and offsets missing before each, durable, killed. */
function withGaps(config = {}): TestWorld {
  const world = new TestWorld()
  const log = world.create(config)
  copyDurably(world, log, [50, 60, 70, 80])
  world.die()
  return world
}

/** The beginning of another segment, written here by mistake: a whole batch at `offset`, and a piece of the next. */
function misdirect(world: TestWorld, offset: number): void {
  const stray = sizedBatch(250)
  setBaseOffset(stray, 0, offset)
  const next = sizedBatch(400)
  setBaseOffset(next, 0, offset + 1)
  world.disk.corrupt(`${FOLDER}/${FIRST}.log`, 0, Buffer.concat([stray, next]).subarray(0, 512))
}

describe('a bad batch in a segment with gaps', () => {
  it('is damage from the first gap on: what lies before it may have strayed there too', () => {
    const world = withGaps()
    misdirect(world, 65)
    for (const facts of [{ recoveryPoint: 81 }, { wasClean: true, recoveryPoint: 81 }]) {
      const log = world.open(facts)
      expect(log.damage).toMatchObject({ offset: 0 })
      expect(world.read(log, 0)).toMatchObject({ ok: false, errorCode: 56 })
      world.die()
    }
    const log = world.open({ recoveryPoint: 81 })
    log.truncateTo(0, () => {})
    world.settle()
    expect([log.damage, log.logEndOffset, world.content(`${FIRST}.log`).length]).toEqual([null, 0, 0])
  })

  it('is damage, not a torn tail, where what strayed leaves out the recovery point', () => {
    const world = withGaps()
    misdirect(world, 75)
    const before = world.content(`${FIRST}.log`)
    for (const compacts of [true, false]) {
      const log = world.open({ recoveryPoint: 71 }, { compacts })
      expect(log.damage, `compacts ${compacts}`).toMatchObject({ offset: 0 })
      expect(world.content(`${FIRST}.log`)).toEqual(before)
      world.die()
    }
  })

  it('is a torn tail where whole batches reach the recovery point', () => {
    const world = withGaps()
    world.disk.flipBit(`${FOLDER}/${FIRST}.log`, 3 * 300 + 100, 3)
    const log = world.open({ recoveryPoint: 71 }, { compacts: true })
    expect([log.damage, log.logEndOffset]).toEqual([null, 71])
  })

  it('is damage from there on when a read finds it', () => {
    const world = withGaps({ segmentBytes: 1_200 })
    const log = world.open({ wasClean: true, recoveryPoint: 81 }, { segmentBytes: 1_200 })
    misdirect(world, 65)
    expect(world.read(log, 66)).toMatchObject({ ok: false, errorCode: 56 })
    expect(log.damage).toMatchObject({ offset: 0 })
  })
})

describe('recovery after an unclean stop', () => {
  it('trap 2: cuts a torn tail at every byte of the last batch, and appends go on there', () => {
    const world = killed(4)
    const whole = world.content(`${FIRST}.log`)
    const third = whole.length - sizedBatch(303).length
    for (let size = third; size < whole.length; size++) {
      overwrite(world, `${FIRST}.log`, whole.subarray(0, size))
      const log = world.open({ recoveryPoint: 2 })
      expect([log.logEndOffset, log.damage], `cut at ${size}`).toEqual([3, null])
      expect(world.content(`${FIRST}.log`).length).toBe(third)
      expect(world.append(log, testBatch())).toMatchObject({ ok: true, baseOffset: 3 })
      world.settle()
      expect(world.offsets(log, 2)).toEqual([2, 3])
      world.die()
    }
  })

  it('trap 2: a flipped bit in the unflushed tail cuts there', () => {
    const world = killed(4)
    const whole = world.content(`${FIRST}.log`)
    const third = whole.length - sizedBatch(303).length
    // The base offset's and the leader epoch's own bytes lie outside the checksum, but not outside the chain.
    for (const at of [third + 8, third + 16, third + 17, third + 22, third + 60, whole.length - 1]) {
      const bad = Buffer.from(whole)
      bad[at] = (bad[at] ?? 0) ^ 1
      overwrite(world, `${FIRST}.log`, bad)
      const log = world.open({ recoveryPoint: 2 })
      expect([log.logEndOffset, log.damage], `bit flipped at ${at - third}`).toEqual([3, null])
      world.die()
    }
  })

  it('trap 2: an offset that no checksum covers is damage where it rotted, not the end of the log', () => {
    const world = killed(6)
    const whole = world.content(`${FIRST}.log`)
    const second = whole.readInt32BE(8) + 12
    // Far beyond what a segment holds, and a little.
    for (const at of [2, 7]) {
      const bad = Buffer.from(whole)
      bad[second + at] = (bad[second + at] ?? 0) ^ 0x40
      overwrite(world, `${FIRST}.log`, bad)
      const log = world.open({ recoveryPoint: 6 }, { indexIntervalBytes: 1_000_000 })
      expect(log.damage, `byte ${at}`).toMatchObject({ offset: 1, hidesEnd: true })
      world.die()
    }
  })

  it('trap 2: a leader epoch that rotted is damage where it rotted, not behind it', () => {
    const world = killed(6)
    const whole = world.content(`${FIRST}.log`)
    const second = whole.readInt32BE(8) + 12
    // From 1 to 9.
    whole[second + 15] = (whole[second + 15] ?? 0) ^ 8
    overwrite(world, `${FIRST}.log`, whole)
    const log = world.open({ recoveryPoint: 6 }, { indexIntervalBytes: 1_000_000 })
    expect(log.damage).toMatchObject({ offset: 1 })
  })

  it('trap 2: a batch from elsewhere is damage where offsets are missing that were durable', () => {
    const world = killed(6)
    const whole = world.content(`${FIRST}.log`)
    const stranger = sizedBatch(250)
    setBaseOffset(stranger, 0, 900)
    overwrite(world, `${FIRST}.log`, Buffer.concat([stranger, whole.subarray(stranger.length)]))
    const log = world.open({ recoveryPoint: 4 }, { indexIntervalBytes: 1_000_000 })
    expect(log.damage).toMatchObject({ offset: 0 })
    expect(world.content(`${FIRST}.log`).length).toBe(whole.length)
  })

  it('trap 2: a bad batch below the recovery point is damage: not cut, not served, healed only by the owner', () => {
    const world = killed(6)
    const whole = world.content(`${FIRST}.log`)
    const bad = Buffer.from(whole)
    const second = sizedBatch(300).length
    bad[second + 70] = (bad[second + 70] ?? 0) ^ 0x10
    overwrite(world, `${FIRST}.log`, bad)
    // The recovery scan begins at the last index entry, here the segment's start.
    const log = world.open({ recoveryPoint: 6 })
    expect(log.damage).toMatchObject({ offset: 1 })
    expect(world.content(`${FIRST}.log`).equals(bad)).toBe(true)
    expect(world.offsets(log, 0)).toEqual([0])
    expect(world.read(log, 1)).toMatchObject({ ok: false, errorCode: 56 })
    expect(world.append(log, testBatch())).toMatchObject({ ok: false, errorCode: 56 })
    log.truncateTo(1, () => {})
    world.settle()
    expect([log.damage, log.logEndOffset]).toEqual([null, 1])
    expect(world.append(log, testBatch())).toMatchObject({ ok: true, baseOffset: 1 })
  })

  it('trap 2: a log that ends before its recovery point is damaged', () => {
    const world = killed(4)
    overwrite(world, `${FIRST}.log`, world.content(`${FIRST}.log`).subarray(0, 600))
    expect(world.open({ recoveryPoint: 4 }).damage).toMatchObject({ offset: 2 })
  })

  it('a bad batch found by a cold read is never served', () => {
    const world = killed(4, { segmentBytes: 700 })
    const log = world.open({ wasClean: true, recoveryPoint: 4 }, { segmentBytes: 700 })
    world.disk.flipBit(`${FOLDER}/${FIRST}.log`, 400, 3)
    expect(world.offsets(log, 0)).toEqual([0])
    expect(world.read(log, 1)).toMatchObject({ ok: false, errorCode: 56 })
    expect(log.damage).toMatchObject({ offset: 1 })
    expect(world.read(log, 2)).toMatchObject({ ok: false })
  })

  it('trap 3: indexes that are missing, odd, unordered or beyond the log are rebuilt', () => {
    const config = { indexIntervalBytes: 400 }
    const world = killed(30, config)
    let log = world.open({ recoveryPoint: 10 }, config)
    log.close(() => {})
    world.settle()
    const index = world.content(`${FIRST}.index`)
    const timeIndex = world.content(`${FIRST}.timeindex`)
    expect(index.length).toBeGreaterThan(40)
    const unordered = Buffer.concat([index.subarray(8, 16), index.subarray(0, 8), index.subarray(16)])
    const beyond = Buffer.from(index)
    beyond.writeInt32BE(1_000_000, index.length - 4)
    for (const bad of [Buffer.alloc(0), index.subarray(0, 13), unordered, beyond, Buffer.alloc(4096)]) {
      world.die()
      overwrite(world, `${FIRST}.index`, bad)
      log = world.open({ recoveryPoint: 10 }, config)
      expect(world.offsets(log, 29)).toEqual([29])
      log.close(() => {})
      world.settle()
      expect(world.content(`${FIRST}.index`).equals(index)).toBe(true)
      expect(world.content(`${FIRST}.timeindex`).equals(timeIndex)).toBe(true)
    }
    world.die()
    world.disk.remove(`${FOLDER}/${FIRST}.index`)
    world.disk.remove(`${FOLDER}/${FIRST}.timeindex`)
    log = world.open({ wasClean: true, recoveryPoint: 30 }, config)
    log.close(() => {})
    world.settle()
    expect(world.content(`${FIRST}.index`).equals(index)).toBe(true)
  })

  it('trap 3: an index that misleads a read is rebuilt under it', () => {
    const config = { indexIntervalBytes: 400 }
    const world = killed(30, config)
    let log = world.open({ recoveryPoint: 0 }, config)
    log.close(() => {})
    world.settle()
    world.die()
    const index = world.content(`${FIRST}.index`)
    const bad = Buffer.from(index)
    for (let at = 0; at < bad.length; at += 8) bad.writeInt32BE(bad.readInt32BE(at + 4) + 7, at + 4)
    overwrite(world, `${FIRST}.index`, bad)
    log = world.open({ wasClean: true, recoveryPoint: 30 }, config)
    expect(world.offsets(log, 20)[0]).toBe(20)
    expect(log.damage).toBeNull()
  })

  it('trap 5: a lost or torn recovery checkpoint is no zero: the last segment is checked, older ones must be whole', () => {
    const config = { segmentBytes: 1_000 }
    const world = killed(9, config)
    let log = world.open({ recoveryPoint: null }, config)
    expect([log.logEndOffset, log.damage]).toEqual([9, null])
    world.die()
    const bytes = world.content(`${FIRST}.log`)
    overwrite(world, `${FIRST}.log`, bytes.subarray(0, bytes.length - 1))
    log = world.open({ recoveryPoint: null }, config)
    expect(log.damage).toMatchObject({ offset: 2 })
  })

  it('trap 8: epochs come back from the batches when their file is lost, torn or old', () => {
    const world = killed(8)
    let log = world.open({ recoveryPoint: 0 })
    log.close(() => {})
    world.settle()
    const file = world.content('leader-epoch-checkpoint')
    expect(file.toString()).toBe('0\n2\n1 0\n2 4\n')
    for (const bad of [
      Buffer.alloc(0),
      file.subarray(0, file.length - 2),
      Buffer.from('0\n1\n1 0\n'),
      Buffer.from('0\n3\n1 0\n2 4\n7 6\n'),
    ]) {
      world.die()
      overwrite(world, 'leader-epoch-checkpoint', bad)
      log = world.open({ wasClean: true, recoveryPoint: 8 })
      expect(log.endOffsetForLeaderEpoch(1)).toEqual({ leaderEpoch: 1, endOffset: 4 })
      expect(log.latestLeaderEpoch).toBe(2)
    }
  })

  it.each(['5 3', '2 6', '2 4\n7 6', '0 2\n2 4', '2 1\n3 2\n4 3\n5 5'])(
    'trap 8: no batch above the recovery point is taken for one of another epoch, though the file says "%s"',
    (told) => {
      const world = killed(8)
      const lines = ['1 0', ...told.split('\n')]
      overwrite(world, 'leader-epoch-checkpoint', Buffer.from(`0\n${lines.length}\n${lines.join('\n')}\n`))
      const log = world.open({ recoveryPoint: 1 })
      expect([3, 4, 7].map((offset) => log.leaderEpochOf(offset))).toEqual([1, 2, 2])
      expect(log.endOffsetForLeaderEpoch(1)).toEqual({ leaderEpoch: 1, endOffset: 4 })
      expect(log.latestLeaderEpoch).toBe(2)
    },
  )

  it('an interrupted roll: the new segment exists and is empty, or was never there', () => {
    const config = { segmentBytes: 1_000 }
    const world = killed(6, config)
    world.disk.open(`${FOLDER}/00000000000000000006.log`, 'create').close()
    let log = world.open({ recoveryPoint: 3 }, config)
    expect([log.logEndOffset, log.damage]).toEqual([6, null])
    expect(world.append(log, testBatch())).toMatchObject({ baseOffset: 6 })
    world.settle()
    world.die()
    log = world.open({ recoveryPoint: 3 }, config)
    expect(world.offsets(log, 6)).toEqual([6])
  })

  it('what the leader has compacted away is no gap between segments, whatever is known of the topic when the log opens', () => {
    const world = new TestWorld()
    const log = world.create({ segmentBytes: 400 })
    copyDurably(world, log, [0, 1, 50, 51, 90])
    world.die()
    const recovered = world.open({ recoveryPoint: 1 })
    expect([recovered.logEndOffset, recovered.damage]).toEqual([91, null])
    expect(world.offsets(recovered, 0)).toContain(0)
    expect(world.offsets(recovered, 2)).toContain(50)
    expect(world.offsets(recovered, 52)).toContain(90)
  })

  it('a segment that does not follow the one before goes with the torn tail', () => {
    const config = { segmentBytes: 1_000 }
    const world = killed(9, config)
    world.disk.remove(`${FOLDER}/00000000000000000003.log`)
    const log = world.open({ recoveryPoint: 2 }, config)
    expect([log.logEndOffset, log.damage, log.segmentCount]).toEqual([3, null, 1])
    world.settle()
    expect(world.files().filter((name) => name.endsWith('.log'))).toEqual([`${FIRST}.log`])
  })
})
