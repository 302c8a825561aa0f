/**
 * The bare minimum of a broker's work in Node, as the yardstick: socket in, CRC, append, ack; file to socket.
 *
 * It speaks the frames of the load generator and decodes nothing of them but sizes, so every microsecond that
 * the broker needs more is spent on being a broker. Prints `listening on PORT`.
 */
import { closeSync, openSync, readSync, unlinkSync, writevSync } from 'node:fs'
import { type AddressInfo, createServer, Socket, type SocketConstructorOpts } from 'node:net'
import { crc32c } from '@node-rs/crc32'

const [path = 'skeleton.log'] = process.argv.slice(2)
const READ_WINDOW_BYTES = 256 * 1024
const SLAB_BYTES = 4 * 1024 * 1024
const PRODUCE = 0

const file = openSync(path, 'w+')
let endPosition = 0

/** Bytes of the header and of the fields before the records, for the topic name of the load. */
function recordsStart(frame: Buffer): number {
  const clientIdEnd = 4 + 8 + 2 + frame.readInt16BE(12)
  const topicAt = clientIdEnd + 2 + 2 + 4 + 4
  return topicAt + 2 + frame.readInt16BE(topicAt) + 4 + 4 + 4
}

class Peer {
  readonly socket: Socket
  slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
  start = 0
  end = 0
  readonly pooled = Buffer.allocUnsafeSlow(SLAB_BYTES)

  constructor(accepted: Socket) {
    const carrier = accepted as unknown as { _handle: { reading: boolean } | null }
    const handle = carrier._handle
    carrier._handle = null
    if (handle !== null) handle.reading = false
    const options = {
      handle,
      onread: { buffer: () => this.next(), callback: (bytes: number) => this.received(bytes) },
    }
    this.socket = new Socket(options as unknown as SocketConstructorOpts)
    this.socket.setNoDelay(true)
    this.socket.on('error', () => {})
    this.socket.resume()
  }

  next(): Buffer {
    return this.slab.subarray(this.end, Math.min(this.slab.length, this.end + READ_WINDOW_BYTES))
  }

  received(bytes: number): boolean {
    this.end += bytes
    const appended: Buffer[] = []
    const answers: Buffer[] = []
    while (this.end - this.start >= 4) {
      const size = this.slab.readInt32BE(this.start) + 4
      if (this.end - this.start < size) break
      const frame = this.slab.subarray(this.start, this.start + size)
      this.start += size
      if (frame.readInt16BE(4) === PRODUCE) this.produce(frame, appended, answers)
      else this.fetch(frame)
    }
    if (appended.length > 0) endPosition += writevSync(file, appended, endPosition)
    if (answers.length > 0)
      this.socket.write(answers.length === 1 ? (answers[0] as Buffer) : Buffer.concat(answers))
    this.makeRoom()
    return true
  }

  produce(frame: Buffer, appended: Buffer[], answers: Buffer[]): void {
    const records = frame.subarray(recordsStart(frame))
    if (crc32c(records.subarray(21)) !== records.readUInt32BE(17)) throw new Error('a batch arrived damaged')
    records.writeBigInt64BE(BigInt(endPosition), 0)
    appended.push(records)
    const answer = Buffer.alloc(12)
    answer.writeInt32BE(8)
    answer.writeInt32BE(frame.readInt32BE(8), 4)
    answers.push(answer)
  }

  fetch(frame: Buffer): void {
    const maxBytes = frame.readInt32BE(4 + 8 + 2 + frame.readInt16BE(12) + 4 + 4 + 4)
    const bytesRead = readSync(file, this.pooled, 0, Math.min(maxBytes, this.pooled.length), 0)
    const header = Buffer.alloc(8)
    header.writeInt32BE(4 + bytesRead)
    header.writeInt32BE(frame.readInt32BE(8), 4)
    this.socket.cork()
    this.socket.write(header)
    this.socket.write(this.pooled.subarray(0, bytesRead))
    this.socket.uncork()
  }

  makeRoom(): void {
    if (this.start === this.end) {
      this.start = 0
      this.end = 0
    } else if (this.slab.length - this.end < READ_WINDOW_BYTES) {
      this.slab.copy(this.slab, 0, this.start, this.end)
      this.end -= this.start
      this.start = 0
    }
  }
}

const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => new Peer(socket))
server.listen(0, '127.0.0.1', () =>
  process.stdout.write(`listening on 127.0.0.1:${(server.address() as AddressInfo).port}\n`),
)
process.on('SIGTERM', () => {
  closeSync(file)
  unlinkSync(path)
  process.exit(0)
})
