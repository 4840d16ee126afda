import type { Subscription } from '../delivery/source.ts'
import { assertThat, SemelError } from '../errors/semel-error.ts'
import type { Connection, SqliteValue } from './connection.ts'
import type { QueueRow } from './queue-rows.ts'
import { queue } from './statements.gen.ts'

/** Where a source is subscribed, and under which number it holds what it has in hand. */
export interface Place {
  readonly subscription: number
  readonly topic: string
  readonly holder: number
}

/** One delivery in hand. Nobody else can have the same: each delivery is counted. */
export interface Hold {
  readonly seq: number
  readonly deliveries: number
}

export interface Taken extends Hold {
  readonly row: QueueRow
}

export interface TakeTerms {
  readonly limit: number
  readonly holdMs: number
  readonly nowMs: number
  wants(tag: string | undefined): boolean
}

/** Messages that one step looks at, at most: a filter that wants few must not block the process. */
const looksMax = 1_000
/** Messages that are read together where a filter may pass over many. */
const pageMin = 50

export function subscribe(
  connection: Connection,
  topic: string,
  { group, instance }: Subscription,
): number {
  const name: readonly SqliteValue[] = [topic, group, instance ?? '']
  connection.run(queue.subscribe, ...name)
  const row = connection.get<{ readonly id: number }>(queue.subscription, ...name)
  assertThat(row, 'a subscription that was just made is there')
  return row.id
}

/** When something can be taken, as far as is known: `nowMs` or earlier, later, or undefined. */
export function nextMs(connection: Connection, place: Place, nowMs: number): number | undefined {
  const newest = connection.get<{ readonly seq: number | null }>(queue.lastOf, place.topic)
  if ((newest?.seq ?? 0) > cursorOf(connection, place)) return nowMs
  const row = connection.get<{ readonly visible_ms: number | null }>(
    queue.nextVisible,
    place.subscription,
  )
  return row?.visible_ms ?? undefined
}

export interface Take {
  readonly taken: readonly Taken[]
  /** Whether it has come further in the log: then there may be more, though nothing was taken. */
  readonly moved: boolean
}

/** First what comes again or was delayed, then what is new, each in the order of the log. */
export function take(connection: Connection, place: Place, terms: TakeTerms): Take {
  const again = takeAgain(connection, place, terms)
  const fresh = takeNew(connection, place, terms, terms.limit - again.length)
  return { taken: [...again, ...fresh.taken], moved: fresh.moved }
}

/** Whether all were still in these hands. */
export function ackAll(connection: Connection, place: Place, holds: readonly Hold[]): boolean {
  const { subscription, holder } = place
  const run = rangeOf(holds.map(({ seq }) => seq))
  if (run === undefined || holds.some(({ deliveries }) => deliveries > 1))
    return holds.map((hold) => ack(connection, place, hold)).every((ours) => ours)
  return connection.run(queue.ackFirst, subscription, run.from, run.to, holder) === holds.length
}

/** Whether the delivery was still in these hands. */
export function ack(connection: Connection, place: Place, hold: Hold): boolean {
  const { subscription, holder } = place
  return connection.run(queue.ack, subscription, hold.seq, holder, hold.deliveries) > 0
}

export function nack(connection: Connection, place: Place, hold: Hold, visibleMs: number): void {
  const { subscription, holder } = place
  connection.run(queue.nack, Math.ceil(visibleMs), subscription, hold.seq, holder, hold.deliveries)
}

export function renew(connection: Connection, place: Place, hold: Hold, visibleMs: number): void {
  const { subscription, holder } = place
  connection.run(queue.renew, Math.ceil(visibleMs), subscription, hold.seq, holder, hold.deliveries)
}

/** Everything in these hands. */
export function giveBack(
  connection: Connection,
  { subscription, holder }: Place,
  visibleMs: number,
): void {
  connection.run(queue.giveBack, Math.ceil(visibleMs), subscription, holder)
}

/** Removes those of the messages of a topic that every subscription has had. */
export function trim(connection: Connection, topic: string, seqs: readonly number[]): void {
  const run = rangeOf(seqs)
  if (run === undefined) for (const seq of seqs) connection.run(queue.trim, seq)
  else connection.run(queue.trimAll, topic, run.from, run.to, topic, topic)
}

