import type { NewRecord } from '../inbox/claim.ts'
import { decide } from '../inbox/decide.ts'
import { nameOf } from './looked.ts'
import { keepMessages } from './messages.ts'
import type { On } from './parts.ts'
import { insertSteps } from './records.ts'
import type { Step } from './step.ts'

/**
 * Writes records that are absent, in the order in which everybody locks; answers in the order given. Of a key that
 * stands twice the first one is new.
 */
export async function insertAll(
  on: On,
  records: readonly NewRecord[],
): Promise<readonly boolean[]> {
  const firsts = firstSteps(records)
  const inserted = await insertSteps(on, [...firsts.values()])
  // Places in a lane are given in the order of the records.
  const kept = [...firsts].filter(([, { one }]) => inserted.has(nameOf(one)))
  await keepMessages(
    on,
    kept.map(([, step]) => step),
  )
  return records.map((record) => firsts.has(record) && inserted.has(nameOf(record)))
}

/** What each key becomes where it is absent; times begin at the server's now. */
export function firstSteps(records: readonly NewRecord[]): ReadonlyMap<NewRecord, Step> {
  const steps = new Map<NewRecord, Step>()
  const names = new Set<string>()
  for (const record of records) {
    const name = nameOf(record)
    if (names.has(name)) continue
    names.add(name)
    const { fingerprint, outcome } = record
    const ask = { on: 'insert', fingerprint, outcome } as const
    steps.set(record, {
      ...decide(undefined, record, ask, 0),
      one: record,
      ask,
      before: undefined,
      nowMs: 0,
    })
  }
  return steps
}
