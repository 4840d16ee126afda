import assert from 'node:assert/strict'
import test from 'node:test'
import { sqliteStore } from 'semel/sqlite'
import { noFingerprint } from '../../src/inbox/fingerprint.ts'
import { encodeScope, identityOf } from '../../src/inbox/identity.ts'
import { place, refused } from './kit.ts'

const words = ['--db', 'shop.db', '--why', 'nothing at the gateway', '--who', 'ada'] as const

test('redrive leaves what is uncertain as it is, --call-again takes it back, results stay', async (t) => {
  const here = place(t)
  const store = sqliteStore(here.path('shop.db'))
  t.after(() => store.close())
  const identity = identityOf(encodeScope({ group: 'points', keyspace: 'orders' }), 'A-17')
  const claimId = Uint8Array.of(1)
  const request = { ...identity, fingerprint: noFingerprint, claimId, alone: true } as const
  const terms = { leaseMs: 60_000, attemptsMax: 16 }
  const [claim] = await store.leases.claim([{ ...request, by: 'delivery' }], terms)
  assert.ok(claim?.kind === 'granted')
  for (const step of ['charge', 'mail'])
    await store.steps.begin(claim.lease, { step, kind: 'at-most-once', intentId: claimId })
  await store.steps.finish(claim.lease, 'mail', '"sent"')
  const dead = { state: 'dead', reason: 'uncertain', detail: 'charge', message: undefined } as const
  await store.leases.settle(claim.lease, dead)
  const steps = async (): Promise<readonly string[]> =>
    (await store.steps.read(identity)).map(({ step }) => step).toSorted()

  await here.semel('inbox', 'redrive', 'A-17', ...words)
  assert.deepEqual(await steps(), ['charge', 'mail'])
  const all = await here.semel('inbox', 'redrive', '--all', '--call-again', ...words)
  assert.match(refused(all, 2), /--all takes no .* --call-again/)
  assert.deepEqual(await steps(), ['charge', 'mail'])
  const one = await here.semel('inbox', 'redrive', 'A-17', '--call-again', ...words)
  assert.equal(one.code, 0, one.stderr)
  assert.deepEqual(await steps(), ['mail'])
})
