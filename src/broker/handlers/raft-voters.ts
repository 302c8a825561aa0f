/**
 * AddRaftVoter (80), RemoveRaftVoter (81) and UpdateRaftVoter (82): the voters of the metadata quorum, one change at a
 * time, carried out by its leader and answered when the change is committed (KIP-853). A voter that nobody reaches would
 * count against every majority, so a new one is dialled first; one that lags is given the time of the request to catch up.
 */
import { errorCode } from '../../protocol/errors.ts'
import { type AddRaftVoterRequest, addRaftVoter } from '../../protocol/messages/add-raft-voter.ts'
import { removeRaftVoter } from '../../protocol/messages/remove-raft-voter.ts'
import { updateRaftVoter } from '../../protocol/messages/update-raft-voter.ts'
import type { Fields } from '../../protocol/schema/field.ts'
import { COMMAND_TIMEOUT_MS, type ControllerCommand, type ControllerFacts } from '../controller/command.ts'
import { serveByController } from '../handler.ts'
import type { QuorumReplica } from '../quorum/metadata-quorum.ts'
import { VotersRefused } from '../quorum/voters-refused.ts'

interface Verdict {
  readonly errorCode: number
  readonly errorMessage: string | null
}

/** How often a node that lags is looked at again within the time of the request. */
const CATCH_UP_LOOKS_MAX = 10
const DONE: Verdict = { errorCode: 0, errorMessage: null }

function refused(code: number, errorMessage: string): Verdict {
  return { errorCode: code, errorMessage }
}

interface Asked {
  readonly clusterId: string | null
  readonly voterId: number
  readonly voterDirectoryId: string
}

/** Changes the set to what `next` makes of it; a verdict of `next` is the answer. */
async function change(
  { quorum }: ControllerFacts,
  { clusterId }: Asked,
  next: (voters: readonly QuorumReplica[]) => QuorumReplica[] | Verdict,
  waitsForLaggard: (looks: number) => Promise<boolean> = async () => false,
): Promise<Verdict> {
  if (clusterId !== null && clusterId !== quorum.clusterId)
    return refused(errorCode.INCONSISTENT_CLUSTER_ID, 'the request is for another cluster')
  for (let looks = 1; ; looks++) {
    const voters = next(quorum.status.voters)
    if (!Array.isArray(voters)) return voters
    try {
      await quorum.changeVoters(
        voters.map(({ id, directoryId, endpoints }) => ({ id, directoryId, endpoints })),
      )
      return DONE
    } catch (error) {
      if (!(error instanceof VotersRefused)) throw error
      const isLate = error.reason === 'not-caught-up'
      if (!(isLate && (await waitsForLaggard(looks))))
        return refused(errorCode.INVALID_REQUEST, error.message)
    }
  }
}

function isSame(voter: QuorumReplica, { voterId, voterDirectoryId }: Asked): boolean {
  return voter.id === voterId && voter.directoryId === voterDirectoryId
}

/** The observer that shall vote, reached as the request says; or why it cannot. */
function newVoter({ quorum }: ControllerFacts, request: AddRaftVoterRequest): QuorumReplica | Verdict {
  const { voters, observers } = quorum.status
  if (voters.some(({ id }) => id === request.voterId))
    return refused(errorCode.DUPLICATE_VOTER, `node ${request.voterId} is a voter already`)
  const known = observers.find((observer) => isSame(observer, request))
  if (known === undefined)
    return refused(
      errorCode.INVALID_REQUEST,
      `node ${request.voterId} with that directory does not follow the quorum`,
    )
  return { ...known, endpoints: request.listeners }
}

/** What is said of a new voter that this leader cannot dial; null when it answers everywhere. */
async function unreachableVoter(
  facts: ControllerFacts,
  { listeners }: AddRaftVoterRequest,
): Promise<Verdict | null> {
  for (const { name, host, port } of listeners) {
    if (await facts.canReach(host, port)) continue
    const advice = `start it with --listen ${name}://${host}:${port}, an address that every voter reaches`
    return refused(errorCode.INVALID_REQUEST, `nothing answers at ${host}:${port}; ${advice}`)
  }
  return null
}

/** Waits until the node has what is committed now, or its share of the time is over; false: it had its time. */
async function waitUntilNear(
  { quorum }: ControllerFacts,
  { voterId, timeoutMs }: AddRaftVoterRequest,
  looks: number,
): Promise<boolean> {
  if (looks >= CATCH_UP_LOOKS_MAX) return false
  await quorum.whenServed(quorum.status.highWatermark, () => [voterId], timeoutMs / CATCH_UP_LOOKS_MAX)
  return true
}

type Message<A> = A extends { readonly fields: infer F extends Fields } ? F : never
type CommandOf<A extends { readonly request: unknown; readonly response: unknown }> = ControllerCommand<
  Message<A['request']>,
  Message<A['response']>
>

export const addRaftVoterCommand: CommandOf<typeof addRaftVoter> = {
  api: addRaftVoter,
  timeoutMs: ({ timeoutMs }) => timeoutMs,
  async carryOut(request, facts) {
    const known = newVoter(facts, request)
    const unreachable = 'errorCode' in known ? known : await unreachableVoter(facts, request)
    if (unreachable !== null) return { throttleTimeMs: 0, ...unreachable }
    const withNewVoter = (voters: readonly QuorumReplica[]) => {
      const voter = newVoter(facts, request)
      return 'errorCode' in voter ? voter : [...voters, voter]
    }
    const verdict = await change(facts, request, withNewVoter, (looks) =>
      waitUntilNear(facts, request, looks),
    )
    return { throttleTimeMs: 0, ...verdict }
  },
  refuse: (_request, code, errorMessage) => ({ throttleTimeMs: 0, errorCode: code, errorMessage }),
}

export const removeRaftVoterCommand: CommandOf<typeof removeRaftVoter> = {
  api: removeRaftVoter,
  timeoutMs: () => COMMAND_TIMEOUT_MS,
  async carryOut(request, facts) {
    const verdict = await change(facts, request, (voters) =>
      voters.some((voter) => isSame(voter, request))
        ? voters.filter((voter) => !isSame(voter, request))
        : refused(errorCode.VOTER_NOT_FOUND, `node ${request.voterId} with that directory is no voter`),
    )
    return { throttleTimeMs: 0, ...verdict }
  },
  refuse: (_request, code, errorMessage) => ({ throttleTimeMs: 0, errorCode: code, errorMessage }),
}

/** Between nodes only: a voter tells where it is reached now. */
export const updateRaftVoterCommand: CommandOf<typeof updateRaftVoter> = {
  api: updateRaftVoter,
  timeoutMs: () => COMMAND_TIMEOUT_MS,
  async carryOut(request, facts) {
    const verdict = await change(facts, request, (voters) =>
      voters.some((voter) => isSame(voter, request))
        ? voters.map((voter) => (isSame(voter, request) ? { ...voter, endpoints: request.listeners } : voter))
        : refused(errorCode.VOTER_NOT_FOUND, `node ${request.voterId} with that directory is no voter`),
    )
    return { throttleTimeMs: 0, errorCode: verdict.errorCode }
  },
  refuse: (_request, code) => ({ throttleTimeMs: 0, errorCode: code }),
}

export const addRaftVoterHandler = serveByController(addRaftVoterCommand)
export const removeRaftVoterHandler = serveByController(removeRaftVoterCommand)
