import assert from 'node:assert/strict'
import test from 'node:test'
import { encodeScope, identityOf } from '../../src/inbox/identity.ts'
import { leaseFor, passed } from './faulty-stores.ts'
import { ledger, room, until } from './kit.ts'

test('P18: a redelivered innocent is not answered by the record of another message with equal bytes', async (t) => {
  const r = room(t)
  const key = (message: { readonly key: string | undefined }): string | undefined => message.key
  await r.send({ type: 'tick' })
  const first = await r.consume(() => new Promise(() => {}), { key, drainMs: 0 })
  await r.happened('dead')
  await r.send({ type: 'tick' }, { key: 'K2' })
  await until(() => first.status().running === 1, 'running')
  await first.stop()
  await r.consume((_, { tx }) => tx.set('ledger', 'K2', 'applied'), { key })
  await r.happened('applied')
  assert.deepEqual(await r.ledger(), ['applied'])
})

test('a redriven message that had no identity gets the one it has now: a resend of it is a duplicate', async (t) => {
  const r = room(t)
  let refuses = true
  const validate = (value: unknown) =>
    refuses ? { issues: [{ message: 'too strict' }] } : { value: value as { id: string } }
  const body = { '~standard': { version: 1, vendor: 'test', validate } } as const
  await r.send({ id: 'A' })
  await r.consume(ledger, { body: body as never })
  await r.happened('dead')
  const [dead] = await r.store.inspector.list({ state: 'dead', limit: 9 })
  assert.ok(dead)
  refuses = false
  await r.store.inspector.act(dead, { kind: 'redrive', who: 'anna', why: 'the schema is mended' })
  await r.happened('applied')
  await r.send({ id: 'A' })
  await r.happened('duplicate')
  assert.deepEqual(await r.ledger(), ['A attempt 1'])
  const states = Object.values(await r.records()).map(({ state }) => state)
  assert.deepEqual(states, ['completed', 'completed'])
})

test('a redriven message whose handler fails goes on under its own key', async (t) => {
  const r = room(t)
  let known = false
  let fails = true
  await r.send({ id: 'A' })
  await r.consume(
    (message, context) => {
      if (fails) throw new Error('no')
      return ledger(message, context)
    },
    { key: (message) => (known ? (message.body as { id: string }).id : undefined) },
  )
  await r.happened('dead')
  const [dead] = await r.store.inspector.list({ state: 'dead', limit: 9 })
  assert.ok(dead)
  known = true
  await r.store.inspector.act(dead, { kind: 'redrive', who: 'anna', why: 'the key is mended' })
  await r.happened('failed')
  fails = false
  await r.happened('applied')
  assert.equal((await r.records())['A']?.state, 'completed')
})

test('a redriven message whose key a crash left leased is taken over alone, not asked for ever', async (t) => {
  const r = room(t)
  let known = false
  await r.send({ id: 'A' })
  const consumer = await r.consume(ledger, {
    key: (message) => (known ? (message.body as { id: string }).id : undefined),
  })
  await r.happened('dead')
  const [dead] = await r.store.inspector.list({ state: 'dead', limit: 9 })
  assert.ok(dead)
  const A = identityOf(encodeScope({ group: consumer.group, keyspace: 'orders' }), 'A')
  await leaseFor(r.store, A, { id: 'A' }, { leaseMs: 1, attemptsMax: 9 })
  await until(() => passed(r.store, A), 'the lease of the crashed one has ended')
  known = true
  await r.store.inspector.act(dead, { kind: 'redrive', who: 'anna', why: 'the key is mended' })
  await r.happened('applied')
  assert.deepEqual(await r.ledger(), ['A attempt 1'])
})
