import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { createConsumer, DeadLetter, type Message, on, TooEarly, unchecked } from 'semel'
import { sqlitePublisher, sqliteSource, sqliteStore } from 'semel/sqlite'
import { redriveAll } from '../../src/operate/acts.ts'
import { type Handler, ledger, type Room, room, until } from './kit.ts'

interface Step {
  readonly id: string
  readonly order: string
}
const stepOf = (message: Pick<Message<unknown>, 'body'>): Step => message.body as Step
const orderedBy = (message: Message<unknown>): string => stepOf(message).order

async function send(r: Room, order: string, ids: readonly string[]): Promise<void> {
  for (const id of ids) await r.send({ id, order })
}

async function applied(r: Room): Promise<readonly string[]> {
  return (await r.ledger()).map((line) => line.split(' ')[0] ?? '')
}

/** Fails so many times for one message. */
function failing(
  id: string,
  times: number,
  error: () => unknown = () => new Error('not now'),
): Handler {
  let left = times
  return (message, context) => {
    if (stepOf(message).id === id && left-- > 0) throw error()
    ledger(message, context)
  }
}

test('behind a parked head its lane waits, in order; other lanes do not (P23)', async (t) => {
  const r = room(t)
  await send(r, 'A', ['a1', 'a2', 'a3'])
  await send(r, 'B', ['b1', 'b2'])
  await r.consume(failing('a1', 6), { orderedBy })
  await r.happened('applied', 5)
  const lines = await applied(r)
  assert.deepEqual(
    lines.filter((id) => id.startsWith('a')),
    ['a1', 'a2', 'a3'],
  )
  assert.deepEqual(lines.slice(0, 2), ['b1', 'b2'])
})

test('what arrives while its lane is parked is parked behind it, in one commit with its record', async (t) => {
  const r = room(t)
  let down = true
  await r.consume(
    (message, context) => {
      if (down && stepOf(message).id === 'a1') throw new Error('down')
      ledger(message, context)
    },
    { orderedBy, retryDelayMs: 20, retryDelayMsMax: 20, attemptsMax: 1_000 },
  )
  await send(r, 'A', ['a1', 'a2', 'a3', 'a4', 'a5'])
  await until(
    async () => (await r.store.parking.usage((await anyGroup(r)) ?? '')).messages === 5,
    'all parked',
  )
  down = false
  await r.happened('applied', 5)
  assert.deepEqual(await applied(r), ['a1', 'a2', 'a3', 'a4', 'a5'])
})

test('a message that came too early holds nobody up, and is applied when its turn comes (P25)', async (t) => {
  const r = room(t)
  const seen = new Set<string>()
  await send(r, 'A', ['late', 'first', 'second'])
  await r.consume(
    (message, context) => {
      const { id } = stepOf(message)
      if (id === 'late' && !seen.has('second')) throw new TooEarly('waits for the second')
      seen.add(id)
      ledger(message, context)
    },
    { orderedBy },
  )
  await r.happened('applied', 3)
  assert.deepEqual(await applied(r), ['first', 'second', 'late'])
})

test('a dead head lets its lane go; redriven it comes last (P25)', async (t) => {
  const r = room(t)
  await send(r, 'A', ['a1', 'a2', 'a3'])
  await r.consume(
    failing('a1', 1, () => new DeadLetter('no such account')),
    { orderedBy },
  )
  await r.happened('applied', 2)
  await r.happened('dead')
  await redriveAll(r.store.inspector, { who: 'ann', why: 'account made' })
  await r.happened('applied', 3)
  assert.deepEqual(await applied(r), ['a2', 'a3', 'a1'])
})

test('two failing messages of one lane are each waited for', async (t) => {
  const r = room(t)
  let a1 = 3
  let a3 = 3
  await send(r, 'A', ['a1', 'a2', 'a3', 'a4'])
  await r.consume(
    (message, context) => {
      const { id } = stepOf(message)
      if (id === 'a1' && a1-- > 0) throw new Error('no')
      if (id === 'a3' && a3-- > 0) throw new Error('no')
      ledger(message, context)
    },
    { orderedBy },
  )
  await r.happened('applied', 4)
  assert.deepEqual(await applied(r), ['a1', 'a2', 'a3', 'a4'])
})

test('copies of a parked message are acknowledged, and overtake nobody (P6)', async (t) => {
  const r = room(t)
  await send(r, 'A', ['a1', 'a2', 'a1', 'a2'])
  await r.consume(failing('a1', 4), { orderedBy })
  await r.happened('applied', 2)
  await r.happened('duplicate', 2)
  assert.deepEqual(await applied(r), ['a1', 'a2'])
})

