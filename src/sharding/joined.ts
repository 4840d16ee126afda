import { SemelError } from '../errors/semel-error.ts'
import type { NewRecord } from '../inbox/claim.ts'
import type { Identity } from '../inbox/identity.ts'
import type { OpenTransaction } from '../inbox/store.ts'
import { isGuard, nameMark } from './marks.ts'
import type { Places } from './places.ts'
import { onShard, type Transacted, transactionsOf, wrong } from './on-shard.ts'

/**
 * A transaction of the caller's is on the shard whose name stands in its database: many clients do not tell where they
 * are connected.
 *
 * @throws SEMEL_SHARD_WRONG when the key belongs to another one; what all stores throw when none can join it
 */
export function joinedTransaction<Tx>(
  tx: unknown,
  of: Identity | undefined,
  on: Transacted<Tx>,
): OpenTransaction<Tx> {
  const { known } = on
  const faces = facesOf(tx, of, on)
  const [[, any]] = faces as [[string, OpenTransaction<Tx>]]
  let picked: OpenTransaction<Tx> | undefined

  async function pick(): Promise<OpenTransaction<Tx>> {
    if (picked !== undefined) return picked
    const [shard, face] = (await named(faces, known.shardsOf(tx))) ?? []
    if (shard === undefined || face === undefined) throw misplaced(of, on)
    known.note(tx, shard)
    picked = { ...onShard(face, shard, on), insert: inserter(face, shard, on) }
    return picked
  }
  return {
    ...any,
    forHandler: () => (picked ?? any).forHandler(),
    savepoint: async (work) => (await pick()).savepoint(work),
    insert: async (records) => (await pick()).insert(records),
    read: async (identities) => (await pick()).read(identities),
    settle: async (settlements) => (await pick()).settle(settlements),
    parkedIn: async (lanes) => (await pick()).parkedIn(lanes),
    withdraw: async (identities) => (await pick()).withdraw(identities),
    seal: async (records) => (await pick()).seal(records),
  }
}

function misplaced<Tx>(of: Identity | undefined, { shards, places }: Transacted<Tx>): SemelError {
  const names = of === undefined ? [...shards.keys()].join(', ') : places.of(of)
  return new SemelError(
    'SEMEL_SHARD_WRONG',
    `the transaction is not on shard ${names}: its database has another name, or none`,
  )
}

/** The shards that can join it, and on which the key may be. */
function facesOf<Tx>(
  tx: unknown,
  of: Identity | undefined,
  { shards, places }: Transacted<Tx>,
): readonly (readonly [string, OpenTransaction<Tx>])[] {
  const faces: [string, OpenTransaction<Tx>][] = []
  let thrown: unknown
  let elsewhere: string | undefined
  // That of the map in force first.
  const inOrder = [...shards].sort(([a], [b]) =>
    of === undefined ? 0 : Number(places.of(of) === b) - Number(places.of(of) === a),
  )
  for (const [name, store] of inOrder)
    try {
      const face = transactionsOf(store).join(tx)
      if (of === undefined || places.mayBeIn(name, of)) faces.push([name, face])
      else elsewhere = name
    } catch (error) {
      thrown ??= error
    }
  if (faces.length > 0) return faces
  throw of === undefined || elsewhere === undefined ? thrown : wrong(of, elsewhere)
}

async function named<Tx>(
  faces: readonly (readonly [string, OpenTransaction<Tx>])[],
  known: ReadonlySet<string>,
): Promise<readonly [string, OpenTransaction<Tx>] | undefined> {
  for (const one of faces) {
    const [name, face] = one
    if (known.has(name)) return one
    const [mark] = await face.read([nameMark(name)])
    if (mark !== undefined) return one
  }
  return undefined
}

/** Nothing is begun in a new shard that is not guarded in the old one, and nothing in the old one that is. */
function inserter<Tx>(
  face: OpenTransaction<Tx>,
  shard: string,
  { places }: Transacted<Tx>,
): OpenTransaction<Tx>['insert'] {
  return async (records) => {
    for (const record of records) if (!places.mayBeIn(shard, record)) throw wrong(record, shard)
    const moving = records.filter((record) => places.moving(record) !== undefined)
    if (moving.length > 0) await checkMoving(moving, face, shard, places)
    return face.insert(records)
  }
}

async function checkMoving<Tx>(
  records: readonly NewRecord[],
  face: OpenTransaction<Tx>,
  shard: string,
  places: Places,
): Promise<void> {
  const old = records.filter((record) => places.moving(record)?.from === shard)
  const known = old.length === 0 ? [] : await face.read(old)
  for (const [at, record] of old.entries()) {
    const isHere = known[at] === undefined ? !places.prefersNew : !isGuard(known[at])
    if (!isHere) throw wrong(record, shard)
  }
  const fresh = records.filter((record) => !old.includes(record))
  const homes = await places.home(fresh)
  for (const [at, record] of fresh.entries()) if (homes[at] !== shard) throw wrong(record, shard)
}
