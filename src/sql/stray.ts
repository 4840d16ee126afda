import { randomBytes } from 'node:crypto'
import { equalBytes } from '../inbox/bytes.ts'
import type { Identity } from '../inbox/identity.ts'
import type { RecordView } from '../inbox/record.ts'
import { nameOf, placesOf } from './looked.ts'
import { clock, type On, run } from './parts.ts'
import type { SqlValues } from './template.ts'

/**
 * P9: where handlers are not kept from ending the transaction, what they would commit behind our back is `leased`, and
 * blocks its key until somebody takes it for a suspect. The seal completes it.
 */
export interface Stray {
  /** What its rows have instead. */
  readonly values: SqlValues
  /** Remembers a record that was written so. */
  written(record: Identity, keepMs: number): void
  forget(records: readonly Identity[]): void
  /** Those of ours among them. Default: all. */
  complete(records?: readonly Identity[]): Promise<void>
  /** A record of ours as it will be. */
  asSealed(record: RecordView | undefined): RecordView | undefined
}

const leaseMs = 30_000

/** For clients that guard their handlers: nothing is stray. */
const none: Stray = {
  values: {},
  written: () => undefined,
  forget: () => undefined,
  complete: async () => undefined,
  asSealed: (record) => record,
}

export function strayOf(on: On): Stray {
  const { client, dialect } = on.parts
  if (client.guarded) return none
  const claimId = new Uint8Array(randomBytes(16))
  const open = new Map<string, { readonly one: Identity; readonly keepMs: number }>()

  function forget(records: readonly Identity[]): void {
    for (const one of records) open.delete(nameOf(one))
  }
  return {
    values: { state: 1, claimId, untilIn: leaseMs },
    written: (one, keepMs) => void open.set(nameOf(one), { one, keepMs }),
    forget,
    async complete(records = [...open.values()].map(({ one }) => one)) {
      const ours = records.filter((one) => open.has(nameOf(one)))
      const byTime = Map.groupBy(ours, (one) => open.get(nameOf(one))?.keepMs ?? 0)
      for (const [untilIn, some] of byTime) {
        const values = { ...clock(on), untilIn, claimId }
        await run(on, dialect.statements.inbox.sealLeased, values, await placesOf(on, some))
      }
      forget(ours)
    },
    asSealed(record) {
      if (record?.claimId === undefined || !equalBytes(record.claimId, claimId)) return record
      return { ...record, state: 'completed', claimId: undefined }
    },
  }
}
