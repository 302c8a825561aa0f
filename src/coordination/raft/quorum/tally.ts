/**
 * What a majority says when each member has said yes, no, or nothing yet.
 *
 * Arithmetic alone: it knows neither votes nor heartbeats. A majority of nobody is never there.
 */
export type Tally = 'won' | 'lost' | 'open'

/** How many of `count` members make a majority. */
export function majorityOf(count: number): number {
  return Math.floor(count / 2) + 1
}

/** `won` when a majority has said yes, `lost` when it cannot any more; null is a member that has said nothing. */
export function tally(answers: readonly (boolean | null)[]): Tally {
  const needed = majorityOf(answers.length)
  const yes = answers.filter((answer) => answer === true).length
  if (yes >= needed) return 'won'
  const no = answers.filter((answer) => answer === false).length
  return answers.length - no >= needed ? 'open' : 'lost'
}
