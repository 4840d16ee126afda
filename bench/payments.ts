import { memoryQueue, memoryPublisher, memorySource, type MemoryQueue } from 'semel/memory'
import {
  type ConsumerOptions,
  createConsumer,
  type Delivery,
  on,
  type Store,
  unchecked,
} from 'semel'

/** A payment to be deducted: a line in the ledger, and the balance of an account. */
export interface Payment {
  readonly id: number
  readonly account: number
  readonly cents: number
}

export const topic = 'payments'
export const accounts = 1_000
/** One delivery in this many is a copy of an earlier one. */
const copyEvery = 20
const decoder = new TextDecoder()

/** Every twentieth is the copy of one that came shortly before. */
export function paymentAt(at: number): Payment {
  const id = at % copyEvery === copyEvery - 1 ? at - 10 : at
  return { id, account: (id * 7_919) % accounts, cents: 1 + (id % 100) }
}

/** How many of so many deliveries are no copies. */
export function paymentsOf(deliveries: number): number {
  return deliveries - Math.floor(deliveries / copyEvery)
}

/** So many deliveries waiting in a queue of this process: what is measured is the database. */
export async function waiting(deliveries: number, from = 0): Promise<MemoryQueue> {
  const queue = memoryQueue()
  const publisher = memoryPublisher(queue, { topic })
  const all = Array.from({ length: deliveries }, (_, at) => ({ body: paymentAt(from + at) }))
  await publisher.sendBatch(all)
  await publisher.close()
  return queue
}

/** Pulls as a loop by hand does, and performs up to `size` at a time, `loops` times at once. */
export async function pullByHand(
  queue: MemoryQueue,
  deliveries: number,
  { loops, size }: { readonly loops: number; readonly size: number },
  perform: (payments: readonly Payment[]) => Promise<void>,
): Promise<void> {
  const source = memorySource(queue, { topic })
  await source.open({ group: 'ledger', instance: undefined })
  let left = deliveries
  const ended = new AbortController()
  async function loop(): Promise<void> {
    while (left > 0) {
      const pulled = await source.pull(size, ended.signal)
      if (pulled.length === 0) return
      await perform(pulled.map(bodyOf))
      await source.ack(pulled)
      left -= pulled.length
      if (left <= 0) ended.abort()
    }
  }
  await Promise.all(Array.from({ length: loops }, loop))
  await source.close()
}

function bodyOf({ message }: Delivery): Payment {
  return JSON.parse(decoder.decode(message.body)) as Payment
}

type Shared = 'group' | 'source' | 'store' | 'body' | 'key'

/** What a contestant gives besides: handlers, and the options that it tries. */
export type Given<Tx> = Omit<ConsumerOptions<Tx, Payment, 'A'>, Shared>

/** Consumes all of them with semel. */
export async function consumeWithSemel<Tx>(
  queue: MemoryQueue,
  deliveries: number,
  store: Store<Tx>,
  given: Given<Tx>,
): Promise<void> {
  const consumer = createConsumer({
    group: 'ledger',
    source: memorySource(queue, { topic }),
    store,
    body: unchecked<Payment>(),
    key: ({ body }) => body.id,
    ...given,
  } as ConsumerOptions<Tx, Payment, 'A'>)
  const done = settled(deliveries)
  await consumer.start()
  await done
  await consumer.stop()
  await store.close()
}

/** Resolves when so many deliveries have been applied, or recognised as copies. */
export async function settled(deliveries: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let left = deliveries
  const one = (): void => {
    if (--left === 0) resolve()
  }
  const stops = [on('applied', one), on('duplicate', one)]
  await promise
  for (const stop of stops) stop()
}
