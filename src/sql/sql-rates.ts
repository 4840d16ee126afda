import { utf8 } from '../inbox/bytes.ts'
import { grant } from '../inbox/rate.ts'
import type { Rates } from '../inbox/store.ts'
import { inTransaction } from './in-transaction.ts'
import { clock, run, type SqlParts } from './parts.ts'
import { numberOf } from './rows.ts'

/** One row per group, locked while it is read and written. */
export function sqlRates(parts: SqlParts): Rates {
  const { rate } = parts.dialect.statements
  return {
    take: (name, perSecond, wanted) =>
      inTransaction(parts, async (on) => {
        const group = utf8(name)
        await run(on, rate.begin, { group })
        const [row = {}] = await run(on, rate.next, { ...clock(on), group })
        const nowMs = Number(row['now_ms'])
        const given = grant(numberOf(row['next_ms']), nowMs, { perSecond, wanted })
        if (given.granted > 0) await run(on, rate.put, { group, nextMs: given.nextMs })
        return given
      }),
  }
}
