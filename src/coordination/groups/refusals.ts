/**
 * The answer to a group request that no coordinator here can take: it is loading, it is another node's, the client may
 * not. Each API has its own place for the code.
 */
import { joinGroupRefusal, syncGroupRefusal } from './answers.ts'
import { offsetCommitRefusal } from './decide/offset-commit.ts'
import type { GroupCommand, GroupReply } from './decision.ts'

type Asked = Extract<GroupCommand, { readonly token: number }>

/** The reply that says `code` to the request behind `command`. */
export function refuseCommand(command: Asked, code: number): GroupReply {
  const { token } = command
  switch (command.type) {
    case 'join-group': {
      const body = joinGroupRefusal(code, command.apiVersion, command.request.memberId)
      return { token, api: 'join-group', body }
    }
    case 'sync-group':
      return { token, api: 'sync-group', body: syncGroupRefusal(code) }
    case 'heartbeat':
      return { token, api: 'heartbeat', body: { throttleTimeMs: 0, errorCode: code } }
    case 'leave-group':
      return { token, api: 'leave-group', body: { throttleTimeMs: 0, errorCode: code, members: [] } }
    case 'offset-commit':
      return { token, api: 'offset-commit', body: offsetCommitRefusal(command.request, code) }
    case 'offset-delete':
      return { token, api: 'offset-delete', body: { throttleTimeMs: 0, errorCode: code, topics: [] } }
    case 'delete-groups': {
      const results = command.groupIds.map((groupId) => ({ groupId, errorCode: code }))
      return { token, api: 'delete-groups', body: { throttleTimeMs: 0, results } }
    }
  }
}
