// Never runs, and must not compile: types.test.ts compares the code of each error with the one its line ends in.
// The formatter leaves this file alone: an error is expected on the very line that names it.
import { atLeastOnce, atMostOnce, checkable, createConsumer, forwardedKey, type Message, semel, type Store } from 'semel'
import { leaseOnlyStore, memoryQueue, memorySource, memoryStore, type MemoryTransaction } from 'semel/memory'
import { kysely } from 'semel/orm/kysely'
import { postgresStore } from 'semel/postgres'
import { guard, inbox, marker, natural, stateMachine, uniqueRow, version, withLock } from 'semel/strategies'
import type { Kysely } from 'kysely'
import { z } from 'zod'

interface OtherTransaction { query(sql: string): Promise<unknown> }
declare const otherStore: Store<OtherTransaction>
declare const otherClient: OtherTransaction
declare function saveOther(tx: OtherTransaction): Promise<void>
declare function save(tx: MemoryTransaction): Promise<void>

const store = memoryStore()
const source = memorySource(memoryQueue(), { topic: 'orders' })
const body = z.object({ orderId: z.string() })
const base = { group: 'g', source, store, body } as const
const points = semel({ group: 'g', store })
const because = marker({ because: 'a text message too many does no harm' })

// a key from a field that the schema does not have; a key that is a promise, an object, a boolean, an empty tuple
createConsumer({ ...base, key: (m) => m.body.orderNo, handler: () => {} }) // TS2339
createConsumer({ ...base, key: async (m) => m.body.orderId, handler: () => {} }) // TS2322
createConsumer({ ...base, key: (m) => m.body, handler: () => {} }) // TS2322
createConsumer({ ...base, key: () => true, handler: () => {} }) // TS2322
createConsumer({ ...base, key: () => [], handler: () => {} }) // TS2322

// no key, no handler, no group
createConsumer({ ...base, handler: () => {} }) // TS2345
createConsumer({ ...base, key: (m) => m.body.orderId }) // TS2345
createConsumer({ source, store, key: (m) => m.id, handler: () => {} }) // TS2345

// a body without a schema must be narrowed; an annotation instead of a schema is an unchecked cast
createConsumer({ group: 'g', source, store, key: (m) => m.body.orderId, handler: () => {} }) // TS18047
createConsumer({ group: 'g', source, store, key: (m: Message<{ orderId: string }>) => m.body.orderId, handler: () => {} }) // TS2322

// a misspelt option; exactOptionalPropertyTypes; a number as text
createConsumer({ ...base, key: (m) => m.body.orderId, handler: () => {}, leaseMS: 1 }) // TS2561
createConsumer({ ...base, key: (m) => m.body.orderId, handler: () => {}, leaseMs: undefined }) // TS2379
createConsumer({ ...base, key: (m) => m.body.orderId, handler: () => {}, leaseMs: '30s' }) // TS2322
semel({ group: 'g', store, prefetchMax: 1 }) // TS2353

// another client's transaction
createConsumer({ ...base, key: (m) => m.body.orderId, handler: (_m, { tx }) => saveOther(tx) }) // TS2345
points.run('k', ({ tx }) => saveOther(tx)) // TS2345
points.runIn(otherClient, 'k', () => 1) // TS2345
semel({ group: 'g', store: otherStore }).run('k', ({ tx }) => save(tx)) // TS2345

// a store without transactions has no tx to use; a strategy below level A gives none at all
createConsumer({ ...base, store: leaseOnlyStore(), key: (m) => m.body.orderId, handler: (_m, { tx }) => save(tx) }) // TS2345
semel({ group: 'g', store: leaseOnlyStore() }).run('k', ({ tx }) => save(tx)) // TS2345
createConsumer({ ...base, strategy: because, key: (m) => m.body.orderId, handler: (_m, { tx }) => save(tx) }) // TS2339
semel({ group: 'g', store, strategy: because }).run('k', ({ tx }) => save(tx)) // TS2339

