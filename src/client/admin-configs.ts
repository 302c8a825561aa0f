/** Administration of settings: read them with their sources, change single ones. */
import { describeConfigs } from '../protocol/messages/describe-configs.ts'
import { incrementalAlterConfigs } from '../protocol/messages/incremental-alter-configs.ts'
import { answeredError } from './client-error.ts'
import type { Cluster } from './cluster.ts'

export const resourceTypes = { topic: 2, broker: 4, group: 32 } as const
export type ResourceKind = keyof typeof resourceTypes

const sources: Readonly<Record<number, string>> = {
  1: 'topic',
  2: 'dynamic broker',
  3: 'dynamic default broker',
  4: 'static broker',
  5: 'default',
  8: 'group',
}

export interface ConfigEntry {
  readonly name: string
  /** null: not told, because it is secret or not set. */
  readonly value: string | null
  readonly source: string
  readonly readOnly: boolean
}

export type ConfigChange =
  | { readonly kind: 'set' | 'append' | 'subtract'; readonly name: string; readonly value: string }
  | { readonly kind: 'delete'; readonly name: string }

const OPERATIONS = { set: 0, delete: 1, append: 2, subtract: 3 } as const

/** A broker's settings must be asked of that broker; all others of any. */
function nodeFor(kind: ResourceKind, name: string): number | null {
  return kind === 'broker' && name !== '' ? Number(name) : null
}

export async function readConfigs(
  cluster: Cluster,
  kind: ResourceKind,
  name: string,
): Promise<ConfigEntry[]> {
  const answer = await cluster.request(nodeFor(kind, name), describeConfigs, {
    resources: [{ resourceType: resourceTypes[kind], resourceName: name, configurationKeys: null }],
  })
  const [result] = answer.results
  if (result === undefined) return []
  if (result.errorCode !== 0) throw answeredError(result.errorCode, `${kind} ${name}`, result.errorMessage)
  return result.configs
    .map((config) => ({
      name: config.name,
      value: config.value,
      source: sources[config.configSource] ?? String(config.configSource),
      readOnly: config.readOnly,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

export async function changeConfigs(
  cluster: Cluster,
  kind: ResourceKind,
  name: string,
  changes: readonly ConfigChange[],
): Promise<void> {
  const answer = await cluster.request(nodeFor(kind, name), incrementalAlterConfigs, {
    resources: [
      {
        resourceType: resourceTypes[kind],
        resourceName: name,
        configs: changes.map((change) => ({
          name: change.name,
          configOperation: OPERATIONS[change.kind],
          value: change.kind === 'delete' ? null : change.value,
        })),
      },
    ],
    validateOnly: false,
  })
  const [result] = answer.responses
  if (result !== undefined && result.errorCode !== 0)
    throw answeredError(result.errorCode, `${kind} ${name}`, result.errorMessage)
}
