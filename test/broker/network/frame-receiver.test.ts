import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameReceiver } from '../../../src/broker/network/frame-receiver.ts'
import { type Slab, SlabPool } from '../../../src/broker/network/slab-pool.ts'
import { limits } from '../../../src/runtime/limits.ts'

function framed(body: Buffer): Buffer {
  const frame = Buffer.alloc(4 + body.length)
  frame.writeInt32BE(body.length)
  body.copy(frame, 4)
  return frame
}

/** Feeds `stream` in pieces of the given sizes, as a socket would. */
function feed(receiver: FrameReceiver, stream: Buffer, pieces: readonly number[]): void {
  let position = 0
  let turn = 0
  while (position < stream.length) {
    const target = receiver.nextBuffer()
    expect(target.length).toBeGreaterThan(0)
    const length = Math.min(target.length, pieces[turn++ % pieces.length] ?? 1, stream.length - position)
    stream.copy(target, 0, position, position + length)
    position += length
    receiver.received(length)
  }
}

describe('FrameReceiver', () => {
  it('delivers every frame whole and in order, however the stream is cut and whoever keeps the memory', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 20_000 }), { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 9_000 }), { minLength: 1, maxLength: 5 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }),
        (bodies, pieces, keeps) => {
          const pool = new SlabPool()
          const kept: { bytes: Buffer; expected: Buffer; slab: Slab }[] = []
          let delivered = 0
          const receiver = new FrameReceiver(
            pool,
            {
              frame(bytes, slab) {
                const expected = Buffer.from(bodies[delivered] ?? [])
                expect(bytes.equals(expected)).toBe(true)
                if (keeps[delivered++ % keeps.length]) {
                  slab.retain()
                  kept.push({ bytes, expected, slab })
                }
              },
              malformed: (reason) => expect.unreachable(reason),
            },
            () => limits.frameSizeBytesMax,
          )
          feed(receiver, Buffer.concat(bodies.map((body) => framed(Buffer.from(body)))), pieces)
          expect(delivered).toBe(bodies.length)
          // Nothing that was kept has been overwritten by what came later (trap 20).
          for (const { bytes, expected, slab } of kept) {
            expect(bytes.equals(expected)).toBe(true)
            slab.release()
          }
          receiver.close()
          expect(pool.lentBytes).toBe(0)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('believes a declared size only as far as bytes have arrived', () => {
    const pool = new SlabPool()
    const receiver = new FrameReceiver(pool, { frame() {}, malformed() {} }, () => limits.frameSizeBytesMax)
    const declaration = Buffer.alloc(4)
    declaration.writeInt32BE(limits.frameSizeBytesMax)
    feed(receiver, Buffer.concat([declaration, Buffer.alloc(10_000)]), [4_096])
    expect(pool.lentBytes).toBeLessThanOrEqual(limits.receiveSlabBytes)
    receiver.close()
  })

  it.each([-1, limits.frameSizeBytesMax + 1, 0x7fffffff])(
    'refuses a frame of %d bytes and delivers nothing more',
    (size) => {
      const pool = new SlabPool()
      let refused = ''
      const receiver = new FrameReceiver(
        pool,
        { frame: () => expect.unreachable(), malformed: (reason) => (refused = reason) },
        () => limits.frameSizeBytesMax,
      )
      const declaration = Buffer.alloc(8)
      declaration.writeInt32BE(size)
      feed(receiver, declaration, [8])
      expect(refused).toContain(String(size))
    },
  )

  it('gives the memory of one large frame back', () => {
    const pool = new SlabPool()
    const receiver = new FrameReceiver(pool, { frame() {}, malformed() {} }, () => limits.frameSizeBytesMax)
    feed(receiver, framed(Buffer.alloc(20 * 1024 * 1024)), [256 * 1024])
    feed(receiver, framed(Buffer.alloc(10)), [14])
    expect(pool.lentBytes).toBeLessThanOrEqual(limits.receiveSlabBytesMax)
    receiver.close()
  })
})

describe('SlabPool', () => {
  it('asserts that a slab is given back exactly once', () => {
    const slab = new SlabPool().lend(100)
    slab.release()
    expect(() => slab.release()).toThrow('twice')
    expect(() => slab.retain()).toThrow('again')
  })
})
