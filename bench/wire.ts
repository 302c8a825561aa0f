/** One request, one answer, over a socket of its own: for what a measurement has to set up first. */
import { connect } from 'node:net'

/** Sends a frame and resolves with the answer's bytes, its size left out. */
export function ask(port: number, frame: Buffer): Promise<Buffer> {
  return new Promise((done, fail) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => socket.write(frame))
    const chunks: Buffer[] = []
    let received = 0
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      received += chunk.length
      const all = Buffer.concat(chunks)
      if (all.length < 4 || received < 4 + all.readInt32BE(0)) return
      socket.destroy()
      done(all.subarray(4))
    })
    socket.on('error', fail)
    socket.on('close', () => fail(new Error('the connection was closed without an answer')))
  })
}
