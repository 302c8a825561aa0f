/** Error codes against Kafka's own table. */
import { expect, test } from 'vitest'
import { errorMessage } from '../../src/protocol/error-messages.ts'
import { errorCode, errorName, isRetriable } from '../../src/protocol/errors.ts'
import { readGoldenText } from './golden-files.ts'

const table = readGoldenText('errors.tsv')
  .split('\n')
  .slice(1)
  .filter((line) => line !== '')
  .map((line) => {
    const [code, name, retriable] = line.split('\t')
    return { code: Number(code), name, retriable: retriable === 'yes' }
  })

test('every code has its name and says whether to try again', () => {
  expect(table.length).toBe(138)
  const ours = Object.entries(errorCode).map(([name, code]) => ({ code, name, retriable: isRetriable(code) }))
  expect(ours.sort((a, b) => a.code - b.code)).toEqual(table.sort((a, b) => a.code - b.code))
})

test('names come from codes, and codes that do not exist are unknown errors', () => {
  expect(table.map(({ code }) => errorName(code))).toEqual(table.map(({ name }) => name))
  expect(errorName(9999)).toBe('UNKNOWN_SERVER_ERROR')
  expect(isRetriable(9999)).toBe(false)
})

test('every error but none has a sentence', () => {
  for (const { code } of table) expect(errorMessage(code).endsWith('.')).toBe(code !== errorCode.NONE)
})
