import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import test from 'node:test'
import type { Source } from 'semel'
import { sqlitePublisher, sqliteQueue, sqliteSource } from 'semel/sqlite'
import { change, clients, coded, rows, scratch, type Scratch, until } from './sqlite-kit.ts'

const points = { group: 'points', instance: undefined }
const soon = (): AbortSignal => AbortSignal.timeout(10_000)

async function opened(
  { file, open, keep }: Scratch,
  given: { readonly group?: string; readonly holdMs?: number; readonly tag?: string } = {},
): Promise<Source> {
  const { group = 'points', ...options } = given
  const source = keep(sqliteSource(file, { topic: 'orders', open, ...options }))
  await source.open({ ...points, group })
  return source
}

async function sent({ file, open }: Scratch, count: number, tag?: string): Promise<void> {
  const publisher = sqlitePublisher(file, { topic: 'orders', open })
  const all = Array.from({ length: count }, (_, body) => ({ body, ...(tag && { tag }) }))
  await publisher.sendBatch(all)
  await publisher.close()
}

/** A consumer in a process of its own, which says what it takes, one number a line. */
function consumer(file: string, settle: 'ack' | 'keep', holdMs = 60_000): ChildProcess {
  const program = `
    const { sqliteSource } = await import('semel/sqlite')
    const [file, settle, holdMs] = process.argv.slice(1)
    const source = sqliteSource(file, { topic: 'orders', holdMs: Number(holdMs) })
    await source.open({ group: 'points', instance: undefined })
    const never = new AbortController().signal
    for (;;) {
      const taken = await source.pull(5, never)
      if (settle === 'ack') await source.ack(taken)
      for (const { message } of taken) console.log(Buffer.from(message.body).toString())
    }`
  const options = ['--conditions=semel-source', '--input-type=module', '-e', program]
  return spawn(process.execPath, [...options, file, settle, String(holdMs)], { stdio: 'pipe' })
}

function linesOf(child: ChildProcess): string[] {
  const lines: string[] = []
  child.stdout?.on('data', (chunk) => lines.push(...String(chunk).trim().split('\n')))
  return lines
}

