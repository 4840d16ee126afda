import { SemelError } from '../errors/semel-error.ts'
import type { Bytes } from '../inbox/bytes.ts'
import type { Placed } from '../inbox/store.ts'
import { guardOf, isGuard } from './marks.ts'
import type { Moves } from './moves.ts'
import { type Shards, spread, storeOf } from './spread.ts'

/** A key that moves. */
interface Moving {
  readonly asked: Placed
  readonly from: string
  readonly to: string
}

const tries = 8

/**
 * Where each key that moves is known, or is to be begun. What is to be begun in its new shard is guarded in its former
 * one first, with a commit of its own.
 */
export async function homeOfMoving(
  shards: Shards,
  moves: Moves,
  asked: readonly Placed[],
): Promise<ReadonlyMap<Placed, string>> {
  const homes = new Map<Placed, string>()
  let open = asked.map((one): Moving => ({ asked: one, ...placesOfOne(moves, one) }))
  for (let attempt = 0; open.length > 0; attempt++) {
    if (attempt === tries)
      throw new SemelError('SEMEL_STORE_CONTENDED', 'a key that moves was changed all the time')
    const records = await moves.readOld(open.map((one) => one.asked))
    for (const [at, one] of open.entries())
      if (records[at] !== undefined) homes.set(one.asked, isGuard(records[at]) ? one.to : one.from)
    const absent = open.filter((one) => !homes.has(one.asked))
    for (const [one, home] of await begin(shards, moves, absent)) homes.set(one.asked, home)
    // Somebody was faster: look again.
    open = absent.filter((one) => !homes.has(one.asked))
  }
  return homes
}

function placesOfOne(moves: Moves, one: Placed): { readonly from: string; readonly to: string } {
  const stays = moves.of(one)
  return moves.moving(one) ?? { from: stays, to: stays }
}

async function begin(
  shards: Shards,
  moves: Moves,
  absent: readonly Moving[],
): Promise<readonly (readonly [Moving, string])[]> {
  const isNew = await begunNew(shards, moves, absent)
  const guarded = absent.filter((_, at) => isNew[at] === true)
  const names = guarded.map(({ from }) => from)
  const inserted = await spread(guarded, names, (name, some) =>
    storeOf(shards, name).leases.insert(some.map(({ asked }) => guardOf(asked))),
  )
  return [
    ...absent.filter((_, at) => isNew[at] !== true).map((one) => [one, one.from] as const),
    ...guarded.filter((_, at) => inserted[at]).map((one) => [one, one.to] as const),
  ]
}

/** Of keys that their former shard does not know, which are begun in the new one. */
async function begunNew(
  shards: Shards,
  { prefersNew }: Moves,
  absent: readonly Moving[],
): Promise<readonly boolean[]> {
  const follows = await Promise.all(
    absent.map(({ asked: { lane }, from, to }) => isParkedIn(shards, prefersNew ? from : to, lane)),
  )
  if (prefersNew) return follows.map((isOther) => !isOther)
  // A guard may have been forgotten before its record.
  const names = absent.map(({ to }) => to)
  const records = await spread(absent, names, (name, some) =>
    storeOf(shards, name).leases.read(some.map(({ asked }) => asked)),
  )
  return follows.map((isOther, at) => isOther || records[at] !== undefined)
}

/**
 * What keeps its order follows what is parked before it, wherever that is (P23).
 *
 * @throws SEMEL_TRANSACTIONS_MISSING
 */
async function isParkedIn(shards: Shards, name: string, lane: Bytes | undefined): Promise<boolean> {
  if (lane === undefined) return false
  const { transactions, name: store } = storeOf(shards, name)
  if (transactions === undefined)
    throw new SemelError(
      'SEMEL_TRANSACTIONS_MISSING',
      `the ${store} store cannot keep an order while keys move between shards`,
    )
  const [isParked] = await transactions.open(({ parkedIn }) => parkedIn([lane]))
  return isParked === true
}
