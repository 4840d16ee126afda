import { equalBytes, hex } from '../inbox/bytes.ts'
import { claimAnswer } from '../inbox/claim-answer.ts'
import type { Claim, ClaimRequest, ClaimTerms } from '../inbox/claim.ts'
import type { Ask } from '../inbox/decide.ts'
import type { InboxRecord } from '../inbox/record.ts'
import type { SqlRow } from './client.ts'
import { nameOf, placesOf } from './looked.ts'
import { type On, run } from './parts.ts'
import { apply, type Standing } from './records.ts'
import { bytesOf, messageOf, stateOf } from './rows.ts'

/** Claims inside a transaction that holds nothing else. */
export async function claimAll(
  on: On,
  requests: readonly ClaimRequest[],
  terms: ClaimTerms,
): Promise<readonly Claim[]> {
  let lanes: ReadonlyMap<string, readonly Stander[]> = new Map()
  const asked = requests.map((request) => ({
    one: request,
    ask: (record: InboxRecord | undefined, standing: Standing): Ask => {
      const behind = isBehind(record, request, standing, lanes)
      return { on: 'claim', request, terms, behind }
    },
  }))
  const steps = await apply(on, asked, async (records) => {
    lanes = await standersOf(on, lanesOf(requests, records))
  })
  const claims: Claim[] = []
  for (const [at, request] of requests.entries()) {
    const step = steps[at]
    if (step === undefined) throw new TypeError('a claim was not decided')
    const claim = claimAnswer(step, request, step.nowMs)
    const message = claim.kind === 'granted' ? await messageBeside(on, step.next) : undefined
    claims.push(claim.kind === 'granted' ? { ...claim, message } : claim)
  }
  return claims
}

/** One that stands in a lane. */
interface Stander {
  readonly name: string
  readonly place: number
  readonly state: string
  readonly claimId: Uint8Array | undefined
}

/** P23: parked messages are known by their own lane, others by the one that they come with. */
function laneOf(record: InboxRecord | undefined, request: ClaimRequest): Uint8Array | undefined {
  if (request.by === 'run') return undefined
  if (record?.origin === undefined) return request.lane
  return record.place === undefined ? undefined : record.lane
}

function isBehind(
  record: InboxRecord | undefined,
  request: ClaimRequest,
  standing: Standing,
  lanes: ReadonlyMap<string, readonly Stander[]>,
): boolean {
  const lane = laneOf(record, request)
  if (lane === undefined) return false
  const place = record?.place ?? Number.POSITIVE_INFINITY
  return (lanes.get(hex(lane)) ?? []).some((stander) => {
    if (stander.place >= place) return false
    const now = standing.get(stander.name)
    const { state, claimId } = now ?? stander
    const isOurs = claimId !== undefined && equalBytes(claimId, request.claimId)
    return !(state === 'leased' && isOurs)
  })
}

/** How many claims there are of each lane. */
function lanesOf(
  requests: readonly ClaimRequest[],
  records: ReadonlyMap<string, InboxRecord>,
): ReadonlyMap<string, { readonly lane: Uint8Array; claims: number }> {
  const lanes = new Map<string, { readonly lane: Uint8Array; claims: number }>()
  for (const request of requests) {
    const lane = laneOf(records.get(nameOf(request)), request)
    if (lane === undefined) continue
    const known = lanes.get(hex(lane)) ?? { lane, claims: 0 }
    known.claims++
    lanes.set(hex(lane), known)
  }
  return lanes
}

/** Of each lane as many as are claimed, and one more: a stranger before one of them is among those. */
async function standersOf(
  on: On,
  lanes: ReturnType<typeof lanesOf>,
): Promise<ReadonlyMap<string, readonly Stander[]>> {
  if (lanes.size === 0) return new Map()
  const asked = [...lanes.values()].map(({ lane, claims }) => ({ lane, most: claims + 1 }))
  const rows = await run(on, on.parts.dialect.statements.parking.heads, {}, asked)
  const byLane = Map.groupBy(rows, ({ lane }) => hex(bytesOf(lane)))
  return new Map([...byLane].map(([lane, some]) => [lane, some.map(standerOf)]))
}

function standerOf(row: SqlRow): Stander {
  const { name, key, place, state, claim_id: claimId } = row
  return {
    name: nameOf({ scope: bytesOf(name), key: bytesOf(key) }),
    place: Number(place),
    state: stateOf(state),
    claimId: claimId === null ? undefined : bytesOf(claimId),
  }
}

async function messageBeside(
  on: On,
  record: InboxRecord | undefined,
): Promise<ReturnType<typeof messageOf> | undefined> {
  if (record?.origin === undefined) return undefined
  const { origin, lane } = record
  const [place = {}] = await placesOf(on, [record])
  const [row] = await run(on, on.parts.dialect.statements.parking.message, place)
  return row && messageOf(row, { origin, lane })
}
