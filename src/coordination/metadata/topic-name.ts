/**
 * Whether a text may be the name of a topic, and whether two names would meet in one metric or folder.
 *
 * Decides on names only; whether a topic exists is not asked here. The texts are the ones that Kafka's
 * tools print and their users compare.
 */
const NAME_LENGTH_MAX = 249
const LEGAL_NAME = /^[a-zA-Z0-9._-]+$/

const internalTopics: ReadonlySet<string> = new Set([
  '__consumer_offsets',
  '__transaction_state',
  '__share_group_state',
])

/** Whether the cluster itself writes the topic: clients may read it, but not produce to it. */
export function isInternalTopic(name: string): boolean {
  return internalTopics.has(name)
}

/** The topic of the metadata log: never created, never shown. */
export const metadataTopic = '__cluster_metadata'

/** The error's text when `name` cannot be a topic's name, else undefined. */
export function topicNameProblem(name: string): string | undefined {
  if (name === '') return 'Topic name is invalid: the empty string is not allowed'
  if (name === '.' || name === '..') return `Topic name is invalid: '${name}' is not allowed`
  if (name.length > NAME_LENGTH_MAX) {
    return `Topic name is invalid: the length of '${name}' is longer than the max allowed length ${NAME_LENGTH_MAX}`
  }
  if (!LEGAL_NAME.test(name)) {
    return `Topic name is invalid: '${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`
  }
  return undefined
}

/** Whether a name can collide at all: only names with a dot or an underscore have a twin. */
export function topicNameHasTwin(name: string): boolean {
  return name.includes('.') || name.includes('_')
}

/** What a name is once dots and underscores count as one: two topics of equal results collide. */
export function unifiedTopicName(name: string): string {
  return name.replaceAll('.', '_')
}
