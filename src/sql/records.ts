import { type Ask, decide } from '../inbox/decide.ts'
import type { Identity } from '../inbox/identity.ts'
import type { InboxRecord } from '../inbox/record.ts'
import { stepsThatGo } from '../inbox/steps.ts'
import { lock, nameOf, placeName, placesOf } from './looked.ts'
import { keepMessages } from './messages.ts'
import type { Step } from './step.ts'
import { clock, type On, run } from './parts.ts'
import { rowValues } from './rows.ts'
import { portions, type SqlValues } from './template.ts'

/** Records by name as they stand, what was decided before included. */
export type Standing = ReadonlyMap<string, InboxRecord | undefined>

/** What somebody asks of one record; it may depend on what stands there, and beside it. */
export interface Asked {
  readonly one: Identity
  readonly ask: (record: InboxRecord | undefined, standing: Standing) => Ask
}

/** Looks up what an ask needs besides the records themselves, once they are locked. */
export type Beside = (records: ReadonlyMap<string, InboxRecord>) => Promise<void>

/**
 * Locks, decides by the table of transitions, writes: inside a transaction. What is absent cannot be locked; where
 * somebody else has written it meanwhile, it is looked at again. Answers in the order asked.
 */
export async function apply(
  on: On,
  asked: readonly Asked[],
  beside: Beside = async () => undefined,
): Promise<readonly Step[]> {
  const done = new Map<Asked, Step>()
  for (let open = asked; open.length > 0; open = asked.filter((one) => !done.has(one))) {
    const { records, nowMs } = await lock(
      on,
      open.map(({ one }) => one),
    )
    await beside(records)
    const steps = decided(open, records, nowMs)
    const lost = await write(on, steps)
    for (const [at, one] of open.entries()) {
      const step = steps[at]
      if (step !== undefined && !lost.has(nameOf(step.one))) done.set(one, step)
    }
  }
  return asked.flatMap((one) => done.get(one) ?? [])
}

function decided(
  asked: readonly Asked[],
  records: ReadonlyMap<string, InboxRecord>,
  nowMs: number,
): readonly Step[] {
  const standing = new Map<string, InboxRecord | undefined>(records)
  return asked.map(({ one, ask: askOf }) => {
    const before = standing.get(nameOf(one))
    const ask = askOf(before, standing)
    const decision = decide(before, one, ask, nowMs)
    if (decision.changed) standing.set(nameOf(one), decision.next)
    return { ...decision, one, ask, before, nowMs }
  })
}

/** Answers the names of those that are not absent any more: nothing of them is written. */
async function write(on: On, steps: readonly Step[]): Promise<ReadonlySet<string>> {
  const changed = steps.filter((step) => step.changed)
  // Of a key that is asked for twice the first step finds it absent, and the last one says how it stands.
  const last = new Map(changed.map((step) => [nameOf(step.one), step]))
  const absent = new Set(
    changed.filter(({ before }) => before === undefined).map(({ one }) => nameOf(one)),
  )
  const all = [...last.values()]
  const fresh = all.filter(({ one, next }) => next !== undefined && absent.has(nameOf(one)))
  const inserted = await insertSteps(on, fresh)
  const lost = new Set(fresh.map(({ one }) => nameOf(one)).filter((name) => !inserted.has(name)))
  const rest = all.filter(({ one }) => !lost.has(nameOf(one)))
  const { inbox } = on.parts.dialect.statements
  const old = rest.filter(({ one }) => !absent.has(nameOf(one)))
  await runAll(on, inbox.put, await valuesOf(on, old.filter(isThere)))
  await runAll(
    on,
    inbox.removeMany,
    await valuesOf(
      on,
      old.filter((step) => !isThere(step)),
    ),
  )
  await keepMessages(
    on,
    changed.filter(({ one }) => !lost.has(nameOf(one))),
  )
  await removeSteps(on, rest)
  return lost
}

function isThere({ next }: Step): boolean {
  return next !== undefined
}

/** Nothing for no rows. */
export async function runAll(on: On, sql: string, rows: readonly SqlValues[]): Promise<void> {
  for (const some of portions(rows)) await run(on, sql, clock(on), some)
}

/** Sorted, so that nobody waits for anybody in a circle (P8). Answers the names of those that were new. */
export async function insertSteps(
  on: On,
  steps: readonly Pick<Step, 'one' | 'next' | 'nowMs'>[],
): Promise<ReadonlySet<string>> {
  if (steps.length === 0) return new Set()
  const given = await valuesOf(on, steps)
  const sorted = steps.map((step, at) => ({ step, row: given[at] ?? {} })).toSorted(byPlace)
  const rows = sorted.map(({ row }) => row)
  const answer = await on.parts.dialect.insertRows(
    (sql, values, some) => run(on, sql, values, some),
    clock(on),
    rows,
  )
  const isNew = new Set(answer.map(placeName))
  const fresh = sorted.filter(({ row }) => isNew.has(placeName(row)))
  return new Set(fresh.map(({ step }) => nameOf(step.one)))
}

interface Placed {
  readonly row: SqlValues
}

/** As `lock` sorts: by the number of the scope, then by the bytes of the key. */
export function byPlace(a: Placed, b: Placed): number {
  const scopes = Number(a.row['scope']) - Number(b.row['scope'])
  return scopes || Buffer.compare(a.row['key'] as Uint8Array, b.row['key'] as Uint8Array)
}

async function valuesOf(
  { parts }: On,
  steps: readonly Pick<Step, 'one' | 'next' | 'nowMs'>[],
): Promise<readonly SqlValues[]> {
  const rows: SqlValues[] = []
  for (const { one, next, nowMs } of steps) {
    const scope = await parts.names.idOf(one.scope)
    rows.push(next === undefined ? { scope, key: one.key } : rowValues(next, scope, nowMs))
  }
  return rows
}

async function removeSteps(on: On, steps: readonly Step[]): Promise<void> {
  const { removeAll, removeOpen } = on.parts.dialect.statements.steps
  for (const [which, sql] of [
    ['all', removeAll],
    ['open', removeOpen],
  ] as const) {
    const going = steps.filter(
      (step) => step.before !== undefined && stepsThatGo(step, step.ask) === which,
    )
    await runAll(
      on,
      sql,
      await placesOf(
        on,
        going.map(({ one }) => one),
      ),
    )
  }
}
