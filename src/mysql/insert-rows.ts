import type { SqlRow } from '../sql/client.ts'
import type { Run } from '../sql/dialect.ts'
import { placeName } from '../sql/looked.ts'
import { alike } from '../sql/plain.ts'
import { stateNumber } from '../sql/rows.ts'
import { portions, type SqlValues } from '../sql/template.ts'
import { isDuplicate } from './mysql-errors.ts'
import { inbox } from './statements.gen.ts'

/** Each time somebody else has committed one of the keys. */
const roundsMax = 50
const completed = stateNumber('completed')

/**
 * Inserts what is not there. `after1062` finds what somebody else has committed meanwhile; undefined: only a new
 * transaction would see it.
 */
export async function insertRows(
  after1062: string | undefined,
  run: Run,
  values: SqlValues,
  rows: readonly SqlValues[],
  after: readonly string[] = [],
): Promise<readonly SqlRow[]> {
  const fresh: SqlRow[] = []
  for (const some of portions(rows)) {
    const open = await insertSome(after1062, run, values, some, after)
    fresh.push(...open)
  }
  return fresh
}

/**
 * Those that are there are left out, the rest is inserted: whoever commits one of them meanwhile makes it fail as a
 * whole. Never `insert ignore`, which makes keys fit, and never by counting rows, which depends on the driver.
 */
async function insertSome(
  after1062: string | undefined,
  run: Run,
  values: SqlValues,
  rows: readonly SqlValues[],
  after: readonly string[],
): Promise<readonly SqlRow[]> {
  let find: string = inbox.there
  for (let round = 1; ; round++) {
    const there = new Set((await run(find, {}, rows)).map(placeName))
    const open = rows.filter((row) => !there.has(placeName(row)))
    if (open.length === 0) return []
    try {
      const same = sameIn(open)
      if (same === undefined) await run(inbox.insert, values, open, after)
      else await run(inbox.insertAlike, { ...same, ...values }, open, after)
      return open
    } catch (error) {
      if (!isDuplicate(error) || after1062 === undefined || round === roundsMax) throw error
      find = after1062
    }
  }
}

/** Of the fast path: most records differ in key and fingerprint alone. */
function sameIn(rows: readonly SqlValues[]): SqlValues | undefined {
  const isPlain = rows.every(
    ({ state, reason, detail, isKept }) =>
      state === completed && reason === null && detail === null && isKept === false,
  )
  return isPlain ? alike(rows) : undefined
}
