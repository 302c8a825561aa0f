/**
 * OffsetFetch (9), versions 1–10: what groups have committed; several groups from 8 on, by topic id from 10.
 *
 * Answered when everything that the coordinator had decided before is committed, so that nobody reads an
 * offset that a crash could still take back.
 */
import {
  type AskedGroup,
  askedGroups,
  fetchOffsets,
  offsetFetchAnswer,
  refusedOffsets,
} from '../../coordination/groups/describe/offset-fetch.ts'
import { errorCode } from '../../protocol/errors.ts'
import { type OffsetFetchResponseInput, offsetFetch } from '../../protocol/messages/offset-fetch.ts'
import { type Call, serve } from '../handler.ts'

type GroupBody = ReturnType<typeof fetchOffsets>

function fetchGroup(
  asked: AskedGroup,
  requireStable: boolean,
  call: Call<OffsetFetchResponseInput>,
  done: (body: GroupBody) => void,
): void {
  const { groups } = call.broker
  const coordinator = groups.of(asked.groupId)
  const unavailable = typeof coordinator === 'number' ? coordinator : coordinator.unavailableCode
  if (typeof coordinator === 'number' || unavailable !== 0) {
    done(refusedOffsets(asked, unavailable, call.apiVersion))
    return
  }
  const { state } = coordinator
  coordinator.whenCommitted((code) =>
    done(
      code === 0
        ? fetchOffsets(state, asked, requireStable, call.apiVersion, groups.topics)
        : refusedOffsets(asked, errorCode.NOT_COORDINATOR, call.apiVersion),
    ),
  )
}

export const offsetFetchHandler = serve(offsetFetch, (request, call) => {
  const asked = askedGroups(request, call.apiVersion)
  const bodies: GroupBody[] = []
  let open = asked.length
  if (open === 0) call.reply(offsetFetchAnswer([], call.apiVersion))
  asked.forEach((group, index) => {
    fetchGroup(group, request.requireStable, call, (body) => {
      bodies[index] = body
      if (--open === 0) call.reply(offsetFetchAnswer(bodies, call.apiVersion))
    })
  })
})
