/**
 * Asks a leader where its logs begin and end, for followers whose own end it does not have.
 *
 * All partitions go into one request for each end. What the leader answers for one, error or offsets, is told to that
 * partition alone.
 */
import { errorCode } from '../../protocol/errors.ts'
import { type ListOffsetsResponse, listOffsets } from '../../protocol/messages/list-offsets.ts'
import type { FollowedPartition } from './followed-partition.ts'
import type { LeaderConnection } from './leader-connection.ts'

type Answer = ListOffsetsResponse['topics'][number]['partitions'][number]

const LATEST = -1n
const EARLIEST = -2n

interface Asked {
  readonly followed: FollowedPartition
  readonly leaderEpoch: number
}

function ask(
  connection: LeaderConnection,
  replicaId: number,
  asked: readonly Asked[],
  timestamp: bigint,
): Promise<Map<string, Answer>> {
  const topics = [...Map.groupBy(asked, ({ followed }) => followed.partition.topic)].map(
    ([name, ofTopic]) => ({
      name,
      partitions: ofTopic.map(({ followed, leaderEpoch }) => ({
        partitionIndex: followed.partition.index,
        currentLeaderEpoch: leaderEpoch,
        timestamp,
      })),
    }),
  )
  const request = { replicaId, topics }
  return connection.request(listOffsets, request, (response: ListOffsetsResponse) => {
    const answers = new Map<string, Answer>()
    for (const topic of response.topics)
      for (const answer of topic.partitions) answers.set(`${topic.name}\0${answer.partitionIndex}`, answer)
    return answers
  })
}

/** Asks for all of them and tells each what came; rejects only when the connection fails. */
export async function askLeaderOffsets(
  connection: LeaderConnection,
  replicaId: number,
  partitions: readonly FollowedPartition[],
): Promise<void> {
  const asked = partitions.map((followed) => ({ followed, leaderEpoch: followed.position.leaderEpoch }))
  const [starts, ends] = await Promise.all([
    ask(connection, replicaId, asked, EARLIEST),
    ask(connection, replicaId, asked, LATEST),
  ])
  for (const { followed, leaderEpoch } of asked) {
    const key = `${followed.partition.topic}\0${followed.partition.index}`
    const start = starts.get(key)
    const end = ends.get(key)
    if (start === undefined || end === undefined)
      followed.leaderOffsets(leaderEpoch, { errorCode: errorCode.UNKNOWN_SERVER_ERROR })
    else if (start.errorCode !== 0 || end.errorCode !== 0)
      followed.leaderOffsets(leaderEpoch, { errorCode: start.errorCode || end.errorCode })
    else
      followed.leaderOffsets(leaderEpoch, {
        startOffset: Number(start.offset),
        endOffset: Number(end.offset),
      })
  }
}
