import type { RecordFilter } from '../inbox/inspector.ts'
import type { RecordView, State } from '../inbox/record.ts'
import { applyAll } from './apply.ts'
import { groupsOf, lookAt, pairs } from './looks.ts'
import { baseOf, identityAt } from './names.ts'
import { looking, viewOf } from './redis-leases.ts'
import type { StoreParts } from './store-parts.ts'

/** A record by its name in one index of one group. */
interface Found {
  readonly group: string
  readonly id: Buffer
  readonly changedMs: number
}

/**
 * Newest change first, out of the indexes by state. What they cannot filter by is looked at in the records: then it
 * takes more of each index, until there is enough or no more.
 */
export async function listed(
  parts: StoreParts,
  filter: RecordFilter,
): Promise<readonly RecordView[]> {
  const { group, limit, offset = 0 } = filter
  const groups = group === undefined ? await groupsOf(parts) : [group]
  const names = (await Promise.all(groups.map((one) => indexesOf(parts, one, filter)))).flat()
  const wanted = limit + offset
  for (let most = wanted; ; most *= 4) {
    const each = await Promise.all(names.map((name) => newest(parts, name, most)))
    const found = each.flat().sort(byChange).slice(0, most)
    const views = await viewsOf(parts, found, filter)
    const more = each.some(({ length }) => length >= most)
    if (views.length >= wanted || !more) return views.slice(offset, wanted)
  }
}

interface IndexName {
  readonly group: string
  readonly key: string
}

async function indexesOf(
  parts: StoreParts,
  group: string,
  { state, withMessage }: RecordFilter,
): Promise<readonly IndexName[]> {
  const base = baseOf(parts.prefix, group)
  const states: readonly State[] = ['leased', 'failed', 'dead']
  const plain = states
    .filter((one) => state === undefined || state === one)
    .map((one) => `x:${one}`)
  const completed = state === undefined || state === 'completed'
  // A completed record has dropped its message.
  const kept = completed && withMessage !== true ? await retentionsOf(parts, group) : []
  const names = [...plain, ...kept.map((keepMs) => `x:completed:${keepMs}`)]
  return names.map((name) => ({ group, key: base + name }))
}

/** How long completed records of a group are kept: a few numbers of milliseconds. */
export async function retentionsOf(parts: StoreParts, group: string): Promise<readonly number[]> {
  const { words } = await lookAt(parts, `${baseOf(parts.prefix, group)}k`, 'SMEMBERS')
  return words.map(Number)
}

async function newest(
  parts: StoreParts,
  { group, key }: IndexName,
  most: number,
): Promise<readonly Found[]> {
  const last = String(most - 1)
  const { words } = await lookAt(parts, key, 'ZREVRANGE', '0', last, 'WITHSCORES')
  return pairs(words).map(([id, changedMs]) => ({ group, id, changedMs: Number(changedMs) }))
}

/** As the indexes themselves put what was changed at one time, so that pages fit together. */
function byChange(a: Found, b: Found): number {
  return b.changedMs - a.changedMs || Buffer.compare(b.id, a.id)
}

async function viewsOf(
  parts: StoreParts,
  found: readonly Found[],
  { state, reason, withMessage }: RecordFilter,
): Promise<readonly RecordView[]> {
  const askings = found.map(({ group, id }) => looking(identityAt(group, id)))
  const answered = await applyAll(parts, askings, 'SEMEL_STORE_UNAVAILABLE')
  return answered
    .map(viewOf)
    .filter((record) => record !== undefined)
    .filter((record) => state === undefined || record.state === state)
    .filter((record) => reason === undefined || record.reason === reason)
    .filter((record) => withMessage !== true || record.origin !== undefined)
}
