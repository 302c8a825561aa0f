/**
 * What can be wrong with bytes that a peer sent, as a value.
 *
 * Decoders of this room never throw: inside, a `WireFault` unwinds to the entry point, which hands out
 * its `WireError`. Text is for a log line, `reason` is for code.
 */
export type WireErrorReason =
  | 'truncated'
  | 'length'
  | 'count'
  | 'null'
  | 'varint'
  | 'tag'
  | 'limit'
  | 'marker'
  | 'crc'
  | 'magic'
  | 'records'
  | 'compression'
  | 'unknown-api'
  | 'unknown-version'
  | 'unknown-type'
  | 'trailing-bytes'
  | 'json'

export interface WireError {
  readonly reason: WireErrorReason
  readonly message: string
  /** Byte offset in the decoded buffer at which reading stopped. */
  readonly position: number
}

/** The outcome of decoding: the value and the position behind it, or why there is none. */
export type Decoded<T> =
  | { readonly ok: true; readonly value: T; readonly position: number }
  | { readonly ok: false; readonly error: WireError }

/** Unwinds a decoder. No `Error`, for a hostile peer should not buy a stack trace with every frame. */
export class WireFault {
  readonly error: WireError
  constructor(reason: WireErrorReason, message: string, position: number) {
    this.error = { reason, message, position }
  }
}

/** The failed outcome, for entry points that find the fault themselves. */
export function wireError(reason: WireErrorReason, message: string, position = 0): Decoded<never> {
  return { ok: false, error: { reason, message, position } }
}

/** Runs a decoder and turns its `WireFault` into a value; any other exception is a bug and passes. */
export function catchWireFault<T>(decode: () => Decoded<T>): Decoded<T> {
  try {
    return decode()
  } catch (fault) {
    if (fault instanceof WireFault) return { ok: false, error: fault.error }
    throw fault
  }
}

/** Thrown by encoders: the value cannot be spelled in that version, so its maker has a bug. */
export class EncodeError extends Error {
  override readonly name = 'EncodeError'
}
