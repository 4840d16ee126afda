import assert from 'node:assert/strict'
import test from 'node:test'
import { type Message, type Store, semel } from 'semel'
import { memoryStore } from 'semel/memory'
import { redisLock } from 'semel/redis'
import { inbox, marker, withLock } from 'semel/strategies'
import { shop } from '../unit/redis-kit.ts'
import { lineOf, type Shop, type Tx } from './strategies-kit.ts'

interface Text {
  readonly id: string
  readonly phone: string
}
const because = 'a second text does no harm'

test('markers in Redis, under locks in Redis: each text is sent once, one phone after the other', async (t) => {
  const redis = await shop(t)
  if (redis === undefined) return
  const client = await redis.client()
  const lock = redisLock(client, { prefix: redis.prefix })
  t.after(() => lock.close())
  const line = lineOf<Text>(t, { store: redis.store(client) as unknown as Store<Tx> } as Shop)
  const texts = Array.from({ length: 20 }, (_, at) => ({ id: `t${at}`, phone: `p${at % 4}` }))
  const sent: string[] = []
  const busy = new Set<string>()
  const consumer = await line.consume({
    strategy: withLock(lock, marker({ because }), {
      resource: ({ body }: Message<Text>) => body.phone,
    }) as never,
    async handler({ body }) {
      assert.ok(!busy.has(body.phone))
      busy.add(body.phone)
      await new Promise((resolve) => setImmediate(resolve))
      busy.delete(body.phone)
      sent.push(body.id)
    },
  })
  assert.equal(consumer.assurance.level, 'C')
  await line.send(...texts, ...texts)
  await line.happened(40, 'applied', 'duplicate')
  assert.equal(new Set(sent).size, 20)
  assert.equal(sent.length, 20)
})

test('the token of a lock in Redis grows with every call', async (t) => {
  const redis = await shop(t)
  if (redis === undefined) return
  const lock = redisLock(await redis.client(), { prefix: redis.prefix })
  t.after(() => lock.close())
  const strategy = withLock(lock, inbox(), { resource: (seat: string) => seat })
  const seats = semel({ group: 'seats', store: memoryStore(), strategy })
  const tokens: bigint[] = []
  for (const key of ['a', 'b', 'c'])
    await seats.run(
      key,
      (context) => {
        tokens.push(context.lock?.token ?? 0n)
      },
      { input: '1A' },
    )
  assert.deepEqual(
    tokens.map((token, at) => token > (tokens[at - 1] ?? 0n)),
    [true, true, true],
  )
})