test('at parkedPerLaneMax the source is paused, and parked messages are still served (P26)', async (t) => {
  const r = room(t)
  let down = true
  const consumer = await r.consume(
    (message, context) => {
      if (down) throw new Error('down')
      ledger(message, context)
    },
    {
      orderedBy,
      parkedPerLaneMax: 3,
      prefetchMax: 2,
      circuitFailures: 1_000,
      retryDelayMs: 5,
      retryDelayMsMax: 5,
      attemptsMax: 1_000,
    },
  )
  await send(
    r,
    'A',
    Array.from({ length: 30 }, (_, at) => `a${at}`),
  )
  await until(() => consumer.status().waitingFor.includes('parking'), 'paused')
  down = false
  await r.happened('applied', 30)
  assert.deepEqual(
    await applied(r),
    Array.from({ length: 30 }, (_, at) => `a${at}`),
  )
})

test('10,000 messages in 100 lanes: one lane fails for a while, the other 99 never wait, none overtakes', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'semel-lanes-'))
  const file = join(folder, 'shop.db')
  const db = new DatabaseSync(file)
  db.exec(
    'pragma journal_mode = wal; create table line (seq integer primary key, lane integer, step integer) strict',
  )
  const publisher = sqlitePublisher(file, { topic: 'steps' })
  const messages = Array.from({ length: 10_000 }, (_, at) => ({
    lane: at % 100,
    step: Math.floor(at / 100),
  }))
  await publisher.sendBatch(messages.map((body) => ({ body })))
  const store = sqliteStore(file)
  let down = true
  const consumer = createConsumer({
    group: 'lanes',
    source: sqliteSource(file, { topic: 'steps' }),
    store,
    body: unchecked<{ lane: number; step: number }>(),
    key: ({ body }) => [body.lane, body.step],
    orderedBy: ({ body }) => body.lane,
    retryDelayMs: 10,
    retryDelayMsMax: 20,
    parkedPollMs: 20,
    attemptsMax: 1_000,
    handler({ body }, { tx }) {
      if (down && body.lane === 7) throw new Error('lane 7 is down')
      tx.prepare('insert into line (lane, step) values (?, ?)').run(body.lane, body.step)
    },
  })
  let count = 0
  const stop = on('applied', ({ group }) => {
    if (group === 'lanes') count++
  })
  t.after(async () => {
    stop()
    await consumer.stop()
    await publisher.close()
    await store.close()
    db.close()
    rmSync(folder, { recursive: true, force: true })
  })
  await consumer.start()
  await until(() => count === 9_900, 'the other 99 lanes are done', 30_000)
  down = false
  await until(() => count === 10_000, 'lane 7 is done', 30_000)
  const rows = db.prepare('select lane, step from line order by seq').all() as unknown as readonly {
    lane: number
    step: number
  }[]
  assert.equal(rows.length, 10_000)
  const next = new Map<number, number>()
  for (const { lane, step } of rows) {
    assert.equal(step, next.get(lane) ?? 0, `lane ${lane}`)
    next.set(lane, step + 1)
  }
})

async function anyGroup(r: Room): Promise<string | undefined> {
  const [record] = Object.values(await r.records())
  const { decodeScope } = await import('../../src/inbox/identity.ts')
  return record && decodeScope(record.scope).group
}

for (const [where, parkedFirst] of [
  ['a fast batch', false],
  ['a batch of parked ones', true],
] as const)
  test(`who left ${where} first does not go on before one that stands before it in its lane`, async (t) => {
    const r = room(t)
    const calls = new Map<string, number>()
    const failures = parkedFirst ? [1, 3, 4] : [2, 3]
    for (let at = 0; at < 6; at++) await r.send({ id: `w${at}`, order: `w${at}` })
    const handler: Handler = async (message, context) => {
      const { id } = stepOf(message)
      const call = (calls.get(id) ?? 0) + 1
      calls.set(id, call)
      // A time-out spoils the transaction: its message leaves, and the others run again.
      if (id === 'a2' && call === 1)
        await new Promise((resolve) => setTimeout(resolve, 200).unref())
      if (id === 'a1' && failures.includes(call)) throw new Error('not now')
      ledger(message, context)
    }
    const limits = {
      performMsMax: 60,
      retryDelayMs: 100,
      retryDelayMsMax: 100,
      batchMsMax: 10_000,
      batchWaitMs: 50,
    }
    await r.consume(handler, { orderedBy, ...limits })
    await r.happened('applied', 6)
    await send(r, 'A', ['a1', 'a2'])
    await r.happened('applied', 8)
    assert.deepEqual((await applied(r)).slice(6), ['a1', 'a2'])
  })

test('an order over a source that has none is refused at the start (P28)', async (t) => {
  const r = room(t)
  const source = r.source()
  const unordered = { ...source, capabilities: { ...source.capabilities, order: 'none' as const } }
  await assert.rejects(r.consume(ledger, { orderedBy, source: unordered }), {
    code: 'SEMEL_ORDER_MISSING',
  })
})
