/**
 * How nodes join a cluster and leave it, step by step: one that runs begins to vote; one that shall go gets nothing new and
 * gives up what it holds; one that holds nothing and has stopped is forgotten.
 *
 * Each step may be asked again when nobody knows whether it was done. What a node cannot do yet is told, not waited for.
 */
import {
  addVoter,
  describeBrokers,
  isCordoned,
  movesUnderWay,
  quorumOf,
  removeVoter,
  unregister,
} from './admin-cluster.ts'
import { type ConfigChange, changeConfigs } from './admin-configs.ts'
import { describeTopics } from './admin-topics.ts'
import type { Cluster } from './cluster.ts'
import { type PartitionMove, type PlacedPartition, planMoves } from './reassignment-plan.ts'

const LOOK_MS = 50

/** Makes a node a voter of the quorum, reached at that address; false while it does not follow the quorum. */
export async function addNode(
  cluster: Cluster,
  node: { readonly id: number; readonly host: string; readonly port: number },
): Promise<boolean> {
  const { quorum } = await quorumOf(cluster)
  const observer = quorum.observers.find(({ replicaId }) => replicaId === node.id)
  if (observer === undefined) return false
  await addVoter(cluster, { ...node, directoryId: observer.replicaDirectoryId })
  return true
}

/** Lets nothing new come to a broker, or something again; resolves when it knows. False where there is no such broker. */
export async function cordon(cluster: Cluster, node: number, wanted: boolean): Promise<boolean> {
  const broker = (await describeBrokers(cluster)).find(({ brokerId }) => brokerId === node)
  if (broker === undefined) return false
  // One that is away gets nothing new as it is.
  if (broker.isFenced) return true
  const name = 'cordoned.log.dirs'
  const change: ConfigChange = wanted ? { kind: 'set', name, value: '*' } : { kind: 'delete', name }
  await changeConfigs(cluster, 'broker', String(node), [change])
  while ((await isCordoned(cluster, node)) !== wanted) await cluster.pause(LOOK_MS)
  return true
}

/**
 * The moves after which a node holds nothing, once those under way are done as well. Throws where too few other brokers are
 * left.
 */
export async function drainPlan(cluster: Cluster, node: number): Promise<PartitionMove[]> {
  const placed = await settledPlaces(cluster)
  const held = new Map<number, number>()
  for (const { replicas } of placed)
    for (const broker of replicas) held.set(broker, (held.get(broker) ?? 0) + 1)
  const others: number[] = []
  for (const { brokerId, isFenced } of await describeBrokers(cluster))
    if (brokerId !== node && !isFenced && !(await isCordoned(cluster, brokerId))) others.push(brokerId)
  return planMoves(
    placed.filter(({ replicas }) => replicas.includes(node)),
    others,
    held,
  ).map((move) => ({
    ...move,
    // Only the node's own place is given to another, wherever the others are.
    target: move.replicas.map((broker, index) => (broker === node ? (move.target[index] ?? broker) : broker)),
  }))
}

/** Where every partition lies when all moves that are under way are done. */
async function settledPlaces(cluster: Cluster): Promise<PlacedPartition[]> {
  // Asked first: of a move that ends meanwhile nothing is left to be taken away.
  const removing = new Map<string, readonly number[]>()
  for (const { name, partitions } of await movesUnderWay(cluster))
    for (const { partitionIndex, removingReplicas } of partitions)
      removing.set(`${name}\0${partitionIndex}`, removingReplicas)
  const topics = await describeTopics(cluster, null)
  return topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partitionIndex, replicaNodes }) => {
      const going = removing.get(`${name}\0${partitionIndex}`) ?? []
      const replicas = replicaNodes.filter((broker) => !going.includes(broker))
      return { topic: name ?? '', partition: partitionIndex, replicas }
    }),
  )
}

/** Takes a node that has stopped out of the quorum and makes the cluster forget it; false while it holds replicas. */
export async function removeNode(cluster: Cluster, node: number): Promise<boolean> {
  const topics = await describeTopics(cluster, null)
  if (topics.some(({ partitions }) => partitions.some(({ replicaNodes }) => replicaNodes.includes(node))))
    return false
  const { quorum } = await quorumOf(cluster)
  const voter = quorum.currentVoters.find(({ replicaId }) => replicaId === node)
  if (voter !== undefined) await removeVoter(cluster, node, voter.replicaDirectoryId)
  const registered = (await describeBrokers(cluster)).find(({ brokerId }) => brokerId === node)
  if (registered !== undefined) await unregister(cluster, node)
  return true
}
