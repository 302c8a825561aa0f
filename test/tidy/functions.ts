/**
 * Finds functions that are too long, from the text alone: an opening line that looks like a function,
 * method or arrow with a block, and the line where its brace closes. Strings and comments do not count.
 */
const OPENING =
  /(\bfunction\b[^{]*|=>\s*|^\s*(?:(?:static|async|get|set|override|private|public|\*)\s+)*#?[A-Za-z_$][\w$]*\s*(?:<[^>]*>)?\([^{;]*\)\s*(?::[^{;=]+)?)\{\s*$/
const NOT_A_FUNCTION = /^\s*(?:\}\s*)?(?:if|for|while|switch|catch|else|do|try|return|with|describe|suite)\b/

/** Comments and the insides of strings replaced, so that only real braces remain. */
function bare(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/(['"])(?:\\.|(?!\1)[^\\\n])*\1/g, "''")
    .replace(/`(?:\\.|[^`\\])*`/g, (template) => template.replace(/[^\n]/g, ' '))
    .replace(/\/\/.*$/gm, '')
    .replace(/\/(?![*/\s])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n])+\/[a-z]*/g, "''")
}

/** One line per function longer than `linesMax`: where it opens and how many lines it has. */
export function longFunctions(text: string, linesMax: number): string[] {
  const lines = bare(text).split('\n')
  const open: { line: number; isFunction: boolean }[] = []
  const found: string[] = []
  lines.forEach((line, index) => {
    const opensFunction = OPENING.test(line) && (!NOT_A_FUNCTION.test(line) || /=>\s*\{\s*$/.test(line))
    for (const character of line) {
      if (character === '{') open.push({ line: index, isFunction: false })
      if (character !== '}') continue
      const block = open.pop()
      if (block?.isFunction && index - block.line + 1 > linesMax)
        found.push(`line ${block.line + 1}, ${index - block.line + 1} lines`)
    }
    const last = open.at(-1)
    if (opensFunction && last?.line === index) last.isFunction = true
  })
  return found
}
