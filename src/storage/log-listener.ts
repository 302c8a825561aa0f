/**
 * What a partition log tells its owner. Calls come from inside the log: a listener may append and read,
 * and must not throw.
 */
export interface LogListener {
  /** Everything below `endOffset` is in the file, not yet necessarily on the disk. */
  written(endOffset: number): void
  /** Everything below `endOffset` survives a power cut. */
  durable(endOffset: number): void
  /**
   * Every append from `fromOffset` on was taken back (disk full, or the directory failed): the log ends
   * there again. `errorCode` is for those who wait.
   */
  failed(fromOffset: number, errorCode: number): void
  /** Retention, DeleteRecords or a truncation moved the first offset. */
  logStartOffsetMoved(logStartOffset: number): void
  /** The directory failed, for good (trap 7): nothing can be appended or read any more. */
  offline(reason: string): void
}

/** For owners that wait for nothing. */
export const deafListener: LogListener = {
  written() {},
  durable() {},
  failed() {},
  logStartOffsetMoved() {},
  offline() {},
}
