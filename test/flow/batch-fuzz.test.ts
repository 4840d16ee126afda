import assert from 'node:assert/strict'
import test from 'node:test'
import { type Consumer, type Message, type SemelCode, SemelError, type Store } from 'semel'
import { memoryStore, type MemoryTransaction } from 'semel/memory'
import { type Handler, type Options, type Room, room, until } from './kit.ts'

interface Step {
  readonly id: string
  readonly lane?: number
  readonly failures: number
}
const stepOf = (message: Pick<Message<unknown>, 'body'>): Step => message.body as Step

const lanes = 7
const messages = 100

/** From 0 to 1. */
type Random = () => number

/** One seed, one series. */
function randomFrom(seed: number): Random {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const callsThatFail = 0.08

function maybe(random: Random, code: SemelCode, share: number): void {
  if (random() < share) throw new SemelError(code, 'on purpose')
}

type Call = (...given: readonly unknown[]) => Promise<unknown>

/** Each call may be refused, or done without an answer; inside a transaction only refused. */
function faulty<T extends object>(
  part: T,
  names: readonly (keyof T & string)[],
  random: Random,
  inside = false,
): T {
  const wrapped = names.map((name): readonly [string, Call] => {
    const call = (part[name] as Call).bind(part)
    return [
      name,
      async (...given) => {
        maybe(random, 'SEMEL_STORE_CONTENDED', inside ? callsThatFail / 2 : callsThatFail)
        const answer = await call(...given)
        if (!inside) maybe(random, 'SEMEL_OUTCOME_UNKNOWN', callsThatFail)
        return answer
      },
    ]
  })
  return { ...part, ...Object.fromEntries(wrapped) }
}

const callsInside = ['insert', 'read', 'settle', 'parkedIn', 'withdraw', 'seal'] as const
const callsOfLeases = ['claim', 'settle', 'bury', 'release', 'insert', 'read', 'renew'] as const

function faultyStore(store: Store<MemoryTransaction>, random: Random): Store<MemoryTransaction> {
  const { leases, parking, transactions } = store
  assert.ok(transactions)
  const { open, join } = transactions
  const opened: typeof open = (work, terms) =>
    open((transaction) => work(faulty(transaction, callsInside, random, true)), terms)
  return {
    ...store,
    leases: faulty(leases, callsOfLeases, random),
    parking: faulty(parking, ['due', 'usage'], random),
    transactions: faulty({ open: opened, join }, ['open'], random),
  }
}

/** Keys are random, so that whoever orders by key is found out. */
function planOf(random: Random): readonly Step[] {
  return Array.from({ length: messages }, (_, at) => {
    const lane = Math.floor(random() * (lanes + 1))
    const id = `${Math.floor(random() * 2 ** 32).toString(36)}-${at}`
    const failures = random() < 0.15 ? 1 + Math.floor(random() * 3) : 0
    return { id, failures, ...(lane < lanes && { lane }) }
  })
}

function failingAsPlanned(plan: readonly Step[]): Handler {
  const left = new Map(plan.map(({ id, failures }) => [id, failures]))
  return (message, { tx }) => {
    const { id } = stepOf(message)
    const failures = left.get(id) ?? 0
    left.set(id, failures - 1)
    if (failures > 0) throw new Error('as planned')
    tx.set('ledger', String(tx.all('ledger').length).padStart(5, '0'), id)
  }
}

async function pauseNowAndThen(consumer: Consumer, r: Room): Promise<void> {
  for (const share of [0.1, 0.3, 0.5, 0.7]) {
    await until(
      () => r.events.filter((name) => name === 'applied').length > share * messages,
      'some',
    )
    consumer.pause()
    await new Promise((resolve) => setImmediate(resolve))
    consumer.resume()
  }
}

const patient = {
  attemptsMax: 1_000,
  circuitMs: 10,
  leaseMs: 200,
  retryDelayMs: 3,
  retryDelayMsMax: 5,
}

const seeds: readonly (readonly [number, Partial<Options>])[] = [
  [1, { batchMax: 2, prefetchMax: 3, circuitFailures: 3 }],
  [2, { batchMax: 7, prefetchMax: 400, circuitFailures: 1_000 }],
  [3, { batchMax: 200, prefetchMax: 400, circuitFailures: 3 }],
  [4, { batchMax: 1_000, prefetchMax: 400, circuitFailures: 1_000 }],
]

for (const [seed, limits] of seeds)
  test(`whatever the store refuses or leaves unanswered, each takes effect once and lanes keep their order (P8, P23), seed ${seed}`, async (t) => {
    const random = randomFrom(seed)
    const store = memoryStore()
    const r = room(t, faultyStore(store, random))
    const plan = planOf(random)
    for (const step of plan) {
      await r.send(step)
      if (random() < 0.1) await r.send(step)
    }
    const consumer = await r.consume(failingAsPlanned(plan), {
      ...patient,
      ...limits,
      orderedBy: (message) => stepOf(message).lane,
    })
    await pauseNowAndThen(consumer, r)
    const ledger = async (): Promise<readonly string[]> =>
      (await store.transactions?.open(async ({ forHandler }) => {
        const rows = forHandler().tx.all('ledger')
        return rows.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, id]) => String(id))
      })) ?? []
    await until(
      async () => (await ledger()).length >= messages && consumer.status().inHand === 0,
      `seed ${seed}: all applied`,
    )
    const ids = await ledger()
    assert.deepEqual(ids.toSorted(), plan.map(({ id }) => id).toSorted(), `seed ${seed}`)
    for (let lane = 0; lane < lanes; lane++) {
      const sent = plan.filter((step) => step.lane === lane).map(({ id }) => id)
      const took = ids.filter((id) => sent.includes(id))
      assert.deepEqual(took, sent, `seed ${seed}, lane ${lane}`)
    }
  })
