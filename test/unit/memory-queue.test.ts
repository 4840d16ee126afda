import assert from 'node:assert/strict'
import test from 'node:test'
import { memoryPublisher, memoryQueue, memorySource } from 'semel/memory'
import { manualClock } from 'semel/testing'

const signal = new AbortController().signal
const subscription = { group: 'points', instance: undefined }

test('a delayed message wakes a waiting pull when its time comes by the system clock', async () => {
  const queue = memoryQueue()
  const source = memorySource(queue, { topic: 'orders' })
  await source.open(subscription)
  const pulling = source.pull(1, signal)
  await memoryPublisher(queue, { topic: 'orders' }).send({ body: 1, delay: 40 })
  assert.equal((await pulling).length, 1)
  await source.close()
})

test('a message that is sent wakes a waiting pull at once', async () => {
  const queue = memoryQueue({ clock: manualClock() })
  const source = memorySource(queue, { topic: 'orders' })
  await source.open(subscription)
  let waited = 0
  for (let round = 0; round < 5; round++) {
    const pulling = source.pull(1, signal)
    await memoryPublisher(queue, { topic: 'orders' }).send({ body: round })
    const sinceMs = performance.now()
    await source.ack(await pulling)
    waited += performance.now() - sinceMs
  }
  assert.ok(waited < 50, `five messages waited ${waited} ms`)
  await source.close()
})

test('what every group has acknowledged is forgotten, and a new group begins after it', async () => {
  const queue = memoryQueue()
  const publisher = memoryPublisher(queue, { topic: 'orders' })
  await publisher.sendBatch(Array.from({ length: 600 }, (_, body) => ({ body })))
  const first = memorySource(queue, { topic: 'orders' })
  await first.open(subscription)
  await first.ack(await first.pull(600, signal))
  const second = memorySource(queue, { topic: 'orders' })
  await second.open({ group: 'late', instance: undefined })
  const [delivery] = await second.pull(1, signal)
  const body = Number(new TextDecoder().decode(delivery?.message.body))
  assert.ok(body >= 512, `the first message kept is ${body}`)
})

test('what one group has not acknowledged is kept for it, however much another one has', async () => {
  const queue = memoryQueue()
  const [fast, slow] = [
    memorySource(queue, { topic: 'orders' }),
    memorySource(queue, { topic: 'orders' }),
  ]
  await fast.open(subscription)
  await slow.open({ group: 'slow', instance: undefined })
  const publisher = memoryPublisher(queue, { topic: 'orders' })
  await publisher.sendBatch(Array.from({ length: 600 }, (_, body) => ({ body })))
  await fast.ack(await fast.pull(600, signal))
  assert.equal((await slow.pull(600, signal)).length, 600)
})

test('a memory source that was not opened says so', async () => {
  const source = memorySource(memoryQueue(), { topic: 'orders' })
  await assert.rejects(source.pull(1, signal), /has not been opened/)
})

test('options that are unknown or out of range are refused', () => {
  const queue = memoryQueue()
  assert.throws(() => memorySource(queue, { topic: 'orders', holdMs: 5 }), {
    code: 'SEMEL_OPTION_INVALID',
  })
  const misspelt = { topic: 'orders', inflightMax: 5 }
  assert.throws(() => memoryPublisher(queue, misspelt), { code: 'SEMEL_OPTION_UNKNOWN' })
})

test('two hundred thousand delayed messages keep nobody from what comes after them', async () => {
  const queue = memoryQueue()
  const publisher = memoryPublisher(queue, { topic: 'orders' })
  const delayed = Array.from({ length: 200_000 }, () => ({ body: 0, delay: 60_000 }))
  await publisher.sendBatch(delayed)
  const source = memorySource(queue, { topic: 'orders' })
  await source.open(subscription)
  const pulling = source.pull(1, signal)
  await publisher.send({ body: 1 })
  assert.equal((await pulling).length, 1)
  await source.close()
})

test('what one group does to the bytes of its delivery another group, and the next delivery, does not see', async () => {
  const queue = memoryQueue()
  await memoryPublisher(queue, { topic: 'orders' }).send({ body: 17, headers: { trace: 'a' } })
  for (const group of ['points', 'mails']) {
    const source = memorySource(queue, { topic: 'orders' })
    await source.open({ group, instance: undefined })
    for (let delivery = 0; delivery < 2; delivery++) {
      const [got] = await source.pull(1, signal)
      assert.ok(got)
      assert.equal(Buffer.from(got.message.body).toString(), '17')
      assert.deepEqual(got.message.headers, { trace: 'a' })
      got.message.body.fill(0)
      Object.assign(got.message.headers, { trace: 'b' })
      await source.nack([got], 0)
    }
    await source.close()
  }
})
