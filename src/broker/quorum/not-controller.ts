/**
 * What a command to the quorum fails with where this node is not, or is no longer, the active controller.
 *
 * A command that had been decided when leadership was lost may still become the truth: who gets this error knows
 * nothing about the outcome, and looks at the image before trying again.
 */
import { errorCode } from '../../protocol/errors.ts'

export class NotController extends Error {
  /** What clients are told; they ask for the controller and try again. */
  readonly errorCode = errorCode.NOT_CONTROLLER
  /** Who leads as far as is known; -1 nobody. */
  readonly leaderId: number

  constructor(leaderId: number, why = 'this node is not the active controller') {
    super(why)
    this.name = 'NotController'
    this.leaderId = leaderId
  }
}
