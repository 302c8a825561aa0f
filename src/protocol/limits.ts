/**
 * Bounds on what the bytes of a peer can make this room allocate or walk through.
 *
 * A count that a message declares is believed only as far as the bytes that follow can hold it, and
 * never beyond these totals (CVE-2026-111108 and CVE-2026-111115 are what happens without). The frame's own
 * bound belongs to whoever reads the socket.
 */
export const protocolLimits = {
  /** Array elements of one message, over all of its arrays. */
  elementsPerMessageMax: 1_000_000,
  /** Tagged fields of one message, known and unknown, over all of its structs. */
  taggedFieldsPerMessageMax: 10_000,
  /** Records and headers of one batch that is read as a whole; walking over it has no such bound. */
  recordsAndHeadersPerBatchMax: 1_000_000,
  /** Bytes of a varint of up to 32 bits. */
  varintSizeBytesMax: 5,
  /** Bytes of a varint of up to 64 bits. */
  varlongSizeBytesMax: 10,
  /** Records up to this size are copied behind the fields before them; larger ones stay chunks of their own. */
  recordsCopySizeBytesMax: 1_024,
  /** Memory from which small messages are cut; a message that outgrows it gets its own. */
  writerSlabSizeBytes: 64 * 1_024,
} as const
