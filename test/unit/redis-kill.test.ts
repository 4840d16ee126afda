import assert from 'node:assert/strict'
import test from 'node:test'
import type { Store } from 'semel'
import { redisStore } from 'semel/redis'
import { ownServerFor } from '../servers/server.ts'
import { clients, completed, identity, request, terms } from './redis-kit.ts'

const kills = 5
/** Acknowledged between two kills. */
const writes = 300
const writers = 8

for (const [name, connect] of clients)
  test(`${name}: what a server that writes each commit to its file has acknowledged outlives kill -9`, async (t) => {
    const own = await ownServerFor(t, 'redis', { appendfsync: 'always' })
    if (own === undefined) return
    const { client, close } = await connect(own.url)
    t.after(close)
    const store = redisStore(client, { commandMsMax: 500 })
    await store.prepare()
    const acknowledged: string[] = []
    for (let kill = 1; kill <= kills; kill++) {
      let running = true
      const working = Array.from({ length: writers }, async (_, writer) => {
        for (let at = 0; running; at++) {
          const key = `${kill}/${writer}/${at}`
          if (await settled(store, key)) acknowledged.push(key)
        }
      })
      while (acknowledged.length < kill * writes) await new Promise(setImmediate)
      await own.kill('SIGKILL')
      running = false
      await own.restart()
      await Promise.all(working)
    }
    await back(store)
    const records = await store.leases.read(acknowledged.map((key) => identity(key)))
    const lost = acknowledged.filter((_, at) => records[at]?.result !== '1')
    assert.deepEqual(lost, [])
    assert.ok(acknowledged.length >= kills * writes)
    const [counted] = await store.inspector
      .count('points')
      .then((counts) => counts.filter(({ state }) => state === 'completed'))
    assert.ok((counted?.records ?? 0) >= acknowledged.length)
  })

/** Whether Redis has said so. */
async function settled({ leases }: Store, key: string): Promise<boolean> {
  try {
    const [claim] = await leases.claim([request(key)], terms)
    if (claim?.kind !== 'granted') return false
    return (await leases.settle(claim.lease, completed('1'))) === 'settled'
  } catch (error) {
    assert.match(
      String((error as { code?: unknown }).code),
      /^SEMEL_(STORE_UNAVAILABLE|OUTCOME_UNKNOWN)$/,
    )
    return false
  }
}

/** Until the client has found the server again. */
async function back(store: Store): Promise<void> {
  for (let left = 20; left > 0; left--)
    try {
      return void (await store.leases.read([identity('any')]))
    } catch {
      // Each try waits for as long as a command may take.
    }
  assert.fail('the client does not come back')
}
