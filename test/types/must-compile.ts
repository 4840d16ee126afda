// Never runs: what users write, with the types that they must see.
import {
  atLeastOnce,
  atMostOnce,
  checkable,
  type Consumer,
  createConsumer,
  DeadLetter,
  forwardedKey,
  type Key,
  type Message,
  on,
  RetryLater,
  semel,
  type Store,
  unchecked,
} from 'semel'
import {
  leaseOnlyStore,
  memoryQueue,
  memorySource,
  memoryStore,
  type MemoryTransaction,
} from 'semel/memory'
import {
  fenced,
  guard,
  inbox,
  type Lock,
  lookUpFirst,
  marker,
  natural,
  stateMachine,
  uniqueRow,
  upsert,
  version,
  withLock,
} from 'semel/strategies'
import * as v from 'valibot'
import { z } from 'zod'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function same<A, B>(..._: Same<A, B> extends true ? [] : [never]): void {}

const store = memoryStore()
const source = memorySource(memoryQueue(), { topic: 'orders' })
const OrderPaid = z.object({ orderId: z.string(), amount: z.number(), at: z.string().optional() })
type OrderPaid = z.output<typeof OrderPaid>

async function save(tx: MemoryTransaction): Promise<void> {
  tx.set('orders', 'A-1', {})
}

// door 1
const points = semel({ group: 'points', store })
same<typeof points.assurance.level, 'A'>()
interface Total {
  total: number
  lines: { id: string; note?: string }[]
}
export async function doorOne(caller: MemoryTransaction): Promise<void> {
  const { total } = await points.run(
    ['order-paid', 'A-1'],
    async ({ tx, key, attempt, signal }) => {
      same<typeof tx, MemoryTransaction>()
      same<typeof key, string>()
      same<typeof attempt, number>()
      same<typeof signal, AbortSignal>()
      await save(tx)
      return { total: 30 }
    },
    { fingerprint: ['A-1', 100] },
  )
  same<typeof total, number>()
  const asInterface = await points.run('A-1', (): Total => ({ total: 1, lines: [] }))
  same<typeof asInterface, Total>()
  const nothing = await points.run(7n, async ({ tx }) => {
    await save(tx)
  })
  same<typeof nothing, void>()
  const maybe = await points.run(7, (): string | undefined => undefined)
  same<typeof maybe, string | undefined>()
  const answer = await points.tryRun(new Uint8Array(3), async () => 7)
  if (answer.kind === 'completed') same<typeof answer.result, number>()
  if (answer.kind === 'held') same<typeof answer.retryAfterMs, number>()
  await points.runIn(caller, 'A-1', ({ tx }) => save(tx))
}
export async function elsewhere(): Promise<void> {
  const strategy = marker({ because: 'a text message too many does no harm' })
  const texts = semel({ group: 'texts', store: leaseOnlyStore(), strategy })
  same<typeof texts.assurance.level, 'C'>()
  await texts.run('A-1', ({ key, signal }) => ({ key, aborted: signal.aborted }))
}

// door 2
const consumer = createConsumer({
  group: 'points',
  source,
  store,
  body: OrderPaid,
  key: (message) => message.body.orderId,
  async handler(message, { tx }) {
    same<typeof message, Message<OrderPaid>>()
    same<typeof tx, MemoryTransaction>()
    if (message.body.amount > 100) throw new RetryLater(5_000)
    if (message.body.amount < 0) throw new DeadLetter('a negative amount')
    await save(tx)
  },
})
same<typeof consumer.assurance.level, 'A'>()
same<typeof consumer, Consumer<'A'>>()

// tuple key, arrow that returns anything, another validator, a transform
createConsumer({
  group: 'g',
  source,
  store,
  strategy: inbox(),
  body: v.pipe(
    v.object({ id: v.number() }),
    v.transform(({ id }) => ({ id, twice: 2 * id })),
  ),
  key: ({ topic, body }) => [topic, body.twice],
  fingerprint: ({ body }) => [body.id],
  tenant: ({ headers }) => headers['tenant'],
  handler: (message, { tx }) => tx.get('orders', String(message.body.twice)),
})

// no schema: lossless JSON; the key of the producer; no fingerprint
createConsumer({
  group: 'g',
  source,
  store,
  key: (message) => message.headers['order-id'] ?? message.key,
  fingerprint: 'off',
  handler: () => {},
})

// a body that nobody checks, said aloud; a format of the user's own
createConsumer({
  group: 'g',
  source,
  store,
  body: unchecked<{ orderId: string }>(),
  decode: (bytes) => new TextDecoder().decode(bytes),
  key: (message) => message.body.orderId,
  handler: () => {},
})

// a store without transactions and an effect elsewhere
const marked = createConsumer({
  group: 'g',
  source,
  store: leaseOnlyStore(),
  key: (message) => message.id,
  strategy: marker({ because: 'a text message too many does no harm' }),
  handler: (_message, { signal }) => signal.aborted,
})
same<typeof marked.assurance.level, 'C'>()

