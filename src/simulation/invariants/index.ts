/**
 * All invariants that a history is held to, by name. Each tells in words what broke it, and nothing when it holds.
 */
import type { History } from '../history.ts'
import { acknowledgedOnEnoughDisks } from './acknowledged-on-enough-disks.ts'
import { comesAboutInTime } from './comes-about-in-time.ts'
import { committedOffsetsStay } from './committed-offsets-stay.ts'
import { compactionKeepsTheLast } from './compaction-keeps-the-last.ts'
import { confirmedMetadataStays } from './confirmed-metadata-stays.ts'
import { deletedStaysDeleted } from './deleted-stays-deleted.ts'
import { deposedLeadersAcknowledgeNothing } from './deposed-leaders-acknowledge-nothing.ts'
import { electionsAreClean } from './elections-are-clean.ts'
import { endsNeverStepBack } from './ends-never-step-back.ts'
import { indexesAgree } from './indexes-agree.ts'
import { leaderEpochsGrow } from './leader-epochs-grow.ts'
import { leadersCommitTheirOwnEpoch } from './leaders-commit-their-own-epoch.ts'
import { newcomersWereProposed } from './newcomers-were-proposed.ts'
import { noAckedLoss } from './no-acked-loss.ts'
import { noDuplicate } from './no-duplicate.ts'
import { noPhantom } from './no-phantom.ts'
import { offsetsContiguous } from './offsets-contiguous.ts'
import { offsetsNameOneRecord } from './offsets-name-one-record.ts'
import { oneBatchAtAPlace } from './one-batch-at-a-place.ts'
import { oneLeaderInATerm } from './one-leader-in-a-term.ts'
import { oneOwnerInAGeneration } from './one-owner-in-a-generation.ts'
import { oneVoteInATerm } from './one-vote-in-a-term.ts'
import { onlyWhatIsCommittedGoes } from './only-what-is-committed-goes.ts'
import { onlyWhoIsAskedVotes } from './only-who-is-asked-votes.ts'
import { patientProducersSucceed } from './patient-producers-succeed.ts'
import { producerOrder } from './producer-order.ts'
import { proposedAreComplete } from './proposed-are-complete.ts'
import { quorumKeepsWhatItCommitted } from './quorum-keeps-what-it-committed.ts'
import { readsAreKept } from './reads-are-kept.ts'
import { readsInOrder } from './reads-in-order.ts'
import { rebalancesEnd } from './rebalances-end.ts'
import { refusedIsNotThere } from './refused-is-not-there.ts'
import { replicasEqual } from './replicas-equal.ts'
import { replicasInSyncAreComplete } from './replicas-in-sync-are-complete.ts'
import { staleMembersCommitNothing } from './stale-members-commit-nothing.ts'
import { timesFindTheirRecords } from './times-find-their-records.ts'
import { votesAreRecorded } from './votes-are-recorded.ts'
import { whatIsDerivedAgrees } from './what-is-derived-agrees.ts'

export const invariants: Readonly<Record<string, (history: History) => string[]>> = {
  'no acknowledged record is lost': noAckedLoss,
  'nothing is there that nobody sent': noPhantom,
  'an offset names one record': offsetsNameOneRecord,
  'offsets are contiguous': offsetsContiguous,
  'records of a producer keep their order': producerOrder,
  'no record stands twice': noDuplicate,
  'what was refused is not there': refusedIsNotThere,
  'patient producers succeed': patientProducersSucceed,
  'readers see every offset once, in order': readsInOrder,
  'what was read stays': readsAreKept,
  'ends never step back': endsNeverStepBack,
  'times find their records': timesFindTheirRecords,
  'what is deleted stays deleted': deletedStaysDeleted,
  'compaction keeps the last of a key': compactionKeepsTheLast,
  'only what is committed goes': onlyWhatIsCommittedGoes,
  'replicas are equal': replicasEqual,
  'replicas in sync have what is committed': replicasInSyncAreComplete,
  'who is proposed as in sync has what is committed': proposedAreComplete,
  'newcomers to the in-sync set were proposed': newcomersWereProposed,
  'leader epoch and offset name one batch': oneBatchAtAPlace,
  'leader epochs grow': leaderEpochsGrow,
  'what is derived from a log agrees with it': whatIsDerivedAgrees,
  'indexes agree with their segments': indexesAgree,
  'what is acknowledged lies on enough disks': acknowledgedOnEnoughDisks,
  'elections are clean': electionsAreClean,
  'a deposed leader acknowledges nothing': deposedLeadersAcknowledgeNothing,
  'a node votes once in a term': oneVoteInATerm,
  'votes are recorded before they are told': votesAreRecorded,
  'leaders commit with their own epoch': leadersCommitTheirOwnEpoch,
  'only who is asked votes': onlyWhoIsAskedVotes,
  'a term has one leader': oneLeaderInATerm,
  'the quorum keeps what it committed': quorumKeepsWhatItCommitted,
  'confirmed metadata stays': confirmedMetadataStays,
  'committed offsets stay': committedOffsetsStay,
  'a partition has one owner in a generation': oneOwnerInAGeneration,
  'stale members commit nothing': staleMembersCommitNothing,
  'rebalances end': rebalancesEnd,
  'all is well in time': comesAboutInTime,
}
