import { grant } from '../inbox/rate.ts'
import type { Rates } from '../inbox/store.ts'
import { rate } from './statements.gen.ts'
import type { StoreParts } from './store-parts.ts'

/** One row per group, read and written in one transaction. */
export function sqliteRates({ write, clock }: StoreParts): Rates {
  return {
    take: (group, perSecond, wanted) =>
      write((connection) => {
        const row = connection.get<{ readonly next_ms: number }>(rate.next, group)
        const given = grant(row?.next_ms, clock.nowMs(), { perSecond, wanted })
        if (given.granted > 0) connection.run(rate.put, group, given.nextMs)
        return given
      }),
  }
}
