import { applyAll } from './apply.ts'
import { retentionsOf } from './listing.ts'
import { groupsOf, lookAt } from './looks.ts'
import { baseOf, identityAt } from './names.ts'
import { looking } from './redis-leases.ts'
import type { StoreParts } from './store-parts.ts'

/** Records that are looked at in one step. */
const pruneMax = 500

/** The oldest of each index of completed records, whose retention has passed by the store's clock (P32). */
export async function pruned(parts: StoreParts, limit: number): Promise<number> {
  let forgotten = 0
  for (const group of await groupsOf(parts))
    for (const keepMs of await retentionsOf(parts, group))
      forgotten += await pruneKept(parts, group, keepMs, limit - forgotten)
  return forgotten
}

async function pruneKept(
  parts: StoreParts,
  group: string,
  keepMs: number,
  limit: number,
): Promise<number> {
  let forgotten = 0
  while (forgotten < limit) {
    const most = Math.min(limit - forgotten, pruneMax)
    const some = await pruneSome(parts, group, keepMs, most)
    forgotten += some
    if (some < most) break
  }
  return forgotten
}

async function pruneSome(
  parts: StoreParts,
  group: string,
  keepMs: number,
  most: number,
): Promise<number> {
  const key = `${baseOf(parts.prefix, group)}x:completed:${keepMs}`
  const { nowMs } = await lookAt(parts, key, 'ZCARD')
  const until = String(nowMs - keepMs)
  const { words } = await lookAt(
    parts,
    key,
    'ZRANGEBYSCORE',
    '-inf',
    until,
    'LIMIT',
    '0',
    String(most),
  )
  const askings = words.map((id) => ({
    ...looking(identityAt(group, id)),
    ask: () => ({ on: 'prune' }) as const,
  }))
  const answered = await applyAll(parts, askings, 'SEMEL_OUTCOME_UNKNOWN')
  return answered.filter(({ decision }) => decision.changed).length
}
