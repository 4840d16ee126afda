import type { ParkedMessage } from '../inbox/record.ts'
import { nameOf, placesOf } from './looked.ts'
import { clock, type On, run } from './parts.ts'
import type { Step } from './step.ts'
import { envelopeOf, messageOf, stateNumber } from './rows.ts'
import { portions, type SqlValues } from './template.ts'

/**
 * P4: the message goes when its record completes or goes; the first one given stays. What stands in a lane stands
 * in the order of its rows: who comes to its end gets a new one.
 */
export async function keepMessages(on: On, steps: readonly Step[]): Promise<void> {
  const { park, follow, drop } = on.parts.dialect.statements.parking
  const parked = steps.filter(isParkedNow)
  const redriven = steps.filter(
    ({ before, next, ask }) => ask.on === 'redrive' && before?.origin && next?.origin,
  )
  const again = await Promise.all(redriven.map((step) => repark(on, step)))
  const gone = steps.filter(({ before, next }) => before?.origin && !next?.origin)
  const followed = steps.filter(
    ({ before, next, ask }) => before?.origin && next?.origin && ask.on !== 'redrive',
  )
  const places = await placesOf(
    on,
    [...gone, ...redriven].map(({ one }) => one),
  )
  if (places.length > 0) await run(on, drop, {}, places)
  const rows: SqlValues[] = []
  for (const step of parked) rows.push(await rowOf(on, step, givenBy(step)))
  rows.push(...again)
  for (const some of portions(rows)) await run(on, park, clock(on), some)
  const last = new Map(followed.map((step) => [nameOf(step.one), step]))
  const following: SqlValues[] = []
  for (const step of last.values()) following.push(await standingOf(on, step))
  if (following.length > 0) await run(on, follow, clock(on), following)
}

function isParkedNow(step: Step): boolean {
  const { before, next } = step
  return !before?.origin && next?.origin !== undefined && givenBy(step) !== undefined
}

function givenBy({ ask }: Step): ParkedMessage | undefined {
  return 'outcome' in ask && 'message' in ask.outcome ? ask.outcome.message : undefined
}

/** It waits anew, with the body that a person gave it. */
async function repark(on: On, step: Step): Promise<SqlValues> {
  const { one, before, ask } = step
  const [place = {}] = await placesOf(on, [one])
  const [row = {}] = await run(on, on.parts.dialect.statements.parking.message, place)
  const { origin = new Uint8Array(), lane } = before ?? {}
  const message = messageOf(row, { origin, lane })
  const body = ask.on === 'redrive' ? ask.body : undefined
  return rowOf(on, step, body === undefined ? message : { ...message, body })
}

async function rowOf(on: On, step: Step, message: ParkedMessage | undefined): Promise<SqlValues> {
  if (message === undefined) throw new TypeError('there is no message to be kept')
  return {
    ...(await standingOf(on, step)),
    origin: await on.parts.names.idOf(message.origin),
    lane: message.lane ?? null,
    envelope: envelopeOf(message),
    body: message.body,
  }
}

async function standingOf(
  { parts }: On,
  { one, next, before, joins, nowMs }: Step,
): Promise<SqlValues> {
  const { untilMs, state = 'dead', place } = next ?? {}
  return {
    scope: await parts.names.idOf(one.scope),
    key: one.key,
    state: stateNumber(state),
    untilIn: untilMs === undefined ? null : Math.ceil(untilMs - nowMs),
    stands: joins || (before?.place !== undefined && place !== undefined),
  }
}