// strategies: what they take is written at `of`, and must fit the body; states are those of the graph
interface News {
  rideId: string
  state: 'created' | 'gone'
}
const rides = stateMachine({
  table: 'rides',
  graph: { created: ['gone'], gone: [] },
  of: ({ body }: Message<News>) => ({ id: body.rideId, to: body.state }),
})
declare const lock: Lock
const riding = createConsumer({
  group: 'g',
  source,
  store,
  body: unchecked<News>(),
  key: rides.key,
  strategy: withLock(lock, lookUpFirst(rides), {
    resource: ({ body }: Message<News>) => body.rideId,
  }),
  async handler({ body }, { tx, lock: held }) {
    same<typeof body, News>()
    same<typeof tx, MemoryTransaction>()
    await fenced(store, tx, { table: 'rides', where: { id: body.rideId }, token: held?.token })
  },
})
same<typeof riding.assurance.level, 'A'>()
const orders = z.object({ id: z.string(), at: z.number() })
createConsumer({
  group: 'g',
  source,
  store,
  body: orders,
  key: (message) => message.body.id,
  strategy: upsert({
    table: 'orders',
    key: ['id'],
    newest: 'at',
    of: ({ body }: Message<z.output<typeof orders>>) => ({ ...body }),
  }),
  handlerBatch: (messages, { tx }) => tx.set('n', 'n', messages.length),
})
const accounts = version({
  table: 'accounts',
  of: (order: { id: number; version: number }) => order,
})
const once = semel({ group: 'g', store, strategy: accounts })
const often = semel({ group: 'g', store, strategy: natural({ because: 'a set value' }) })
export async function guarded(tx: MemoryTransaction): Promise<void> {
  const left = await once.run('k', () => 7, { input: { id: 1, version: 1 } })
  same<typeof left, number | undefined>()
  same<Awaited<ReturnType<typeof often.run<number>>>, number>()
  await once.runIn(tx, 'k', () => 7, { input: { id: 1, version: 1 } })
  const answer = await guard(store, rides).apply(tx, { id: 1n, to: 'gone' })
  if (answer.kind === 'conflict') same<typeof answer.detail, string>()
  await guard(store, uniqueRow({ table: 't', unique: ['a'], of: () => ({}) })).apply(tx, { a: 1 })
}

// a generic wrapper of the user's keeps the type of the transaction
export function house<Tx>(any: Store<Tx>, work: (tx: Tx) => Promise<void>): unknown {
  return createConsumer({
    group: 'house',
    source,
    store: any,
    key: (message) => message.id,
    handler: (_message, { tx }) => work(tx),
  })
}

// effects elsewhere: no tx, a final transaction; the level is that of the weakest, as a literal
interface Parcel {
  parcel: number
}
declare const findParcel: (key: string) => Promise<Parcel | undefined>
const shipping = createConsumer({
  group: 'g',
  source,
  store,
  body: OrderPaid,
  key: (message) => message.body.orderId,
  effects: {
    charge: forwardedKey({ remembersMs: 3_600_000 }),
    ship: checkable(findParcel),
    mail: atLeastOnce({ because: 'SMTP cannot deduplicate' }),
  },
  async handler(message, { effects, transaction, key, attempt, signal }) {
    same<typeof message, Message<OrderPaid>>()
    same<[typeof key, typeof attempt, typeof signal], [string, number, AbortSignal]>()
    const { amount } = message.body
    const receipt = await effects.charge(async (idempotencyKey) => ({ idempotencyKey, amount }))
    same<typeof receipt, { idempotencyKey: string; amount: number }>()
    const parcel = await effects.ship(async () => ({ parcel: 2 }))
    same<typeof parcel, Parcel>()
    await effects.mail.step('second', () => {})
    const rows = await transaction((tx) => {
      same<typeof tx, MemoryTransaction>()
      return tx.all('orders').length
    })
    same<typeof rows, number>()
  },
})
same<typeof shipping, Consumer<'C'>>()
export async function effectsOne(): Promise<void> {
  const siren = atMostOnce({ because: 'a second alarm empties the building', onDoubt: 'dead' })
  const alarms = semel({ group: 'alarms', store: leaseOnlyStore(), effects: { siren } })
  same<typeof alarms.assurance.level, 'D'>()
  const answer = await alarms.run('A-1', ({ effects }) =>
    effects.siren(async (): Promise<Total> => ({ total: 1, lines: [] })),
  )
  same<typeof answer, Total>()
  const none = semel({ group: 'g', store, effects: {} })
  same<typeof none.assurance.level, 'A'>()
  await none.run('A-1', ({ tx }) => save(tx))
  const strategy = marker({ because: 'a text message too many does no harm' })
  const both = semel({
    group: 'g',
    store,
    strategy,
    effects: { charge: forwardedKey({ remembersMs: 1 }) },
  })
  same<typeof both.assurance.level, 'C'>()
}

// every kind of key, and an event by its name
export const keys: readonly Key[] = ['a', 1, 1n, new Uint8Array(1), ['a', 1, 2n]]
on('dead', ({ key, reason, detail }) => {
  same<typeof key, string>()
  same<typeof detail, string>()
  if (reason === 'crashed') return
})
