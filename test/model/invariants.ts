import type { ClaimRequest } from '../../src/inbox/claim.ts'
import type { Ask, Decision } from '../../src/inbox/decide.ts'
import { type InboxRecord, isParked } from '../../src/inbox/record.ts'
import type { Model, World } from './kinds.ts'
import { hasPassed, messageAt, messageOf } from './records.ts'
import { broken, happened, ledgerAt, note } from './world.ts'

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

/** I2, of every record of a state: completed and the effect go together. */
export function watchRecords(model: Model, world: World): void {
  for (const [at, record] of world.records.entries()) {
    if (record?.state !== 'completed' || at >= model.scenario.messages.length) continue
    const { effects, skipped } = ledgerAt(world, at)
    if (effects === 0 && !skipped) broken(world, `I2: A-${at} is completed without an effect`)
  }
}
