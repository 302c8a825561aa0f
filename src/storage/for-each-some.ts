/** Callback work on many items, a few at a time: opening, checkpointing and closing thousands of logs. */

/** Works on all items, at most `atOnceMax` at a time. */
export function forEachSome<T>(
  items: readonly T[],
  atOnceMax: number,
  work: (item: T, next: () => void) => void,
  done: () => void,
): void {
  let index = 0
  let active = 0
  let isStarting = false
  const start = (): void => {
    // Work that answers at once must not recurse once for each item.
    if (isStarting) return
    isStarting = true
    while (active < atOnceMax && index < items.length) {
      const item = items[index++]
      if (item === undefined) continue
      active++
      work(item, finish)
    }
    isStarting = false
    if (active === 0 && index >= items.length) {
      index = Number.POSITIVE_INFINITY
      done()
    }
  }
  const finish = (): void => {
    active--
    start()
  }
  start()
}
