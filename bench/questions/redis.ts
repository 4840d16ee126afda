import { randomBytes } from 'node:crypto'
import { createClient } from 'redis'
import { type Once, semel } from 'semel'
import { redisStore } from 'semel/redis'
import { marker } from 'semel/strategies'
import type { Contestant, Question } from '../harness.ts'
import { type Payment, paymentAt, paymentsOf } from '../payments.ts'

type Client = ReturnType<
  typeof createClient<
    Record<never, never>,
    Record<never, never>,
    Record<never, never>,
    3,
    Record<never, never>
  >
>

/** A prefix of one measurement's own, and calls that are to be made once each. */
interface Place {
  readonly client: Client
  readonly prefix: string
  readonly calls: readonly Payment[]
  performed: number
}

const url = process.env['SEMEL_REDIS_URL'] ?? 'redis://127.0.0.1:6379'
const loops = 64

async function prepare(deliveries: number): Promise<Place> {
  const client = clientOf()
  await client.connect()
  const prefix = `semel-bench-${randomBytes(6).toString('hex')}:`
  const calls = Array.from({ length: deliveries }, (_, at) => paymentAt(at))
  return { client, prefix, calls, performed: 0 }
}

function clientOf(): Client {
  return createClient({ url }).on('error', () => undefined) as Client
}

async function close({ client, prefix }: Place): Promise<void> {
  for await (const keys of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 1_000 }))
    if (keys.length > 0) await client.unlink(keys)
  await client.close()
}

/** 64 at a time, as a server has requests. */
async function atOnce(place: Place, one: (payment: Payment) => Promise<void>): Promise<void> {
  const waiting = place.calls.values()
  await Promise.all(
    Array.from({ length: loops }, async () => {
      for (const payment of waiting) await one(payment)
    }),
  )
}

/** What people write: look, perform, mark with a time to live. */
function lookThenMark(place: Place): Promise<void> {
  const { client, prefix } = place
  return atOnce(place, async ({ id }) => {
    if ((await client.get(prefix + id)) !== null) return
    place.performed++
    await client.set(prefix + id, '1', { expiration: { type: 'EX', value: 259_200 } })
  })
}

const claim = `
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
return redis.call('GET', KEYS[1]) == 'done' and 2 or 0`
const settle = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], 'done', 'EX', 259200) return 1 end
return 0`

/** What people write who know: a lease with an owner, settled by its owner alone. */
function leaseByHand(place: Place): Promise<void> {
  const { client, prefix } = place
  return atOnce(place, async ({ id }) => {
    const keys = [prefix + id]
    const owner = randomBytes(8).toString('hex')
    if (Number(await client.eval(claim, { keys, arguments: [owner, '30000'] })) !== 1) return
    place.performed++
    await client.eval(settle, { keys, arguments: [owner] })
  })
}

async function withSemel(place: Place): Promise<void> {
  const store = redisStore(place.client, { prefix: place.prefix, persistence: 'none' })
  const strategy = marker({ because: 'a bench' })
  const points: Once<unknown, 'C'> = semel({ group: 'bench', store, strategy })
  await atOnce(place, async ({ id }) => {
    await points.run(id, () => void place.performed++)
  })
  await store.close()
}

const verify: Contestant<Place>['verify'] = ({ performed, calls }) => {
  const wanted = paymentsOf(calls.length)
  if (performed < wanted) throw new Error(`${performed} of ${wanted} were performed`)
}

export const redis: Question<Place> = {
  name: 'redis',
  asks: 'What does a record in Redis cost around a function that does nothing, 64 calls at a time, 5 % copies?',
  contestants: [
    { name: 'look-then-mark', consume: lookThenMark, verify },
    { name: 'hand-written-lease', consume: leaseByHand, verify },
    { name: 'semel', consume: withSemel, verify },
  ],
  prepare,
  close,
}
