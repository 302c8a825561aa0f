/**
 * Whether this machine has a Docker engine, and why not.
 *
 * The containers of a test are removed by the test itself, so the reaper, an image of its own from a registry, stays away.
 */
import { getContainerRuntimeClient } from 'testcontainers'

process.env.TESTCONTAINERS_RYUK_DISABLED = 'true'

/** null when an engine answers, else what it said. */
export async function whyNoEngine(): Promise<string | null> {
  try {
    await getContainerRuntimeClient()
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