// beside effects elsewhere there is no tx, but a final transaction; what is not declared is not there
const effects = { charge: forwardedKey({ remembersMs: 1 }), ship: checkable(async (): Promise<{ parcel: number } | undefined> => undefined) }
const paying = { ...base, key: () => 'k', effects } as const
const pay = semel({ group: 'g', store, effects })
createConsumer({ ...paying, handler: (_m, { tx }) => save(tx) }) // TS2339
createConsumer({ ...paying, handler: (_m, given) => given.transaction(saveOther) }) // TS2345
createConsumer({ ...paying, handler: (_m, given) => given.effects.mail(async () => 1) }) // TS2339
createConsumer({ ...paying, handlerBatch: async () => {} }) // TS2345
pay.run('k', ({ tx }) => save(tx)) // TS2339
pay.run('k', (given) => given.effects.charge(async () => new Date())) // TS2322
pay.run('k', (given) => given.effects.ship(async () => 'a parcel')) // TS2322
pay.run('k', (given) => given.effects.charge('key')) // TS2345
forwardedKey() // TS2554
forwardedKey({}) // TS2345
checkable('find') // TS2345
atLeastOnce() // TS2554
atMostOnce({ onDoubt: 'dead' }) // TS2345
atMostOnce({ because: 'x', onDoubt: 'again' }) // TS2322
const better: 'A' = pay.assurance.level // TS2322
void better

// a level below A needs a written reason
marker() // TS2554
marker({}) // TS2345

natural() // TS2554

// a strategy that takes another body; a state that the graph has not; values that no column takes
const graph = { created: ['gone'], gone: [] } as const
const rides = stateMachine({ table: 'rides', graph, of: (ride: { id: string; to: 'created' | 'gone' }) => ride })
createConsumer({ ...base, key: () => 'k', handler: () => {}, strategy: uniqueRow({ table: 't', unique: ['a'], of: (m: Message<{ orderNo: string }>) => ({ a: m.body.orderNo }) }) }) // TS2375
stateMachine({ table: 'rides', graph: { created: ['gnoe'], gone: [] }, of: () => ({ id: 1, to: 'created' }) }) // TS2322
stateMachine({ table: 'rides', graph, of: () => ({ id: 1, to: 'flown' }) }) // TS2322
guard(store, rides).apply({} as MemoryTransaction, { id: 'r', to: 'flown' }) // TS2322
guard(store, rides).apply(otherClient, { id: 'r', to: 'gone' }) // TS2345
guard(store, inbox()).apply({} as MemoryTransaction, {}) // TS2379
uniqueRow({ table: 't', unique: ['a'], of: () => ({ a: new Date() }) }) // TS2322
version({ table: 't', of: () => ({ id: 1, version: '1' }) }) // TS2322
withLock(undefined, rides, { resource: () => 'a' }) // TS2345

// what a strategy takes must be given to run()
const once = semel({ group: 'g', store, strategy: rides })
once.run('k', () => 1) // TS2554
once.run('k', () => 1, { input: { id: 'r' } }) // TS2741
once.run('k', () => 1, { input: { id: 'r', to: 'gone' } }).then((left) => left.toFixed()) // TS18048

// results that JSON does not keep
points.run('k', () => ({ at: new Date() })) // TS2322
points.run('k', () => ({ total: 1n })) // TS2322
points.run('k', () => new Map([[1, 2]])) // TS2322
points.run('k', () => ({ rows: [], log() {} })) // TS2322
points.tryRun('k', async () => [Symbol('a')]) // TS2322

// keys of run()
points.run({ id: 1 }, () => 1) // TS2353
points.run([], () => 1) // TS2345
points.run(undefined, () => 1) // TS2345
points.run(['a', undefined], () => 1) // TS2322

// an answer must be told apart before its result is used
points.tryRun('k', () => 1).then((answer) => answer.result) // TS2339

// the level is a literal
const level: 'B' = points.assurance.level // TS2322
const weaker: 'A' = semel({ group: 'g', store, strategy: because }).assurance.level // TS2322
void [level, weaker]

// a connector: its transactions and tables are those of the user's database; the library itself is no store's client
declare const db: Kysely<{ account: { id: string } }>
const throughKysely = semel({ group: 'g', store: postgresStore(kysely(db)) })
throughKysely.runIn(db, 'k', () => 1) // TS2345
throughKysely.run('k', ({ tx }) => tx.selectFrom('nowhere').execute().then(() => 1)) // TS2345
throughKysely.run('k', ({ tx }) => saveOther(tx)) // TS2345
kysely({}) // TS2345
postgresStore(db) // TS2769
