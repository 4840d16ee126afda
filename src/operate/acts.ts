import { isSemelError, SemelError } from '../errors/semel-error.ts'
import { type Identity, identityName } from '../inbox/identity.ts'
import type { Act, Inspector, RecordFilter } from '../inbox/inspector.ts'
import { recordId, type RecordRow, recordRow } from './records.ts'

/** What a bulk redrive did. */
export interface BulkAnswer {
  readonly redriven: readonly string[]
  /** Were changed by somebody else in between; ids. */
  readonly passed: readonly string[]
}

export interface BulkRedrive {
  readonly group?: string
  /** Default: `dead`. */
  readonly state?: 'dead' | 'failed'
  readonly reason?: RecordFilter['reason']
  readonly who: string
  readonly why: string
}

/**
 * Does one act, audited. Answers the record as it is afterwards, undefined when it was forgotten.
 *
 * @throws SEMEL_USAGE without who and why, SEMEL_RECORD_MISSING, SEMEL_RECORD_STATE
 */
export async function actOn(
  inspector: Inspector,
  identity: Identity,
  act: Act,
): Promise<RecordRow | undefined> {
  requireReason(act)
  await inspector.act(identity, act)
  const details = await inspector.show(identity)
  return details === undefined ? undefined : recordRow(details.record)
}

/**
 * Redrives what has one state and reason now, at most 100,000 records. Each act stands for itself. What dies
 * again meanwhile stays dead.
 */
export async function redriveAll(
  inspector: Inspector,
  { group, state = 'dead', reason, who, why }: BulkRedrive,
): Promise<BulkAnswer> {
  requireReason({ who, why })
  const filter = {
    state,
    ...(group === undefined ? {} : { group }),
    ...(reason === undefined ? {} : { reason }),
  }
  const redriven: string[] = []
  const passed: string[] = []
  const records = await collect(inspector, filter)
  for (let at = 0; at < records.length; at += together) {
    const some = records.slice(at, at + together)
    // Asked for at once, so that a store that can puts them into one commit.
    const done = await Promise.all(
      some.map((record) => redriveOne(inspector, record, { kind: 'redrive', who, why })),
    )
    for (const [index, record] of some.entries())
      (done[index] ? redriven : passed).push(recordId(record))
  }
  return { redriven, passed }
}

const bulkMax = 100_000
const pageSize = 500
const together = 100

/** Looked up first, acted on afterwards: acts would move the pages. */
async function collect(
  inspector: Inspector,
  filter: Omit<RecordFilter, 'limit'>,
): Promise<readonly Identity[]> {
  const found = new Map<string, Identity>()
  for (let offset = 0; offset < bulkMax; offset += pageSize) {
    const page = await inspector.list({ ...filter, limit: pageSize, offset })
    for (const { scope, key, readable } of page) {
      const identity = { scope, key, readable }
      found.set(identityName(identity), identity)
    }
    if (page.length < pageSize) break
  }
  return [...found.values()]
}

async function redriveOne(inspector: Inspector, identity: Identity, act: Act): Promise<boolean> {
  try {
    await inspector.act(identity, act)
    return true
  } catch (error) {
    if (isSemelError(error, 'SEMEL_RECORD_STATE') || isSemelError(error, 'SEMEL_RECORD_MISSING'))
      return false
    throw error
  }
}

function requireReason({ who, why }: Pick<Act, 'who' | 'why'>): void {
  for (const [name, value] of Object.entries({ who, why }))
    if (value.trim() === '' || value.length > 500)
      throw new SemelError('SEMEL_USAGE', `${name} must be a text of 1 to 500 characters`)
}
