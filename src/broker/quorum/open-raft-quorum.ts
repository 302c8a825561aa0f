/**
 * Opens this node's part of the metadata quorum: what its disk says becomes the facts that a Raft node starts with.
 *
 * A snapshot that is newer than the log, or that the log contradicts, was being installed when the node stopped: the log
 * begins behind it. Everything that counts is on the disk before the node speaks to anybody. Rejects with an error for
 * people where going on could undo what others rely on.
 */
import { emptyImage } from '../../coordination/metadata/image.ts'
import { UNKNOWN_DIRECTORY, type Voter } from '../../coordination/raft/message.ts'
import type { RaftFacts } from '../../coordination/raft/raft-node.ts'
import { limits } from '../../runtime/limits.ts'
import type { PartitionLog } from '../../storage/partition-log.ts'
import type { LogSlice } from '../../storage/read-outcome.ts'
import { type VotersAt, votersIn } from './metadata-batches.ts'
import { noCodec, type PeerCodec } from './peer-frames.ts'
import { readQuorumState } from './quorum-state-file.ts'
import { epochSpans } from './raft-log.ts'
import { RaftQuorum } from './raft-quorum.ts'
import type { QuorumStorage, QuorumWorld, RaftQuorumOptions } from './raft-quorum-options.ts'
import { type LoadedSnapshot, loadedSnapshot } from './snapshot-keeper.ts'
import { VoterLog } from './voter-log.ts'

/** A node of the quorum that has read its disk; it speaks to nobody before `start`. */
export async function openRaftQuorum(
  options: RaftQuorumOptions,
  storage: QuorumStorage,
  world: QuorumWorld,
): Promise<RaftQuorum> {
  const { log, snapshots, folder } = storage
  if (log.isOffline || log.damage !== null)
    throw new Error(
      `the metadata log in ${folder} cannot be read: ${log.damage?.reason ?? 'its directory failed'}`,
    )
  const newest = snapshots.latest()
  const snapshot = newest === null ? null : loadedSnapshot(newest)
  await beginBehind(log, snapshot)
  if (log.logStartOffset > (snapshot?.id.endOffset ?? 0))
    throw new Error(
      `the metadata log in ${folder} begins at ${log.logStartOffset}, and no snapshot holds what was before`,
    )
  await durable(log)
  const scanned = await scan(log, snapshot?.id.endOffset ?? 0)
  const voters = new VoterLog(configuredVoters(options), [...votersOfSnapshot(snapshot), ...scanned.voters])
  const self = { id: options.nodeId, directoryId: options.directoryId }
  const spans = epochSpans(log)
  const logEpoch = Math.max(spans.at(-1)?.epoch ?? 0, snapshot?.id.epoch ?? 0)
  const isOnlyVoter = voters.current.every(({ id }) => id === self.id)
  const state = readQuorumState(world.disk, folder, logEpoch, isOnlyVoter)
  const facts: RaftFacts = {
    self,
    state,
    spans,
    snapshot: snapshot !== null && snapshot.id.endOffset > 0 ? snapshot.id : null,
    logStartOffset: log.logStartOffset,
    voters: voters.sets,
  }
  return new RaftQuorum(options, storage, world, {
    facts,
    voters,
    image: snapshot?.image ?? emptyImage,
    appliedOffset: snapshot?.id.endOffset ?? 0,
    bytesSinceSnapshot: scanned.sizeBytes,
    codec: await codecFor(isOnlyVoter && options.listener === null),
  })
}

/** Only who speaks to others loads what that takes. */
async function codecFor(isAlone: boolean): Promise<PeerCodec> {
  return isAlone ? noCodec : (await import('./peer-codec.ts')).peerCodec
}

/** The voters that the configuration names: ids whose disks are not known. */
function configuredVoters({ voters, listenerName }: RaftQuorumOptions): Voter[] {
  return voters.map(({ id, host, port }) => ({
    id,
    directoryId: UNKNOWN_DIRECTORY,
    endpoints: [{ name: listenerName, host, port }],
  }))
}

function votersOfSnapshot(snapshot: LoadedSnapshot | null): VotersAt[] {
  if (snapshot === null || snapshot.voters === null) return []
  return [{ offset: snapshot.id.endOffset - 1, voters: snapshot.voters }]
}

/** Ends an installation that a stop cut short. */
async function beginBehind(log: PartitionLog, snapshot: LoadedSnapshot | null): Promise<void> {
  if (snapshot === null) return
  const { endOffset, epoch } = snapshot.id
  const isAhead = endOffset > log.logEndOffset
  const epochInLog = endOffset > log.logStartOffset ? log.leaderEpochOf(endOffset - 1) : epoch
  if (!isAhead && epochInLog === epoch) return
  await new Promise<void>((resolve) => log.truncateFullyAndStartAt(endOffset, resolve))
}

/** What an unclean stop left in memory only must not be counted as if it were on the disk. */
async function durable(log: PartitionLog): Promise<void> {
  const isDurable = await new Promise<boolean>((resolve) => log.whenDurable(resolve))
  if (!isDurable) throw new Error('the metadata log cannot be brought to the disk')
}

/** Reads the whole log for the voters that it names; `sizeBytes`: what follows `fromOffset`. */
async function scan(
  log: PartitionLog,
  fromOffset: number,
): Promise<{ readonly voters: readonly VotersAt[]; readonly sizeBytes: number }> {
  const voters: VotersAt[] = []
  let sizeBytes = 0
  let offset = log.logStartOffset
  while (offset < log.logEndOffset) {
    const slice = await read(log, offset)
    if (slice.sizeBytes === 0)
      throw new Error(`the metadata log ends at ${offset} instead of ${log.logEndOffset}`)
    voters.push(...votersIn(Buffer.concat(slice.buffers)).filter((set) => set.offset >= fromOffset))
    if (slice.nextOffset > fromOffset) sizeBytes += slice.sizeBytes
    offset = slice.nextOffset
    slice.release()
  }
  return { voters, sizeBytes }
}

function read(log: PartitionLog, offset: number): Promise<LogSlice> {
  return new Promise((resolve, reject) => {
    const options = {
      sizeBytesMax: limits.readChunkBytes,
      upperBoundOffset: log.logEndOffset,
      atLeastOneBatch: true,
      skipsEmptyBatches: false,
    }
    log.read(offset, options, (outcome) => {
      if (outcome.ok) resolve(outcome)
      else reject(new Error(`the metadata log cannot be read at offset ${offset}: ${outcome.message}`))
    })
  })
}
