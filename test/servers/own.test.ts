import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { until } from '../crash/until.ts'
import { runFolder } from './instance.ts'
import { kinds, serverNames } from './kinds.ts'
import { rowOf } from './row.ts'
import { ownServerFor, type ServerName, serverFor } from './server.ts'

const withRows = ['postgres', 'mariadb', 'mysql', 'redis', 'zookeeper'] as const

for (const name of serverNames)
  test(`${name}: the shared server answers, and is the same for everybody`, async (t) => {
    const found = await serverFor(t, name)
    if (found === undefined) return
    assert.match(await kinds[name].probe(found.url), /\d/)
    assert.deepEqual(await serverFor(t, name), found)
  })

for (const name of withRows)
  test(`${name}: an own server keeps what it answered over SIGKILL, stop and restart`, async (t) => {
    const own = await ownServerFor(t, name)
    if (own === undefined) return
    const row = rowOf(name, own.url)
    await row.write('first')
    await own.kill('SIGKILL')
    await assert.rejects(kinds[name].probe(own.url))
    await own.restart()
    assert.equal(await row.read(), 'first')
    await row.write('second')
    await own.stop()
    await own.restart()
    assert.equal(await row.read(), 'second')
  })

for (const name of withRows.filter((each) => kinds[each].readOnly !== undefined))
  test(`${name}: a server restarted as read-only refuses writes, and still reads`, async (t) => {
    const own = await ownServerFor(t, name)
    if (own === undefined) return
    const row = rowOf(name, own.url)
    await row.write('before')
    await own.restart(own.readOnly)
    await assert.rejects(row.write('after'))
    assert.equal(await row.read(), 'before')
  })

test('postgres: SIGKILL takes along what it was doing, so that a restart is possible at once', async (t) => {
  const own = await ownServerFor(t, 'postgres', { max_connections: '17' })
  if (own === undefined) return
  const [client, other] = [await connected(own.url), await connected(own.url)]
  const { rows } = await client.query('show max_connections')
  assert.deepEqual(rows, [{ max_connections: '17' }])
  // Nothing in this looks whether the server lives.
  const busy = client
    .query('do $$ begin loop perform 1; end loop; end $$')
    .then(String, () => 'lost')
  const seen = "select from pg_stat_activity where state = 'active' and query like 'do %'"
  await until(
    async () => (await other.query(seen)).rowCount === 1,
    () => 'it is busy',
    5000,
  )
  await own.kill('SIGKILL')
  assert.equal(await Promise.race([busy, pause(5000, 'still there', { ref: false })]), 'lost')
  await own.restart()
})

for (const name of ['postgres', 'redis', 'pgbouncer'] as const)
  test(`${name}: the end of an own server leaves neither process nor folder`, async (t) => {
    const own = await ownServerFor(t, name)
    if (own === undefined) return
    const pid = own.pid()
    await own.kill('SIGKILL')
    await own.restart()
    assert.notEqual(own.pid(), pid)
    await own.end()
    assert.ok(!existsSync(`/proc/${own.pid()}/exe`))
    assert.deepEqual(foldersOf(name, own.port), [])
  })

function foldersOf(name: ServerName, port: number): readonly string[] {
  return readdirSync(runFolder()).filter((entry) => entry === `${name}-${port}`)
}

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  return client
}
