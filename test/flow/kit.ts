import type { TestContext } from 'node:test'
import {
  type Consumer,
  type ConsumerOptions,
  createConsumer,
  type EventName,
  eventNames,
  type JsonValue,
  on,
  type OutgoingMessage,
  type Publisher,
  type Source,
  type Store,
} from 'semel'
import {
  memoryPublisher,
  memoryQueue,
  memorySource,
  memoryStore,
  type MemoryTransaction,
} from 'semel/memory'
import { readableKey } from '../../src/inbox/key.ts'
import type { RecordView } from '../../src/inbox/record.ts'

export type Options = ConsumerOptions<MemoryTransaction, JsonValue, 'A'>
export type Handler = NonNullable<Options['handler']>

/** Waits for a condition, at most `limitMs`. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  limitMs = 5_000,
): Promise<void> {
  const deadline = performance.now() + limitMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** A queue and a store in memory, and consumers of topic `orders` for group `points`, keyed by `body.id`. */
export interface Room {
  readonly store: Store<MemoryTransaction>
  readonly publisher: Publisher
  source(more?: Partial<Parameters<typeof memorySource>[1]>): Source
  send(body: unknown, more?: Partial<OutgoingMessage>): Promise<string>
  consume(handler: Handler, more?: Partial<Options>): Promise<Consumer>
  /** Records by their readable key. */
  records(): Promise<Record<string, RecordView>>
  /** Rows that handlers wrote with {@link ledger}. */
  ledger(): Promise<readonly string[]>
  /** Names of all events since the beginning, in order. */
  readonly events: readonly EventName[]
  happened(name: EventName, times?: number): Promise<void>
}

/** Writes one line per call: what was applied, how often, and in which attempt. */
export const ledger: Handler = (message, { tx, attempt }) => {
  const { id } = message.body as { readonly id: string }
  tx.set('ledger', `${tx.all('ledger').length}`, `${id} attempt ${attempt}`)
}

let rooms = 0

export function room(t: TestContext, store: Store<MemoryTransaction> = memoryStore()): Room {
  const queue = memoryQueue()
  // The registry of consumers is one per process, and tests of one file share it.
  const group = `points-${++rooms}`
  const publisher = memoryPublisher(queue, { topic: 'orders' })
  const events: EventName[] = []
  const consumers: Consumer[] = []
  const listening = eventNames.map((name) =>
    on(name, (event) => {
      if ('group' in event && event.group === group) events.push(name)
    }),
  )
  t.after(async () => {
    await Promise.all(consumers.map((consumer) => consumer.stop()))
    for (const stop of listening) stop()
    await publisher.close()
  })
  const source: Room['source'] = (more = {}) =>
    memorySource(queue, { topic: 'orders', holdMs: 500, ...more })
  const self: Room = {
    store,
    publisher,
    source,
    events,
    send: (body, more = {}) => publisher.send({ body, ...more }),
    async consume(handler, more = {}) {
      const consumer = createConsumer({
        group,
        source: source(),
        store,
        key: (message) => (message.body as { readonly id?: string }).id,
        handler,
        parkedPollMs: 10,
        retryDelayMs: 0,
        leaseMs: 500,
        drainMs: 1_000,
        ...more,
      } as Options)
      consumers.push(consumer)
      await consumer.start()
      return consumer
    },
    records: () => recordsOf(store),
    ledger: () => ledgerOf(store),
    happened: (name, times = 1) =>
      until(() => events.filter((event) => event === name).length >= times, `${times} × ${name}`),
  }
  return self
}

async function recordsOf(store: Store): ReturnType<Room['records']> {
  const list = await store.inspector.list({ limit: 1_000 })
  return Object.fromEntries(
    list.map((record) => [readableKey(record.key, record.readable), record]),
  )
}

async function ledgerOf(store: Store<MemoryTransaction>): ReturnType<Room['ledger']> {
  const rows = await store.transactions?.open(async (open) => {
    const { tx, end } = open.forHandler()
    const all = tx.all('ledger').map(([, row]) => String(row))
    end()
    return all
  })
  return rows ?? []
}
