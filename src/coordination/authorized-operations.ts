/**
 * Operations as the bit sets that answers carry (KIP-430), and what is allowed where nobody restricts anything.
 *
 * Which bits a client really has is the authorizer's to say; these are all bits that a resource type knows.
 */
const operation = {
  read: 3,
  write: 4,
  create: 5,
  delete: 6,
  alter: 7,
  describe: 8,
  clusterAction: 9,
  describeConfigs: 10,
  alterConfigs: 11,
  idempotentWrite: 12,
} as const

function bits(...operations: readonly number[]): number {
  return operations.reduce((set, bit) => set | (1 << bit), 0)
}

const { read, write, create, alter, describe, clusterAction, describeConfigs, alterConfigs } = operation

/** Everything that can be done to a topic. */
export const topicOperations = bits(
  read,
  write,
  create,
  operation.delete,
  alter,
  describe,
  describeConfigs,
  alterConfigs,
)

/** Everything that can be done to the cluster. */
export const clusterOperations = bits(
  create,
  alter,
  describe,
  clusterAction,
  describeConfigs,
  alterConfigs,
  operation.idempotentWrite,
)

/** Everything that can be done to a group. */
export const groupOperations = bits(read, operation.delete, describe, describeConfigs, alterConfigs)

/** What an answer carries when the client did not ask. */
export const operationsNotAsked = -2_147_483_648
