import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import test from 'node:test'
import { Pool } from 'pg'
import { semel } from 'semel'
import { postgresStore } from 'semel/postgres'
import { sqliteStore } from 'semel/sqlite'
import { serverFor } from '../servers/server.ts'
import { place } from './kit.ts'

const adopting = ['--group', 'points', '--keyspace', 'orders', '--json']

test('keys that another tool has processed do not take effect again, whatever their content', async (t) => {
  const { path, semelWith } = place(t)
  const store = sqliteStore(path('shop.db'))
  await store.prepare()
  const input = 'A-17\nA-18\n\n42\nA-17\n'
  const words = ['inbox', 'adopt', '-', '--db', path('shop.db'), ...adopting]
  assert.deepEqual((await semelWith({ input }, ...words)).json, { adopted: 3, known: 1 })
  assert.deepEqual((await semelWith({ input }, ...words)).json, { adopted: 0, known: 4 })
  const points = semel({ group: 'points', name: 'orders', store })
  const performed: unknown[] = []
  for (const key of ['A-17', 42, '42', 'A-19'])
    await points.run(key, () => void performed.push(key), { fingerprint: ['anything'] })
  assert.deepEqual(performed, ['A-19'])
  await store.close()
})

test('a database is named by its URL, with its tables made by migrate', async (t) => {
  const found = await serverFor(t, 'postgres')
  if (found === undefined) return
  const name = `semel_test_${randomBytes(6).toString('hex')}`
  const admin = new Pool({ connectionString: found.url, max: 1 })
  await admin.query(`create database ${name}`)
  t.after(async () => {
    await admin.query(`drop database ${name} with (force)`)
    await admin.end()
  })
  const url = found.url.replace(/\/[^/]*$/, `/${name}`)
  const { semel: command, semelWith } = place(t)
  const missing = await command('inbox', 'list', '--db', url)
  assert.match(missing.stderr, /SEMEL_SCHEMA_MISSING/)
  assert.equal((await command('migrate', '--db', url)).stdout.trim(), '0001_inbox')
  const words = ['inbox', 'adopt', '-', '--db', url, ...adopting]
  assert.deepEqual((await semelWith({ input: 'A-17\n' }, ...words)).json, { adopted: 1, known: 0 })
  const pool = new Pool({ connectionString: url, max: 2 })
  pool.on('error', () => undefined)
  const points = semel({ group: 'points', name: 'orders', store: postgresStore(pool) })
  assert.equal(await points.run('A-17', () => 30), undefined)
  await pool.end()
})

test('a URL that nobody knows is refused with the known ones', async (t) => {
  const { semel: command } = place(t)
  const { code, stderr } = await command('inbox', 'list', '--db', 'oracle://shop')
  assert.equal(code, 2)
  assert.match(stderr, /oracle:\/\/; it knows files and postgres/)
})
