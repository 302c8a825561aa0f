/**
 * JoinGroup (11), versions 0–9: parked until the rebalance it belongs to is complete. The decision and all its
 * timers are the coordinator's.
 */
import { joinGroup } from '../../protocol/messages/join-group.ts'
import { replyBody } from '../groups/group-coordinators.ts'
import { serve } from '../handler.ts'

/** A version 4 UUID in its dashed form, as member ids end in (KIP-394). */
function dashedUuid(bytes: Buffer): string {
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

export const joinGroupHandler = serve(joinGroup, (request, call) => {
  const { broker, apiVersion } = call
  broker.groups.request(
    request.groupId,
    (token) => ({
      type: 'join-group',
      token,
      apiVersion,
      request,
      clientId: call.clientId ?? '',
      clientHost: `/${call.connection.socket.remoteAddress}`,
      newMemberUuid: dashedUuid(broker.world.random.bytes(16)),
    }),
    (reply) => call.reply(replyBody(reply, 'join-group')),
  )
})
