import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type TestContext, test } from 'node:test'
import { skipWithoutServer } from '../not-run.ts'

interface Line {
  readonly name: string
  readonly url?: string
  readonly started?: boolean
  readonly because?: string
}

interface Answer {
  readonly code: number
  readonly servers: readonly Line[]
  readonly text: string
}

test('up starts what does not run, status finds it, down leaves nothing', async (t) => {
  const { run, folder } = place(t)
  const [up] = (await run('up', 'zookeeper')).servers
  if (up?.because !== undefined) return skipWithoutServer(t, 'zookeeper', up.because)
  const [again] = (await run('up', 'zookeeper')).servers
  const [status] = (await run('status', 'zookeeper')).servers
  assert.deepEqual([again?.url, status?.url], [up?.url, up?.url])
  await run('down')
  assert.ok(up?.started !== true || (await run('status', 'zookeeper')).servers[0]?.because)
  assert.deepEqual(readdirSync(folder), [])
})

test('two who want the same server at once get one', async (t) => {
  const { run } = place(t)
  const both = await Promise.all([run('up', 'zookeeper'), run('up', 'zookeeper')])
  const [one, other] = both.map(({ servers }) => servers[0])
  if (one?.because !== undefined) return skipWithoutServer(t, 'zookeeper', one.because)
  assert.equal(one?.url, other?.url)
})

test('a server that the environment names is used, or missed, and never replaced', async (t) => {
  const { run, folder } = place(t, { SEMEL_REDIS_URL: 'redis://127.0.0.1:1' })
  const { code, servers } = await run('up', 'redis')
  assert.equal(code, 1)
  assert.match(servers[0]?.because ?? '', /nobody answers at SEMEL_REDIS_URL/)
  assert.ok(readdirSync(folder).every((name) => !existsSync(join(folder, name, 'redis'))))
})

test('an unknown command or name is refused, with those there are', async (t) => {
  const { run } = place(t)
  for (const given of [['up', 'oracle'], ['sideways']]) {
    const { code, text } = await run(...given)
    assert.equal(code, 2)
    assert.match(text, /up\|down\|status[^]*postgres, mariadb/)
  }
})

/** Its own temporary folder, hence servers of its own; ended after the test. */
function place(t: TestContext, more: NodeJS.ProcessEnv = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'semel-up-'))
  chmodSync(folder, 0o755)
  const env: NodeJS.ProcessEnv = { ...process.env, TMPDIR: folder, ...more }
  delete env['NODE_TEST_CONTEXT']
  const run = (...given: readonly string[]): Promise<Answer> => servers(given, env)
  t.after(async () => {
    await run('down')
    rmSync(folder, { recursive: true, force: true })
  })
  return { run, folder }
}

function servers(given: readonly string[], env: NodeJS.ProcessEnv): Promise<Answer> {
  const module = resolve(import.meta.dirname, 'servers.ts')
  const args = ['--conditions=semel-source', module, ...given, '--json']
  return new Promise((done) => {
    execFile(process.execPath, args, { env, timeout: 60_000 }, (error, stdout, stderr) => {
      const { servers = [] } = stdout === '' ? {} : (JSON.parse(stdout) as Partial<Answer>)
      done({ code: error === null ? 0 : Number(error.code), servers, text: stdout + stderr })
    })
  })
}
