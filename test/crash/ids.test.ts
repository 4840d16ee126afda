import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { type Store } from 'semel'
import { sqliteStore } from 'semel/sqlite'
import { noFingerprint } from '../../src/inbox/fingerprint.ts'
import { encodeScope, identityOf } from '../../src/inbox/identity.ts'
import { until } from './until.ts'

const module = join(import.meta.dirname, 'ids-worker.ts')
const leaseMs = 600

interface Worker {
  readonly child: ChildProcess
  /** So many ids, or that it has none. */
  make(times: number): Promise<readonly bigint[] | 'refused'>
  end(signal: 'SIGKILL' | 'disconnect'): Promise<void>
}

interface Place {
  readonly store: Store
  start(): Promise<Worker>
}

function place(t: TestContext): Place {
  const folder = mkdtempSync(join(tmpdir(), 'semel-ids-'))
  const file = join(folder, 'shop.db')
  const store = sqliteStore(file)
  const workers: Worker[] = []
  t.after(async () => {
    await Promise.all(workers.map((worker) => worker.end('SIGKILL')))
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    store,
    async start() {
      const child = fork(module, [file, String(leaseMs)], {
        execArgv: ['--conditions=semel-source'],
      })
      const worker = workerOf(child)
      workers.push(worker)
      const ready = once(child, 'message').then(() => true)
      const ended = once(child, 'exit').then(() => false)
      assert.ok(await Promise.race([ready, ended]), 'a worker got no number')
      return worker
    },
  }
}

function workerOf(child: ChildProcess): Worker {
  return {
    child,
    async make(times) {
      const answer = once(child, 'message')
      child.send(times)
      const [made] = (await answer) as [readonly string[] | string]
      return typeof made === 'string' ? 'refused' : made.map(BigInt)
    },
    async end(how) {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      if (how === 'disconnect') child.disconnect()
      else child.kill(how)
      await ended
    },
  }
}

/** Leaves one number free: whoever comes next has the one that somebody else had. */
async function leaveOne(store: Store): Promise<void> {
  const scope = encodeScope({ group: 'semel.ids', keyspace: 'snowflake' })
  const requests = Array.from({ length: 1_023 }, (_, worker) => ({
    ...identityOf(scope, worker),
    fingerprint: noFingerprint,
    claimId: Uint8Array.of(worker & 255, worker >> 8),
    alone: false,
    by: 'run' as const,
  }))
  const terms = { leaseMs: 600_000, attemptsMax: 16 }
  await store.leases.claim(requests.slice(0, 1_000), terms)
  await store.leases.claim(requests.slice(1_000), terms)
}

async function made(worker: Worker, times: number): Promise<readonly bigint[]> {
  const ids: bigint[] = []
  await until(
    async () => {
      const answer = await worker.make(times)
      if (answer !== 'refused') ids.push(...answer)
      return ids.length > 0
    },
    () => 'a worker makes ids',
    10_000,
  )
  return ids
}

test('processes that share a store never make one id twice, also when some are killed meanwhile', async (t) => {
  const here = place(t)
  const seen = new Set<bigint>()
  let expected = 0
  const note = (ids: readonly bigint[]): void => {
    for (const id of ids) seen.add(id)
    expected += ids.length
  }
  const stay = await Promise.all([here.start(), here.start(), here.start()])
  for (let round = 0; round < 3; round++) {
    const go = await here.start()
    const all = [...stay, go]
    for (const ids of await Promise.all(all.map((worker) => made(worker, 20_000)))) note(ids)
    await go.end('SIGKILL')
  }
  assert.equal(seen.size, expected)
  assert.equal(expected, 240_000)
})

test('a process that stood still for longer than its lease makes no id until it has a number again', async (t) => {
  const here = place(t)
  await leaveOne(here.store)
  const stopped = await here.start()
  const before = await made(stopped, 1_000)
  stopped.child.kill('SIGSTOP')
  // Comes up as soon as the lease has ended, with the same number.
  let other: Worker | undefined
  await until(
    async () => (other = await started(here)) !== undefined,
    () => 'the number is free',
    10_000,
  )
  assert.ok(other)
  const between = await made(other, 1_000)
  stopped.child.kill('SIGCONT')
  assert.equal(await stopped.make(1), 'refused')
  await other.end('disconnect')
  const after = await made(stopped, 1_000)
  const all = [...before, ...between, ...after]
  assert.equal(new Set(all).size, 3_000)
  assert.equal(new Set(all.map((id) => (id >> 12n) & 1_023n)).size, 1)
  assert.deepEqual(
    all.toSorted((a, b) => (a < b ? -1 : 1)),
    all,
    'each holder of a number names later times',
  )
})

test('the number of a killed process is given again when its lease has ended, not before', async (t) => {
  const here = place(t)
  await leaveOne(here.store)
  const killed = await here.start()
  const before = await made(killed, 1_000)
  await killed.end('SIGKILL')
  let next: Worker | undefined
  await until(
    async () => (next = await started(here)) !== undefined,
    () => 'the number is free',
    10_000,
  )
  assert.ok(next)
  const after = await made(next, 1_000)
  assert.ok((after[0] ?? 0n) > (before.at(-1) ?? 0n))
  const grantedMs = Number((after[0] ?? 0n) >> 22n)
  assert.ok(grantedMs >= Number((before[0] ?? 0n) >> 22n) + leaseMs / 2)
})

/** Undefined: no number was free. */
async function started(here: Place): Promise<Worker | undefined> {
  const [record] = await here.store.leases.read([
    identityOf(encodeScope({ group: 'semel.ids', keyspace: 'snowflake' }), 1_023),
  ])
  return (record?.leftMs ?? 0) > 0 ? undefined : here.start()
}
