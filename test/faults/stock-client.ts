/**
 * The end of a kafkajs client, whose `disconnect` now and then never ends: its sockets are closed by then, its group has
 * lost its member, and the promise alone is left (seen after a consumer had begun to restart itself).
 */
import { within } from './script.ts'

const DISCONNECT_MS_MAX = 20_000

/** Resolves when the client says that it is gone, or has had its time. */
export async function disconnected(client: { disconnect(): Promise<void> }): Promise<void> {
  await within(client.disconnect(), DISCONNECT_MS_MAX).catch(() => {})
}
