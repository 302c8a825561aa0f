/** One turn of the event loop: when it is over, every promise that could be settled is, with all that followed. */
export function hostTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
