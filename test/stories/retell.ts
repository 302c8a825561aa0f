/**
 * How every kind of story is told: blocks between empty lines, each with its comments and steps, a divider, and the
 * transcript of what happened. Telling a story again gives the text that its file should have.
 */
const DIVIDER = '----'

/** `stepsOf` picks the steps of a block's head (its lines before the divider), `step` carries one out. */
export function retell(
  text: string,
  stepsOf: (head: readonly string[]) => readonly string[],
  step: (line: string) => string,
): string {
  const blocks = text
    .trim()
    .split(/\n\n+/)
    .map((block) => {
      const lines = block.split('\n')
      const divider = lines.indexOf(DIVIDER)
      const head = divider < 0 ? lines : lines.slice(0, divider)
      const steps = stepsOf(head)
      if (steps.length === 0) return head.join('\n')
      return `${head.join('\n')}\n${DIVIDER}\n${steps.map(step).join('\n')}`
    })
  return `${blocks.join('\n\n')}\n`
}

/** Everything but comments. */
export function withoutComments(head: readonly string[]): readonly string[] {
  return head.filter((line) => !line.startsWith('#'))
}
