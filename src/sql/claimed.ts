import type { NewRecord } from '../inbox/claim.ts'
import type { OpenTransaction, TransactionTerms } from '../inbox/store.ts'
import type { SqlConnection, SqlRow } from './client.ts'
import { insertAll } from './inserts.ts'
import { placeName, placesOf } from './looked.ts'
import { clock, type On, run, runWith } from './parts.ts'
import { alike, columnsOf, plainRows } from './plain.ts'
import { type Stray, strayOf } from './stray.ts'
import { portions, type SqlValues, written } from './template.ts'

/** The keys that a transaction has claimed, until they are sealed (P8, P9). */
export interface Claimed
  extends Pick<OpenTransaction<unknown>, 'insert' | 'withdraw' | 'seal'>,
    Pick<Stray, 'asSealed'> {
  /** Completes what nobody has sealed. */
  complete(): Promise<void>
}

export function claimed(
  on: On,
  connection: SqlConnection,
  terms: TransactionTerms,
  last: (text: string) => Promise<void>,
): Claimed {
  const { dialect, named } = on.parts
  const { inbox, parking } = dialect.statements
  const stray = strayOf(on)
  const send = sender(on, connection, terms)
  let parked = false

  /** What is completed, in one round trip with what comes before and after it. */
  async function insertPlain(records: readonly NewRecord[]): Promise<readonly boolean[]> {
    const rows = await plainRows(on, records)
    const answer = await send([...rows.values()].map((row) => ({ ...row, ...stray.values })))
    const isNew = new Set(answer.map((row) => placeName(row)))
    return records.map((record) => {
      const row = rows.get(record)
      const fresh = row !== undefined && isNew.has(placeName(row))
      if (fresh) stray.written(record, Number(row['untilIn']))
      return fresh
    })
  }
  return {
    async insert(records) {
      if (records.length === 0) return []
      if (records.every(({ outcome }) => outcome.state === 'completed')) return insertPlain(records)
      parked = true
      return insertAll(on, records)
    },
    async seal(records) {
      const places = await placesOf(on, records)
      if (places.length === 0) return
      await stray.complete(records)
      const results = places.flatMap((place, at) => {
        const result = records[at]?.result
        return result === undefined ? [] : [{ ...place, result }]
      })
      for (const some of portions(results)) await run(on, inbox.writeResult, {}, some)
      const values = { records: places.length, ...columnsOf(places) }
      await last(written(named(inbox.seal), values, places, dialect.literal))
    },
    async withdraw(identities) {
      const places = await placesOf(on, identities)
      if (places.length === 0) return
      stray.forget(identities)
      await run(on, inbox.removeMany, {}, places)
      if (parked) await run(on, parking.drop, {}, places)
    },
    complete: () => stray.complete(),
    asSealed: stray.asSealed,
  }
}

/** Sends claims, with the settings for the first handler behind them. */
function sender(
  on: On,
  connection: SqlConnection,
  terms: TransactionTerms,
): (rows: readonly SqlValues[]) => Promise<readonly SqlRow[]> {
  const { dialect, named, where } = on.parts
  let settings = dialect.afterClaims(terms)
  return async (rows) => {
    const after = settings
    settings = []
    const shared = alike(rows)
    const sql = shared === undefined ? dialect.insert : dialect.insertAlike
    if (connection.script === undefined || sql === undefined) {
      const answer = await dialect.insertRows(runWith(on, connection), clock(on), rows, after)
      // No handler follows what was not new.
      if (answer.length === 0) settings = after
      return answer
    }
    const values = { ...shared, ...columnsOf(rows), ...clock(on) }
    try {
      const text = written(named(sql), values, rows, dialect.literal)
      const [answer = []] = await connection.script([text, ...after])
      return answer
    } catch (error) {
      throw dialect.storeError(error, where)
    }
  }
}
