/**
 * How answers look: a table for people, one JSON document, or one JSON line for each row.
 *
 * Rows are plain values; nothing here knows what they mean. Offsets are numbers in JSON too.
 */
import type { Terminal } from '../runtime/terminal.ts'

export type OutputFormat = 'table' | 'json' | 'jsonl'

export type Cell = string | number | boolean | null
export type Row = Readonly<Record<string, Cell>>

function text(cell: Cell | undefined): string {
  if (cell === null || cell === undefined) return '-'
  return String(cell)
}

/** Columns as wide as their widest cell, numbers to the right; the header in capitals. */
export function table(rows: readonly Row[], columns: readonly string[]): string {
  const header = columns.map((column) => column.replace(/([a-z])([A-Z])/g, '$1-$2').toUpperCase())
  const cells = rows.map((row) => columns.map((column) => text(row[column])))
  const widths = header.map((name, index) =>
    Math.max(name.length, ...cells.map((row) => row[index]?.length ?? 0)),
  )
  const numeric = columns.map(
    (column) =>
      rows.length > 0 && rows.every((row) => typeof row[column] === 'number' || row[column] === null),
  )
  const line = (row: readonly string[]): string =>
    row
      .map((cell, index) =>
        numeric[index] ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0),
      )
      .join('  ')
      .trimEnd()
  return `${[header, ...cells].map(line).join('\n')}\n`
}

/** Prints rows in the format asked for. */
export async function printRows(
  terminal: Terminal,
  format: OutputFormat,
  rows: readonly Row[],
  columns: readonly string[],
): Promise<void> {
  switch (format) {
    case 'table':
      await terminal.write(table(rows, columns))
      return
    case 'json':
      await terminal.write(`${JSON.stringify(rows, null, 2)}\n`)
      return
    case 'jsonl':
      for (const row of rows) await terminal.write(`${JSON.stringify(row)}\n`)
  }
}
