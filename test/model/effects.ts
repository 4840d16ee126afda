import { equalBytes } from '../../src/inbox/bytes.ts'
import { isParked } from '../../src/inbox/record.ts'
import type { Model, World } from './kinds.ts'
import { messageOf } from './records.ts'
import { broken, digestIdentity, happened, ledgerAt, note } from './world.ts'

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
