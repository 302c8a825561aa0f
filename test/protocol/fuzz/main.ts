/** The fuzzer by hand: `node test/protocol/fuzz/main.ts --inputs 10000000 --seed 42`. */
import { parseArgs } from 'node:util'
import { fuzz } from './fuzz.ts'

const { values } = parseArgs({
  options: { inputs: { type: 'string', default: '1000000' }, seed: { type: 'string' } },
})
const seed = values.seed === undefined ? Date.now() | 0 : Number(values.seed)
console.log(`seed ${seed}`)
console.log(fuzz({ inputs: Number(values.inputs), seed }))
