import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import test from 'node:test'
import { utf8 } from '../../src/inbox/bytes.ts'
import { noFingerprint } from '../../src/inbox/fingerprint.ts'
import { encodeOrigin, encodeScope, identityOf } from '../../src/inbox/identity.ts'
import type { ParkedMessage } from '../../src/inbox/record.ts'
import { keepRunning } from './crew.ts'
import { type Body, group, topic } from './given.ts'
import { type Place, place } from './kit.ts'
import { until } from './until.ts'

const attemptsMax = 3
const healthy = Array.from({ length: 40 }, (_, at): Body => ({ id: `healthy-${at}` }))
const options = { attemptsMax, concurrency: 8 }

const poisons: readonly { readonly where: string; readonly body: Body }[] = [
  { where: 'its handler', body: { id: 'poison', kills: 'handler' } },
  { where: 'its decoder', body: { id: 'poison', kills: 'decoder' } },
]

for (const { where, body } of poisons)
  test(`a message that kills its process in ${where} ends dead, and no healthy one with it`, async (t) => {
    const here = place(t)
    await here.send([...healthy.slice(0, 20), body, ...healthy.slice(20)])
    const crew = keepRunning(here, 2, options)
    await until(
      async () => (await dead(here)).length > 0,
      () => 'it is not dead',
      30_000,
    )
    await until(
      async () => (await here.waiting()) === 0,
      () => 'the queue is not empty',
      20_000,
    )
    await crew.stop()

    assert.deepEqual(await dead(here), ['crashed'])
    assert.deepEqual(here.ledger().toSorted(), healthy.map(({ id }) => id).toSorted())
    // At first with others in flight, when nothing is counted; then alone, counted each time (P15).
    assert.ok(crew.deaths() >= attemptsMax, `it killed only ${crew.deaths()} times`)
    assert.ok(crew.deaths() <= attemptsMax + 3, `it killed ${crew.deaths()} times`)
    assert.ok(here.counted['applied'], 'the children told nothing')
  })

test('messages that were in flight with one that kills its process are not buried with it', async (t) => {
  const here = place(t)
  const poison: Body = { id: 'poison', kills: 'handler' }
  await inFlightAtCrash(here, [poison, ...healthy])
  const crew = keepRunning(here, 1, { attemptsMax: 2, concurrency: 8 })
  await until(
    async () => (await settled(here)) > healthy.length,
    () => here.ledger().join(),
    30_000,
  )
  await crew.stop()

  assert.deepEqual(await dead(here), ['crashed'])
  assert.deepEqual(here.ledger().toSorted(), healthy.map(({ id }) => id).toSorted())
  assert.equal(crew.deaths(), 1, 'alone, on its last attempt')
})

/** Parked after a failed attempt, and all of them leased together by a process that is no more. */
async function inFlightAtCrash({ store }: Place, bodies: readonly Body[]): Promise<void> {
  await store.prepare()
  for (const body of bodies) {
    const identity = { ...identityOf(encodeScope({ group, keyspace: topic }), body.id) }
    const known = { ...identity, fingerprint: noFingerprint }
    const outcome = {
      state: 'failed',
      reason: 'failed',
      detail: '',
      retryInMs: 0,
      counted: true,
    } as const
    await store.leases.insert([{ ...known, outcome: { ...outcome, message: parked(body) } }])
    const claimId = new Uint8Array(randomBytes(16))
    const request = { ...known, claimId, alone: false, by: 'parked' } as const
    const [claim] = await store.leases.claim([request], { leaseMs: 50, attemptsMax: 2 })
    assert.equal(claim?.kind, 'granted')
  }
}

function parked(body: Body): ParkedMessage {
  const none = { tag: undefined, key: undefined, sentAtMs: undefined, lane: undefined }
  const origin = encodeOrigin({ group, topic, instance: undefined })
  return { ...none, id: body.id, topic, origin, headers: {}, body: utf8(JSON.stringify(body)) }
}

async function settled(here: Place): Promise<number> {
  const records = [...(await here.records()).values()]
  return records.filter(({ state }) => state === 'completed' || state === 'dead').length
}

async function dead(here: Place): Promise<readonly (string | undefined)[]> {
  const records = [...(await here.records()).values()]
  return records.filter(({ state }) => state === 'dead').map(({ reason }) => reason)
}
