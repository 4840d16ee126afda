import { equalBytes } from '../../src/inbox/bytes.ts'
import type { ClaimRequest } from '../../src/inbox/claim.ts'
import type { Ask, Decision } from '../../src/inbox/decide.ts'
import { type InboxRecord, isParked } from '../../src/inbox/record.ts'
import type { Model, World } from './kinds.ts'
import { hasPassed, messageAt, messageOf } from './store.ts'
import { broken, digestIdentity, happened, ledgerAt, note } from './world.ts'

export interface Change {
  readonly before: InboxRecord | undefined
  readonly after: InboxRecord | undefined
  readonly ask: Ask
  readonly answer: string
}

const peoplesWrites: readonly Ask['on'][] = ['redrive', 'skip', 'free']
const raising: readonly Ask['on'][] = ['claim', 'insert', 'bury', 'release', ...peoplesWrites]
const peoples: readonly Ask['on'][] = [...peoplesWrites, 'forget']

/** What must hold about every change of a record. Each name says which invariant of the study it is. */
export function watchChange(model: Model, world: World, at: number, change: Change): void {
  const { before, after, ask } = change
  happened(model, ask.on === 'claim' && before?.state === 'leased' ? 'takeover' : ask.on)
  if (ask.on === 'claim' && before?.state === 'leased') note(world, at, { doubt: true })
  const granting = raising.includes(ask.on) && after !== undefined
  if (granting && after.token <= (before?.token ?? 0))
    broken(world, `I3: ${ask.on} of A-${at} did not raise its token`)
  if (ask.on === 'bury') watchBurial(model, world, at, before)
  if (ask.on === 'claim') watchGrant(world, at, ask.request, before)
  if (peoples.includes(ask.on)) return
  if (before?.state === 'completed' && ask.on !== 'prune')
    broken(world, `I4: A-${at} was completed and is ${after?.state ?? 'absent'}`)
  if (before?.state === 'dead')
    broken(world, `I4: A-${at} was dead and is ${after?.state ?? 'absent'}`)
  if (before && isParked(before) && !(after && (isParked(after) || after.state !== 'failed')))
    broken(world, `FORGOTTEN: A-${at} was parked and is ${after?.state ?? 'absent'}`)
  if (after?.state === 'dead' && before?.state !== 'dead') watchDeath(model, world, at)
}

/** I7: only what has used up its attempts is buried, and not while somebody may still complete it. */
function watchBurial(
  { scenario }: Model,
  world: World,
  at: number,
  before: InboxRecord | undefined,
): void {
  if (before === undefined || !hasPassed(before)) broken(world, `I7: A-${at} was buried too soon`)
  if ((before?.attempts ?? 0) < scenario.attemptsMax)
    broken(world, `I7: A-${at} was buried with attempts left`)
}

/** P22, P29: takers run what is parked and nothing else, `run()` never does. And nobody runs before the time. */
function watchGrant(
  world: World,
  at: number,
  { by, claimId }: ClaimRequest,
  before: InboxRecord | undefined,
): void {
  const parked = before !== undefined && isParked(before)
  if (by === 'parked' && !parked) broken(world, `GONE: a taker was granted A-${at}, not parked`)
  if (by === 'run' && parked) broken(world, `PARKED: run() was granted A-${at}, parked`)
  const own = before?.state === 'leased' && before.claimId === claimId
  const waits = before?.state === 'failed' || before?.state === 'leased'
  if (waits && !own && !hasPassed(before))
    broken(world, `SOON: A-${at} was granted before its time`)
}

/** I6, I9: who is refused changes nothing, and uses up nothing. */
export function watchAnswer(
  model: Model,
  world: World,
  at: number,
  { record, asked }: { readonly record: InboxRecord | undefined; readonly asked: Ask },
  { changed, next, row }: Decision,
): void {
  const stale = 'lease' in asked && record?.token !== asked.lease.token
  if (stale && changed) broken(world, `I6: ${asked.on} of A-${at} with a stale token changed it`)
  if (stale) happened(model, 'a stale token')
  if (!changed && next !== record && row.answer === 'held')
    broken(world, `I9: held changed A-${at}`)
}

const guilty = ['always', 'kills', 'fails then kills', 'unreadable', 'commits']

