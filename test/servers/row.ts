// One value in a server, by its own client on a connection of its own, as a user who may not override read-only.
import type { Client } from 'node-zookeeper-client'
import type { ServerName } from './kind.ts'

interface Row {
  write(value: string): Promise<void>
  read(): Promise<string | undefined>
}

type Rows = Readonly<Record<Exclude<ServerName, 'pgbouncer'>, (url: string) => Row>>

const rows: Rows = {
  postgres: (url) => ({
    write: (value) =>
      inPostgres(url, [
        'create table if not exists one (id int primary key, value text)',
        `insert into one values (1, '${value}') on conflict (id) do update set value = excluded.value`,
      ]),
    read: () => inPostgres(url, ['select value from one']),
  }),
  mariadb: rowOfMysql,
  mysql: rowOfMysql,
  redis: (url) => ({
    write: async (value) => void (await inRedis(url, ['SET', 'one', value])),
    read: () => inRedis(url, ['GET', 'one']),
  }),
  zookeeper: rowOfZookeeper,
}

export function rowOf(name: keyof Rows, url: string): Row {
  return rows[name](url)
}

async function inPostgres(url: string, statements: readonly string[]): Promise<never> {
  const { Client } = (await import('pg')).default
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    let value: unknown
    for (const statement of statements) value = (await client.query(statement)).rows[0]?.value
    return value as never
  } finally {
    await client.end()
  }
}

function rowOfMysql(url: string): Row {
  let made = false
  return {
    async write(value) {
      const setUp = [
        'create database if not exists one',
        'create table if not exists one.one (id int primary key, value varchar(20))',
        "grant all on one.* to app@'127.0.0.1' identified by ''",
      ]
      if (!made) await inMysql(url, setUp)
      made = true
      await inMysql(asApp(url), [`replace into one.one values (1, '${value}')`])
    },
    read: () => inMysql(asApp(url), ['select value from one.one']),
  }
}

function asApp(url: string): string {
  return url.replace('root@', 'app@')
}

async function inMysql(uri: string, statements: readonly string[]): Promise<never> {
  const { createConnection } = await import('mysql2/promise')
  const connection = await createConnection({ uri })
  try {
    let value: unknown
    for (const statement of statements) {
      const [answer] = await connection.query(statement)
      value = Array.isArray(answer) ? (answer[0] as { value: string }).value : undefined
    }
    return value as never
  } finally {
    await connection.end()
  }
}

async function inRedis(url: string, command: readonly string[]): Promise<never> {
  const { createClient } = await import('redis')
  const client = createClient({ url, socket: { reconnectStrategy: false } })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.sendCommand([...command])) as never
  } finally {
    client.destroy()
  }
}

function rowOfZookeeper(url: string): Row {
  const path = '/one'
  return {
    write: (value) =>
      inZookeeper(url, async (client) => {
        const data = Buffer.from(value)
        const there = await told<unknown>((done) => client.exists(path, done))
        if (there) await told((done) => client.setData(path, data, done))
        else await told((done) => client.create(path, data, done))
      }),
    read: (): Promise<string> =>
      inZookeeper(url, async (client) =>
        String(await told<Buffer>((done) => client.getData(path, done))),
      ),
  }
}

async function inZookeeper<R>(url: string, work: (client: Client) => Promise<R>): Promise<R> {
  const { createClient } = (await import('node-zookeeper-client')).default
  const client = createClient(new URL(url).host, { sessionTimeout: 5000, retries: 0 })
  const connected = new Promise((resolve) => client.once('connected', () => resolve(undefined)))
  client.connect()
  try {
    await connected
    return await work(client)
  } finally {
    client.close()
  }
}

function told<R>(call: (done: (error: unknown, answer: R) => void) => unknown): Promise<R> {
  return new Promise((resolve, reject) => {
    call((error, answer) => (error ? reject(error as Error) : resolve(answer)))
  })
}
