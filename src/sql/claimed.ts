import { randomBytes } from 'node:crypto'
import { equalBytes } from '../inbox/bytes.ts'
import type { NewRecord } from '../inbox/claim.ts'
import type { Identity } from '../inbox/identity.ts'
import type { RecordView } from '../inbox/record.ts'
import type { OpenTransaction, TransactionTerms } from '../inbox/store.ts'
import type { SqlConnection, SqlRow } from './client.ts'
import { insertAll } from './inserts.ts'
import { nameOf, placeName, placesOf } from './looked.ts'
import { clock, type On, run, runWith } from './parts.ts'
import { alike, columnsOf, plainRows } from './plain.ts'
import { portions, written, type SqlValues } from './template.ts'

/** The keys that a transaction has claimed, until they are sealed (P8, P9). */
export interface Claimed extends Pick<OpenTransaction<unknown>, 'insert' | 'withdraw' | 'seal'> {
  /** Completes what nobody has sealed. */
  complete(): Promise<void>
  /** A record of ours as it will be. */
  asSealed(record: RecordView | undefined): RecordView | undefined
}

/** How long what was written `leased` blocks its key, if its transaction was committed behind our back. */
const strayMs = 30_000

export function claimed(
  on: On,
  connection: SqlConnection,
  terms: TransactionTerms,
  last: (text: string) => Promise<void>,
): Claimed {
  const { dialect, client, named } = on.parts
  const { inbox, parking } = dialect.statements
  /** Of records that are written `leased`: how long each is to be kept. */
  const keeps = new Map<string, number>()
  const claimId = client.guarded ? undefined : new Uint8Array(randomBytes(16))
  const stray: SqlValues = claimId === undefined ? {} : { state: 1, claimId, untilIn: strayMs }
  let parked = false
  let settings = dialect.afterClaims(terms)

  /** What is completed, in one round trip with what comes before and after it. */
  async function insertPlain(records: readonly NewRecord[]): Promise<readonly boolean[]> {
    const rows = await plainRows(on, records)
    const answer = await send([...rows.values()].map((row) => ({ ...row, ...stray })))
    const isNew = new Set(answer.map((row) => placeName(row)))
    return records.map((record) => {
      const row = rows.get(record)
      const fresh = row !== undefined && isNew.has(placeName(row))
      if (fresh && claimId !== undefined) keeps.set(nameOf(record), Number(row['untilIn']))
      return fresh
    })
  }

  async function send(rows: readonly SqlValues[]): Promise<readonly SqlRow[]> {
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
      throw dialect.storeError(error, on.parts.where)
    }
  }

  async function complete(records: readonly Identity[]): Promise<void> {
    const ours = records.filter((one) => keeps.has(nameOf(one)))
    for (const [untilIn, some] of Map.groupBy(ours, (one) => keeps.get(nameOf(one)) ?? 0))
      await run(
        on,
        inbox.sealLeased,
        { ...clock(on), untilIn, claimId: claimId ?? null },
        await placesOf(on, some),
      )
    for (const one of ours) keeps.delete(nameOf(one))
  }
  const unsealed = new Map<string, Identity>()

  return {
    async insert(records) {
      if (records.length === 0) return []
      const isPlain = records.every(({ outcome }) => outcome.state === 'completed')
      if (!isPlain) parked = true
      const fresh = await (isPlain ? insertPlain(records) : insertAll(on, records))
      for (const record of records)
        if (keeps.has(nameOf(record))) unsealed.set(nameOf(record), record)
      return fresh
    },
    async seal(records) {
      const places = await placesOf(on, records)
      if (places.length === 0) return
      await complete(records)
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
      for (const one of identities) keeps.delete(nameOf(one))
      await run(on, inbox.removeMany, {}, places)
      if (parked) await run(on, parking.drop, {}, places)
    },
    complete: () => complete([...unsealed.values()]),
    asSealed(record) {
      if (claimId === undefined || record?.claimId === undefined) return record
      if (!equalBytes(record.claimId, claimId)) return record
      return { ...record, state: 'completed', claimId: undefined }
    },
  }
}