/** From the first to the last, if there is no gap between them. */
function rangeOf(
  seqs: readonly number[],
): { readonly from: number; readonly to: number } | undefined {
  if (seqs.length < 2) return undefined
  const from = Math.min(...seqs)
  const to = Math.max(...seqs)
  return to - from + 1 === seqs.length ? { from, to } : undefined
}

/** The next step through the whole topic; answers where it ended, undefined at the end of the topic. */
export function sweep(connection: Connection, topic: string, from: number): number | undefined {
  const rows = connection.all<{ readonly seq: number }>(queue.after, topic, from, sweptMax)
  const seqs = rows.map(({ seq }) => seq)
  trim(connection, topic, seqs)
  return seqs.at(-1)
}

const sweptMax = 200

function takeAgain(connection: Connection, place: Place, terms: TakeTerms): readonly Taken[] {
  const { subscription, holder } = place
  const { nowMs, holdMs, limit } = terms
  const rows = connection.all<QueueRow & Hold>(
    queue.visible,
    subscription,
    nowMs,
    nowMs,
    holder,
    limit,
  )
  return rows.map((row) => {
    const deliveries = row.deliveries + 1
    connection.run(
      queue.handOut,
      Math.ceil(nowMs + holdMs),
      deliveries,
      holder,
      subscription,
      row.seq,
    )
    return { row, seq: row.seq, deliveries }
  })
}

function takeNew(connection: Connection, place: Place, terms: TakeTerms, limit: number): Take {
  const { subscription, topic } = place
  const taken: Taken[] = []
  const from = cursorOf(connection, place)
  let cursor = from
  for (let looks = 0; taken.length < limit && looks < looksMax; ) {
    const page = Math.max(limit - taken.length, looks === 0 ? 0 : pageMin)
    const rows = connection.all<QueueRow>(queue.behind, topic, cursor, page)
    if (rows.length === 0) break
    if (rows.length <= limit - taken.length && reachAll(connection, place, terms, cursor, rows)) {
      cursor = rows.at(-1)?.seq ?? cursor
      looks += rows.length
      for (const row of rows) taken.push({ row, seq: row.seq, deliveries: 1 })
      continue
    }
    for (const row of rows) {
      if (taken.length === limit) break
      cursor = row.seq
      looks++
      if (terms.wants(row.tag ?? undefined) && reach(connection, place, terms, row))
        taken.push({ row, seq: row.seq, deliveries: 1 })
    }
  }
  if (cursor > from) connection.run(queue.advance, cursor, subscription)
  return { taken, moved: cursor > from }
}

/** A page that can be delivered at once and whole, in one statement. Answers whether it was. */
function reachAll(
  connection: Connection,
  { subscription, topic, holder }: Place,
  { nowMs, holdMs, wants }: TakeTerms,
  after: number,
  rows: readonly QueueRow[],
): boolean {
  const last = rows.at(-1)
  const goes = ({ due_ms: dueMs, order_key: order = null, tag }: QueueRow): boolean =>
    dueMs <= nowMs && order === null && wants(tag ?? undefined)
  if (last === undefined || !rows.every(goes)) return false
  const untilMs = Math.ceil(nowMs + holdMs)
  connection.run(queue.reachAll, subscription, untilMs, holder, topic, after, last.seq)
  return true
}

/** Whether it can be delivered at once: what is delayed, or behind others of its order, waits; the cursor does not. */
function reach(
  connection: Connection,
  { subscription, holder }: Place,
  { nowMs, holdMs }: TakeTerms,
  { seq, due_ms: dueMs, order_key: order = null }: QueueRow,
): boolean {
  const goes = dueMs <= nowMs && !isBehind(connection, subscription, order, holder)
  const untilMs = Math.ceil(nowMs + holdMs)
  if (goes) connection.run(queue.reach, subscription, seq, untilMs, 1, holder, order)
  else connection.run(queue.reach, subscription, seq, dueMs, 0, null, order)
  return goes
}

function isBehind(
  connection: Connection,
  subscription: number,
  order: string | null,
  holder: number,
): boolean {
  return order !== null && connection.get(queue.ahead, subscription, order, holder) !== undefined
}

function cursorOf(connection: Connection, { subscription, topic }: Place): number {
  const row = connection.get<{ readonly cursor: number }>(queue.cursor, subscription)
  if (row !== undefined) return row.cursor
  throw new SemelError(
    'SEMEL_SOURCE_CLOSED',
    `the group was removed from the queue of topic ${topic} while this source was open`,
  )
}