/** I7: nobody dies who could still do its work. */
function watchDeath(model: Model, world: World, at: number): void {
  if (at >= model.scenario.messages.length) return
  const { handler } = messageOf(model, messageAt(model, world, at))
  const { doubt, effects } = ledgerAt(world, at)
  const uncertain = model.scenario.level === 'D' && doubt
  if (!guilty.includes(handler) && !uncertain) broken(world, `INNOCENT: A-${at} is dead`)
  if (effects > 0 && model.scenario.level === 'A')
    broken(world, `I4: A-${at} took effect and is dead`)
}

/** I1, I11, I13: an effect, at the moment when it can no longer be taken back. */
export function takeEffect(model: Model, world: World, message: number): void {
  const { key, body } = messageOf(model, message)
  const ledger = ledgerAt(world, key)
  const { level } = model.scenario
  const effects =
    level.startsWith('B') && ledger.effects > 0 && farSideKnows(model)
      ? ledger.effects
      : ledger.effects + 1
  if (effects === ledger.effects) happened(model, 'the far side remembers')
  note(world, key, { effects: Math.min(effects, 2) })
  if (effects > 1 && !(level === 'C' && ledger.doubt))
    broken(world, `I1 DUPLICATE: m${message} took effect again`)
  if (effects > 1 && level === 'C') happened(model, 'repeated in a window')
  if (world.records[key]?.state === 'dead' && level === 'A')
    broken(world, `I4: m${message} took effect though it is dead`)
  const record = world.records[key]
  const own = model.fingerprints[message]
  if (record && own && !equalBytes(record.fingerprint, own))
    broken(world, `I11: m${message} took effect with another body (${body})`)
  if (messageOf(model, message).lane) watchOrder(model, world, message)
}

function farSideKnows({ wrong, scenario }: Model): boolean {
  return wrong !== 'the key forwarded changes with the attempt' && scenario.level === 'B'
}

function watchOrder(model: Model, world: World, message: number): void {
  const { messages, deliveries } = model.scenario
  if (messageOf(model, message).needs !== undefined) return
  for (const [earlier, { lane, key, needs }] of messages.entries()) {
    const before =
      lane && needs === undefined && deliveries.indexOf(earlier) < deliveries.indexOf(message)
    const { effects, redriven, skipped } = ledgerAt(world, key)
    if (before && effects === 0 && !redriven && !skipped && world.records[key]?.state !== 'dead')
      broken(world, `I13 OVERTAKE: m${message} took effect before m${earlier} of its lane`)
  }
}

/** I5, I11: what is acknowledged is durable: done, parked, or dead; the same intent in each case. */
export function watchAcknowledgement(model: Model, world: World, delivery: number): void {
  const message = model.scenario.deliveries[delivery] ?? 0
  const { key } = messageOf(model, message)
  const record = world.records[key]
  const { effects, skipped, doubt } = ledgerAt(world, key)
  const own = model.fingerprints[message]
  const same = record && own && equalBytes(record.fingerprint, own)
  const buried = world.records[digestIdentity(model, message)]?.state === 'dead'
  const done =
    record?.state === 'completed' &&
    (effects > 0 || skipped || (model.scenario.level === 'D' && doubt))
  const pruned = record === undefined && effects > 0 && model.scenario.prunes
  const kept = record?.state === 'dead' || (record && isParked(record))
  if (!buried && !(pruned || skipped) && !(same && (done || kept)))
    broken(
      world,
      `I5 LOST: d${delivery} of m${message} acknowledged, its record ${record?.state ?? 'absent'}, effects ${effects}`,
    )
}

/** I2, of every record of a state: completed and the effect go together. */
export function watchRecords(model: Model, world: World): void {
  for (const [at, record] of world.records.entries()) {
    if (record?.state !== 'completed' || at >= model.scenario.messages.length) continue
    const { effects, skipped } = ledgerAt(world, at)
    if (effects === 0 && !skipped) broken(world, `I2: A-${at} is completed without an effect`)
  }
}

/** I8: a message that ends its process is buried after its attempts. */
export function watchKill(model: Model, world: World, message: number): void {
  const { scenario } = model
  const kills = (world.kills[message] ?? 0) + 1
  world.kills[message] = kills
  happened(model, 'a handler ends its process')
  const copies = scenario.deliveries.filter((other) => other === message).length
  const { redriven } = ledgerAt(world, messageOf(model, message).key)
  // Uncounted: the first start of each copy, and one beside others.
  const uncounted = copies + (messageOf(model, message).handler === 'kills' ? 0 : 1)
  const most = (scenario.attemptsMax + uncounted) * (redriven ? 2 : 1)
  if (kills > most) broken(world, `I8 UNBOUNDED: m${message} ended ${kills} processes`)
}
