import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test, { type TestContext } from 'node:test'
import { migrateSqlite, sqliteMigrations, sqlitePublisher, sqliteStore } from 'semel/sqlite'

function scratchFile(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'semel-migrate-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'shop.db')
}

function read(file: string, sql: string): readonly object[] {
  const database = new DatabaseSync(file)
  try {
    return database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }))
  } finally {
    database.close()
  }
}

const names = sqliteMigrations.map(({ name }) => name)

test('migrations are numbered without a gap, and named by their numbers', () => {
  for (const [at, { version, name }] of sqliteMigrations.entries()) {
    assert.equal(version, at + 1)
    assert.match(name, new RegExp(`^${String(version).padStart(4, '0')}_`))
  }
})

test('the tables are those of the snapshot, whose difference is what a migration does', async (context) => {
  const file = scratchFile(context)
  assert.deepEqual(await migrateSqlite(file), names)
  const made = read(file, 'select sql from sqlite_schema where sql is not null order by type, name')
  const text = `${made.map((row) => (row as { sql: string }).sql).join(';\n\n')};\n`
  assert.equal(text, readFileSync(join(import.meta.dirname, 'sqlite.schema.sql'), 'utf8'))
  const loose = read(
    file,
    "select name from pragma_table_list where schema = 'main' and not strict",
  )
  assert.deepEqual(
    loose.filter((row) => !(row as { name: string }).name.startsWith('sqlite_')),
    [],
  )
})

test('a second migration has nothing to do and changes nothing', async (context) => {
  const file = scratchFile(context)
  await migrateSqlite(file)
  const before = read(file, 'select * from semel_schema')
  assert.deepEqual(await migrateSqlite(file), [])
  assert.deepEqual(read(file, 'select * from semel_schema'), before)
})

test('processes that begin on a new file at once all find their tables, each made once', async (context) => {
  const file = scratchFile(context)
  const program = `
    const { migrateSqlite } = await import('semel/sqlite')
    process.stdin.once('data', async () => {
      console.log(JSON.stringify(await migrateSqlite(process.argv[1])))
      process.exit()
    })
    console.log('ready')`
  const options = ['--conditions=semel-source', '--input-type=module', '-e', program, file]
  const children = [1, 2, 3].map(() => spawn(process.execPath, options, { stdio: 'pipe' }))
  const outputs = children.map(() => '')
  for (const [at, child] of children.entries())
    child.stdout.on('data', (chunk) => {
      outputs[at] += String(chunk)
    })
  await Promise.all(children.map((child) => once(child.stdout, 'data')))
  const ended = children.map((child) => once(child, 'exit'))
  for (const child of children) child.stdin.write('go\n')
  const codes = (await Promise.all(ended)).map(([code]) => code)
  assert.deepEqual(codes, [0, 0, 0])
  const done = outputs.flatMap((output) => JSON.parse(output.split('\n')[1] ?? '') as string[])
  assert.deepEqual(done.sort(), names)
})

test('a file of a newer version is refused, and left as it is', async (context) => {
  const file = scratchFile(context)
  await migrateSqlite(file)
  const database = new DatabaseSync(file)
  database.exec(
    "insert into semel_schema (version, name, migrated_ms) values (99, '0099_later', 1)",
  )
  database.close()
  const ahead = { code: 'SEMEL_SCHEMA_AHEAD' }
  const store = sqliteStore(file)
  await assert.rejects(store.prepare(), ahead)
  await assert.rejects(store.leases.read([]), ahead)
  await store.close()
  const publisher = sqlitePublisher(file, { topic: 'orders' })
  await assert.rejects(publisher.send({ body: 1 }), ahead)
  await publisher.close()
  await assert.rejects(migrateSqlite(file), ahead)
})

test('a migration that fails leaves the version before it', async (context) => {
  const file = scratchFile(context)
  const database = new DatabaseSync(file)
  database.exec('create table semel_queue_message (something text)')
  database.close()
  await assert.rejects(migrateSqlite(file), /semel_queue_message/)
  assert.deepEqual(read(file, 'select max(version) as version from semel_schema'), [{ version: 1 }])
})

test('what is printed for people makes the same tables when they run it themselves', async (context) => {
  const file = scratchFile(context)
  const database = new DatabaseSync(file)
  for (const { sql } of sqliteMigrations) database.exec(`begin immediate; ${sql} commit`)
  database.close()
  assert.deepEqual(await migrateSqlite(file), [])
  const store = sqliteStore(file)
  await store.prepare()
  await store.close()
})
