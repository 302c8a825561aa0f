/**
 * A moment after which every promise that could be settled is, with all that followed; what comes from outside is not heard.
 *
 * Node settles promises between one callback of `setImmediate` and the next, so many of them are asked for at once: a turn of
 * the whole event loop for each would cost a virtual world a third of its time. For worlds that have nothing outside.
 */
const BATCH = 256

let queued = 0
let waiting: (() => void)[] = []

function turn(): void {
  queued--
  if (waiting.length === 0) return
  const woken = waiting
  waiting = []
  for (const wake of woken) wake()
}

export function promiseTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve)
    if (queued > 0) return
    for (; queued < BATCH; queued++) setImmediate(turn)
  })
}
