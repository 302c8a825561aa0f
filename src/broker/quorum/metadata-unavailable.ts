/**
 * What a command to the quorum fails with when its records could not be written: nothing of it is in the log,
 * and the same command may succeed once there is room again. Any other rejection is the end of the log.
 */
import { errorCode } from '../../protocol/errors.ts'

export class MetadataUnavailable extends Error {
  /** What clients are told; they may try again. */
  readonly errorCode = errorCode.KAFKA_STORAGE_ERROR

  constructor() {
    super('the metadata log has no room for the change')
    this.name = 'MetadataUnavailable'
  }
}
