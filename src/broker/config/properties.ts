/**
 * Reads the text of a Java properties file, as Kafka's `server.properties` is one: `key=value`, `key: value`
 * or `key value`, comments after `#` or `!`, a line continued by a backslash, `\uXXXX` escapes.
 */

/** One setting and the line of the file that it stands in, for error messages. */
export interface Property {
  readonly key: string
  readonly value: string
  readonly line: number
}

const ESCAPES: Record<string, string> = { t: '\t', n: '\n', r: '\r', f: '\f' }

function unescaped(text: string): string {
  return text.replace(/\\(u[0-9a-fA-F]{4}|[\s\S])/g, (_, code: string) =>
    code.length === 5 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : (ESCAPES[code] ?? code),
  )
}

function endsInContinuation(line: string): boolean {
  const backslashes = /\\*$/.exec(line)?.[0].length ?? 0
  return backslashes % 2 === 1
}

/** All settings in the order of the file; of a key that stands twice, the later one counts. */
export function parseProperties(text: string): Property[] {
  const properties: Property[] = []
  const lines = text.split(/\r\n|\r|\n/)
  for (let index = 0; index < lines.length; index++) {
    const line = index + 1
    let logical = (lines[index] ?? '').trimStart()
    if (logical === '' || logical.startsWith('#') || logical.startsWith('!')) continue
    while (endsInContinuation(logical) && index + 1 < lines.length) {
      index++
      logical = logical.slice(0, -1) + (lines[index] ?? '').trimStart()
    }
    const match = /^((?:\\[\s\S]|[^\\\s:=])*)\s*(?:[=:]\s*)?([\s\S]*)$/.exec(logical)
    properties.push({ key: unescaped(match?.[1] ?? ''), value: unescaped(match?.[2] ?? '').trimEnd(), line })
  }
  return properties
}
