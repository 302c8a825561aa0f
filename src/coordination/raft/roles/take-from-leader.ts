/**
 * What follower and observer do alike: they take what the leader sends, and tell what has become of it.
 */
import type { Following } from '../following.ts'
import type { RoleEvent } from '../role.ts'

/** Whether the event was word of the leader. */
export function takeFromLeader(following: Following, event: RoleEvent): boolean {
  switch (event.type) {
    case 'message':
      if (event.message.type === 'append-request') following.append(event.message)
      else if (event.message.type === 'snapshot-chunk') following.chunk(event.message)
      else return false
      return true
    case 'log-persisted':
      following.persisted()
      return false
    case 'applied':
      following.applied()
      return false
    case 'installation-done':
      following.installed(event.asked, event.isInstalled)
      return false
    default:
      return false
  }
}
