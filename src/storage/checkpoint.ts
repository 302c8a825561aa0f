/**
 * The text of Kafka's checkpoint files: offsets by partition, and leader epochs.
 *
 * Version line, count line, then one line an entry. Kafka gives them no checksum, so reading is strict: a
 * line that is cut, a count that differs or a stray byte makes the whole file void (trap 5: a torn
 * checkpoint is as good as none, never a zero).
 */

const VERSION = 0

export interface PartitionOffset {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export interface EpochStart {
  readonly epoch: number
  readonly startOffset: number
}

/** The entry lines of a well-formed file, else null. */
function entryLines(content: Buffer): string[] | null {
  const lines = content.toString('utf8').split('\n')
  // The last line must be ended too, or the file may be cut inside a number.
  if (lines.pop() !== '') return null
  const [version, count, ...entries] = lines
  if (version !== String(VERSION) || count !== String(entries.length)) return null
  return entries
}

function encode(entries: readonly string[]): Buffer {
  return Buffer.from(`${[String(VERSION), String(entries.length), ...entries].join('\n')}\n`)
}

function wholeNumber(text: string | undefined): number | null {
  if (text === undefined || !/^\d{1,16}$/.test(text)) return null
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : null
}

export function encodePartitionOffsets(entries: readonly PartitionOffset[]): Buffer {
  return encode(entries.map((entry) => `${entry.topic} ${entry.partition} ${entry.offset}`))
}

/** null when the content is not a whole, well-formed file. */
export function decodePartitionOffsets(content: Buffer): PartitionOffset[] | null {
  const lines = entryLines(content)
  if (lines === null) return null
  const entries: PartitionOffset[] = []
  for (const line of lines) {
    const [topic, partitionText, offsetText, ...rest] = line.split(' ')
    const partition = wholeNumber(partitionText)
    const offset = wholeNumber(offsetText)
    if (topic === undefined || partition === null || offset === null || rest.length > 0) return null
    entries.push({ topic, partition, offset })
  }
  return entries
}

export function encodeEpochStarts(entries: readonly EpochStart[]): Buffer {
  return encode(entries.map((entry) => `${entry.epoch} ${entry.startOffset}`))
}

/** null when the content is not a whole, well-formed file or its entries do not rise. */
export function decodeEpochStarts(content: Buffer): EpochStart[] | null {
  const lines = entryLines(content)
  if (lines === null) return null
  const entries: EpochStart[] = []
  for (const line of lines) {
    const [epochText, startText, ...rest] = line.split(' ')
    const epoch = wholeNumber(epochText)
    const startOffset = wholeNumber(startText)
    if (epoch === null || startOffset === null || rest.length > 0) return null
    const before = entries.at(-1)
    if (before !== undefined && (epoch <= before.epoch || startOffset < before.startOffset)) return null
    entries.push({ epoch, startOffset })
  }
  return entries
}
