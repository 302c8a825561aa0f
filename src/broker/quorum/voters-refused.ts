/** What a change of the quorum's voters fails with; the reason is the leader's own (KIP-853). */
import type { VoterChangeRefusal } from '../../coordination/raft/effect.ts'

export class VotersRefused extends Error {
  readonly reason: VoterChangeRefusal

  constructor(reason: VoterChangeRefusal) {
    super(`the voters cannot be changed: ${reason}`)
    this.name = 'VotersRefused'
    this.reason = reason
  }
}
