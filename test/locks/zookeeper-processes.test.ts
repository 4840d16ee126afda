import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { resource, type Shop, shop, taken } from './zookeeper-kit.ts'

const rounds = 25

function start(t: TestContext, { url, root }: Shop, ...more: readonly string[]): ChildProcess {
  const words = [new URL(url).host, root, resource, ...more]
  const child = fork(join(import.meta.dirname, 'zookeeper-worker.ts'), words)
  t.after(() => child.kill('SIGKILL'))
  return child
}

test('processes that contend never overlap, and each grant has a higher token than those before', async (t) => {
  const here = await shop(t)
  if (here === undefined) return
  const folder = mkdtempSync(join(tmpdir(), 'semel-lock-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'tokens')
  const children = [1, 2, 3].map(() => start(t, here, String(rounds), file))
  const ended = await Promise.all(children.map((child) => once(child, 'exit')))
  assert.deepEqual(
    ended.map(([code]) => code as number),
    [0, 0, 0],
  )
  const tokens = readFileSync(file, 'utf8').trim().split('\n').map(BigInt)
  assert.equal(tokens.length, 3 * rounds)
  assert.ok(tokens.every((token, at) => at === 0 || token > (tokens[at - 1] ?? token)))
  assert.deepEqual(await here.nodes(), [])
})

test('a holder that is killed leaves the lock to the next one within its session, with a higher token', async (t) => {
  const here = await shop(t)
  if (here === undefined) return
  const child = start(t, here)
  const [{ token }] = (await once(child, 'message')) as [{ token: string }]
  const lock = here.lock(await here.client())
  assert.equal(await lock.acquire(resource, { waitMs: 0 }), undefined)
  const waiting = taken(lock)
  child.kill('SIGKILL')
  const next = await waiting
  assert.ok(next.token > BigInt(token))
})
