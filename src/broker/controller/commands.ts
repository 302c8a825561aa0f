/** Everything that the active controller carries out for other nodes: what is not listed here is not forwarded. */
import { alterConfigsCommand } from '../handlers/alter-configs.ts'
import { alterPartitionReassignmentsCommand } from '../handlers/alter-partition-reassignments.ts'
import { createPartitionsCommand } from '../handlers/create-partitions.ts'
import { createTopicsCommand } from '../handlers/create-topics.ts'
import { deleteTopicsCommand } from '../handlers/delete-topics.ts'
import { describeQuorumCommand } from '../handlers/describe-quorum.ts'
import { electLeadersCommand } from '../handlers/elect-leaders.ts'
import { incrementalAlterConfigsCommand } from '../handlers/incremental-alter-configs.ts'
import {
  addRaftVoterCommand,
  removeRaftVoterCommand,
  updateRaftVoterCommand,
} from '../handlers/raft-voters.ts'
import { unregisterBrokerCommand } from '../handlers/unregister-broker.ts'
import { updateFeaturesCommand } from '../handlers/update-features.ts'
import { alterPartitionCommand } from './alter-partition-command.ts'
import {
  allocateProducerIdsCommand,
  brokerHeartbeatCommand,
  brokerRegistrationCommand,
} from './broker-life-commands.ts'
import { type ControllerCommand, untyped } from './command.ts'

export const controllerCommands: readonly ControllerCommand[] = [
  untyped(createTopicsCommand),
  untyped(deleteTopicsCommand),
  untyped(createPartitionsCommand),
  untyped(alterConfigsCommand),
  untyped(incrementalAlterConfigsCommand),
  untyped(electLeadersCommand),
  untyped(alterPartitionReassignmentsCommand),
  untyped(unregisterBrokerCommand),
  untyped(updateFeaturesCommand),
  untyped(describeQuorumCommand),
  untyped(addRaftVoterCommand),
  untyped(removeRaftVoterCommand),
  untyped(updateRaftVoterCommand),
  untyped(alterPartitionCommand),
  untyped(brokerRegistrationCommand),
  untyped(brokerHeartbeatCommand),
  untyped(allocateProducerIdsCommand),
]
