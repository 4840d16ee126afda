import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { createConsumer, on, unchecked } from 'semel'
import { sqlitePublisher, sqliteSource, sqliteStore } from 'semel/sqlite'
import { ledger, type Options, room, until } from './kit.ts'

test('a batch handler is not called when everything in the batch was known', async (t) => {
  const r = room(t)
  const sizes: number[] = []
  const handlerBatch: Options['handlerBatch'] = (messages) => {
    sizes.push(messages.length)
    if (messages.length === 0) throw new Error('a statement with no rows')
  }
  const batchwise = { handler: undefined, handlerBatch } as unknown as Partial<Options>
  for (const id of ['a', 'b', 'c']) await r.send({ id })
  await r.consume(ledger, batchwise)
  await r.happened('applied', 3)
  for (const id of ['a', 'b', 'c']) await r.send({ id })
  await r.happened('duplicate', 3)
  assert.ok(!sizes.includes(0), `called with ${sizes.join()} messages`)
})

test('over SQLite each handler of a full batch may wait for the turns that one alone may', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'semel-turns-'))
  const file = join(folder, 'shop.db')
  const publisher = sqlitePublisher(file, { topic: 'orders' })
  await publisher.sendBatch(Array.from({ length: 500 }, (_, id) => ({ body: { id } })))
  const store = sqliteStore(file)
  const calls = new Map<number, number>()
  let applied = 0
  const stop = on('applied', ({ group }) => {
    if (group === 'turns') applied++
  })
  const consumer = createConsumer({
    group: 'turns',
    source: sqliteSource(file, { topic: 'orders' }),
    store,
    body: unchecked<{ readonly id: number }>(),
    key: ({ body }) => body.id,
    async handler({ body }) {
      calls.set(body.id, (calls.get(body.id) ?? 0) + 1)
      for (let turn = 0; turn < 3; turn++)
        await new Promise<void>((resolve) => process.nextTick(resolve))
    },
  })
  t.after(async () => {
    stop()
    await consumer.stop()
    await publisher.close()
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })
  await consumer.start()
  await until(() => applied === 500, 'all applied')
  assert.deepEqual(
    [...calls.values()].filter((times) => times > 1),
    [],
    'a handler was taken for one that waits',
  )
})