async function killed(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

test('the consumers of a group share its messages over processes, none lost and none twice', async (context) => {
  const shop = scratch(context)
  await opened(shop)
  const children = [consumer(shop.file, 'ack'), consumer(shop.file, 'ack')]
  context.after(() => children.map((child) => child.kill('SIGKILL')))
  const lines = children.map(linesOf)
  const mine: string[] = []
  const source = await opened(shop)
  for (let batch = 0; batch < 10; batch++) await sent(shop, 30)
  await until(async () => {
    const taken = await source.pull(3, AbortSignal.timeout(20))
    await source.ack(taken)
    mine.push(...taken.map(({ message }) => Buffer.from(message.body).toString()))
    return mine.length + lines.flat().length >= 300
  })
  const all = [...mine, ...lines.flat()].map(Number).sort((a, b) => a - b)
  const expected = Array.from({ length: 300 }, (_, at) => Math.floor(at / 10))
  assert.deepEqual(all, expected)
  await Promise.all(children.map(killed))
})

test('what a killed process had in hand comes again when its hold has ended, and says so', async (context) => {
  const shop = scratch(context)
  await sent(shop, 5)
  const child = consumer(shop.file, 'keep', 300)
  const lines = linesOf(child)
  await until(() => lines.length === 5)
  await killed(child)
  const source = await opened(shop)
  const again = await source.pull(10, soon())
  assert.equal(again.length, 5)
  for (const { redelivered, deliveryCount } of again)
    assert.deepEqual([redelivered, deliveryCount], [true, 2])
})

test('a message of another process arrives though nothing rings here', async (context) => {
  const shop = scratch(context)
  const source = await opened(shop)
  const pulling = source.pull(1, soon())
  const program = `
    const { sqlitePublisher } = await import('semel/sqlite')
    await sqlitePublisher(process.argv[1], { topic: 'orders' }).send({ body: 17 })`
  const options = ['--conditions=semel-source', '--input-type=module', '-e', program, shop.file]
  const child = spawn(process.execPath, options)
  const [delivery] = await pulling
  assert.equal(Buffer.from(delivery?.message.body ?? []).toString(), '17')
  if (child.exitCode === null) await once(child, 'exit')
})

for (const [client, open] of clients) {
  test(`${client}: what every group has had is removed, and nothing before`, async (context) => {
    const shop = scratch(context, open)
    const [first, second] = [await opened(shop), await opened(shop, { group: 'mail', tag: 'PAID' })]
    await sent(shop, 10, 'PAID')
    await sent(shop, 10, 'SENT')
    const kept = (): number => rows(shop, 'select seq from semel_queue_message').length
    await first.ack(await first.pull(20, soon()))
    await first.pull(1, AbortSignal.timeout(50))
    assert.equal(kept(), 20)
    await second.ack(await second.pull(20, soon()))
    await second.pull(1, AbortSignal.timeout(50))
    await until(async () => (await first.pull(1, AbortSignal.timeout(50))).length + kept() === 0)
    assert.deepEqual(rows(shop, 'select * from semel_queue_delivery'), [])
  })
}

test('what a crash left behind is removed by a source that has nothing else to do', async (context) => {
  const shop = scratch(context)
  await sent(shop, 1_000)
  const source = await opened(shop)
  change(shop, 'update semel_queue_subscription set cursor = 990')
  const taken = await source.pull(20, soon())
  assert.equal(taken.length, 10)
  await until(async () => {
    await source.pull(1, AbortSignal.timeout(50))
    return rows(shop, 'select 1 from semel_queue_message').length === 10
  })
})

test('a topic without groups keeps its messages for the first one', async (context) => {
  const shop = scratch(context)
  await sent(shop, 3)
  const other = shop.keep(sqliteSource(shop.file, { topic: 'others', open: shop.open }))
  await other.open(points)
  await other.pull(1, AbortSignal.timeout(50))
  assert.equal((await (await opened(shop)).pull(10, soon())).length, 3)
})

test('messages, delays and what is in hand outlive the process that had them', async (context) => {
  const shop = scratch(context)
  const publisher = sqlitePublisher(shop.file, { topic: 'orders' })
  await publisher.send({ body: 1, delay: 300, headers: { trace: 'a' }, tag: 'PAID', key: 'A-17' })
  await publisher.close()
  const first = await opened(shop)
  assert.deepEqual(await first.pull(1, AbortSignal.timeout(50)), [])
  await first.close()
  const [delivery] = await (await opened(shop)).pull(1, soon())
  const { headers, tag, key } = delivery?.message ?? {}
  assert.deepEqual({ headers, tag, key }, { headers: { trace: 'a' }, tag: 'PAID', key: 'A-17' })
  assert.equal(delivery?.redelivered, false)
})

test('an operator sees topics, groups and what is left for them', async (context) => {
  const shop = scratch(context)
  const queue = shop.keep(sqliteQueue(shop.file))
  const source = await opened(shop)
  const publisher = shop.keep(sqlitePublisher(shop.file, { topic: 'orders' }))
  await publisher.sendBatch([1, 2, 3, 4].map((body) => ({ body })))
  await publisher.send({ body: 5, delay: '1h' })
  await publisher.send({ body: 6, topic: 'others' })
  const [first, second] = await source.pull(2, soon())
  assert.ok(first && second)
  await source.nack([second], 600_000)
  const expected = [
    {
      topic: 'orders',
      messages: 5,
      bytes: 5,
      groups: [{ group: 'points', instance: undefined, waiting: 2, inFlight: 1, delayed: 2 }],
    },
    { topic: 'others', messages: 1, bytes: 1, groups: [] },
  ]
  assert.deepEqual(await queue.list(), expected)
  const peeked = await queue.peek('orders', 2)
  assert.deepEqual(
    peeked.map(({ body }) => Buffer.from(body).toString()),
    ['1', '2'],
  )
  assert.deepEqual(await queue.list(), expected)
})

test('a group that is removed holds nothing back, and its open sources say so', async (context) => {
  const shop = scratch(context)
  const queue = shop.keep(sqliteQueue(shop.file))
  const source = await opened(shop)
  const other = await opened(shop, { group: 'mail' })
  await sent(shop, 3)
  await source.pull(1, soon())
  await other.ack(await other.pull(3, soon()))
  assert.equal(await queue.removeGroup({ topic: 'orders', group: 'points' }), true)
  assert.equal(await queue.removeGroup({ topic: 'orders', group: 'points' }), false)
  await assert.rejects(source.pull(1, soon()), coded('SEMEL_SOURCE_CLOSED'))
  await until(async () => {
    await other.pull(1, AbortSignal.timeout(50))
    return (await queue.list())[0]?.messages === 0
  })
})

test('old messages are pruned whoever waits for them, and the rest is delivered', async (context) => {
  const shop = scratch(context)
  const queue = shop.keep(sqliteQueue(shop.file))
  const source = await opened(shop, { holdMs: 100 })
  await sent(shop, 1_200)
  await source.pull(10, soon())
  change(shop, 'update semel_queue_message set sent_ms = sent_ms - 60000 where seq <= 1100')
  assert.equal(await queue.prune('orders', 30_000), 1_100)
  assert.equal(await queue.prune('orders', 30_000), 0)
  const rest = await source.pull(1_000, soon())
  assert.equal(rest.length, 100)
  assert.equal(rows(shop, 'select 1 from semel_queue_delivery').length, 100)
})

test('what is looked up while consuming is found by an index', async (context) => {
  const shop = scratch(context)
  await opened(shop)
  const { inbox, parking, queue } = await import('../../src/sqlite/statements.gen.ts')
  const { append: _, after: __, topics: ___, subscriptions: ____, ...queued } = queue
  const hot = [
    [inbox.read, inbox.remove, inbox.sealed, inbox.writeResult, inbox.prunable, inbox.listScopes],
    [parking.message, parking.drop, parking.due, parking.usage],
    Object.values(queued),
  ].flat()
  for (const sql of hot) {
    const plan = rows(shop, `explain query plan ${sql}`).map(({ detail }) => String(detail))
    assert.ok(!plan.some((step) => step.startsWith('SCAN')), `${sql}\n${plan.join('\n')}`)
  }
})
