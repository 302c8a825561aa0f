/**
 * One step of a story, taken apart: its verb, its plain words, and its `name=value` parts. What they mean is each kind of
 * story's own to say.
 */
export class StepWords {
  readonly verb: string
  readonly words: readonly string[]
  readonly #parts: ReadonlyMap<string, string>

  constructor(line: string) {
    const [verb = '', ...rest] = line.trim().split(/\s+/)
    this.verb = verb
    this.words = rest.filter((word) => !word.includes('='))
    this.#parts = new Map(
      rest
        .filter((word) => word.includes('='))
        .map((word): [string, string] => {
          const split = word.indexOf('=')
          return [word.slice(0, split), word.slice(split + 1)]
        }),
    )
  }

  /** What stands behind `name=`; undefined when the step does not have it. */
  part(name: string): string | undefined {
    return this.#parts.get(name)
  }
}
