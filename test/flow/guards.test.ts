import assert from 'node:assert/strict'
import test from 'node:test'
import { noFingerprint } from '../../src/inbox/fingerprint.ts'
import { encodeScope, rawIdentity } from '../../src/inbox/identity.ts'
import { ledger, room, until } from './kit.ts'

test('of a message that is decoded after crashes nothing is left under its bytes', async (t) => {
  const r = room(t)
  const id = await r.send({ id: 'a' })
  // What a crash in the decoder leaves.
  const first = await r.consume(() => new Promise(() => {}), { drainMs: 0, leaseMs: 100 })
  await until(() => first.status().running === 1, 'runs')
  await first.stop()
  const scope = encodeScope({ group: first.group, keyspace: 'orders' })
  const body = new TextEncoder().encode('{"id":"a"}')
  const raw = rawIdentity(scope, {
    topic: 'orders',
    id,
    tag: undefined,
    key: undefined,
    headers: {},
    body,
  })
  await r.store.leases.claim(
    [
      {
        ...raw,
        fingerprint: noFingerprint,
        claimId: Uint8Array.of(1),
        alone: true,
        by: 'delivery',
      },
    ],
    { leaseMs: 1, attemptsMax: 16 },
  )
  await r.consume(ledger, { leaseMs: 200 })
  await r.happened('applied')
  await until(
    async () => Object.keys(await r.records()).length === 1,
    JSON.stringify(Object.keys(await r.records())),
  )
  assert.deepEqual(Object.keys(await r.records()), ['a'])
})
