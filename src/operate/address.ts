import { SemelError } from '../errors/semel-error.ts'
import { type Bytes, concat, fromHex, hex } from '../inbox/bytes.ts'
import { decodeScope, type Identity, type Scope } from '../inbox/identity.ts'
import type { Inspector } from '../inbox/inspector.ts'
import { encodeKey, keyKinds } from '../inbox/key.ts'
import type { RecordView } from '../inbox/record.ts'
import { recordId, states } from './records.ts'

/** How a person names one record: by the id that lists print, or by its key as they print it. */
export interface Address {
  readonly id?: string
  readonly key?: string
  /** Narrow the search; needed where one key is known to several. */
  readonly group?: string
  readonly keyspace?: string
}

const pageSize = 500
/** So that a wrong id ends; far more than a person can have looked at. */
const scannedMax = 200_000

/**
 * The one record that is meant.
 *
 * @throws SEMEL_USAGE when several are, with their ids; SEMEL_RECORD_MISSING when none is.
 */
export async function findRecord(inspector: Inspector, address: Address): Promise<Identity> {
  const found =
    address.id === undefined
      ? await findByKey(inspector, address)
      : await findById(inspector, address.id, address)
  const [first, second] = found
  if (first === undefined) throw missing(address)
  if (second === undefined) return first
  const all = found.map((each) => `${recordId(each)} (${described(each)})`).join(', ')
  throw new SemelError('SEMEL_USAGE', `several records have this key; name one with --id: ${all}`)
}

/** Ids are digests: the records that people care for are looked through first. */
async function findById(
  inspector: Inspector,
  id: string,
  { group }: Address,
): Promise<readonly Identity[]> {
  if (!/^[0-9a-f]{16}$/i.test(id))
    throw new SemelError('SEMEL_USAGE', `an id has 16 hexadecimal digits, "${id}" has not`)
  const wanted = id.toLowerCase()
  for (const state of states)
    for (let offset = 0; offset < scannedMax; offset += pageSize) {
      const where = group === undefined ? { state } : { state, group }
      const page = await inspector.list({ ...where, limit: pageSize, offset })
      const found = page.find((record: RecordView) => recordId(record) === wanted)
      if (found !== undefined) return [found]
      if (page.length < pageSize) break
    }
  return []
}

/** Every identity that reads as the key, in every scope that the store knows. */
async function findByKey(inspector: Inspector, address: Address): Promise<readonly Identity[]> {
  const { key = '' } = address
  const scopes = await knownScopes(inspector, address)
  const asked = scopes.flatMap((scope) => candidates(key).map((bytes) => ({ scope, key: bytes })))
  const found: Identity[] = []
  for (const identity of asked) {
    const details = await inspector.show(identity)
    if (details !== undefined) found.push(details.record)
  }
  return found
}

async function knownScopes(
  inspector: Inspector,
  { group, keyspace }: Address,
): Promise<readonly Bytes[]> {
  const counts = await inspector.count(group)
  const scopes = new Map(counts.map(({ scope }) => [hex(scope), scope]))
  return [...scopes.values()].filter(
    (scope) => keyspace === undefined || decodeScope(scope).keyspace === keyspace,
  )
}

/** What may have been printed as this text: itself, a tuple joined with strokes, or bytes in hexadecimal. */
function candidates(text: string): readonly Bytes[] {
  const parts = text.split('/')
  const whole = encodeKey(text).key
  if (parts.length > 1 && !parts.includes('')) return [whole, encodeKey(parts).key]
  const digits = /^0x((?:[0-9a-f]{2})+)$/i.exec(text)?.[1]
  if (digits === undefined) return [whole]
  const bytes = fromHex(digits)
  const kinds = [keyKinds.bytes, keyKinds.hashed, keyKinds.mismatched, keyKinds.raw]
  return [whole, ...kinds.map((kind) => concat([Uint8Array.of(kind), bytes]))]
}

function described(identity: Identity): string {
  const scope: Scope = decodeScope(identity.scope)
  const { group, keyspace, tenant, instance } = scope
  return [`group ${group}`, `keyspace ${keyspace}`, ...named({ tenant, instance })].join(', ')
}

function named(members: Readonly<Record<string, string | undefined>>): readonly string[] {
  return Object.entries(members).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} ${value}`],
  )
}

function missing({ id, key, group }: Address): SemelError {
  const what = id === undefined ? `key ${JSON.stringify(key)}` : `id ${id}`
  const where = group === undefined ? '' : ` in group ${group}`
  return new SemelError('SEMEL_RECORD_MISSING', `there is no record with ${what}${where}`)
}
