// A place in a real server, a client that acts on it through a proxy, and one that looks around it.
import { randomUUID } from 'node:crypto'

/** One client behind a proxy, with a place of its own in the server. */
export interface Bench {
  readonly client: { act(id: string): Promise<unknown> }
  /** Around the proxy, sorted. */
  effects(): Promise<readonly string[]>
  close(): Promise<void>
}

export type Acting<Client> = (client: Client, into: string) => (id: string) => Promise<void>

export type PgQuery = (
  what: string | { name?: string; text: string; values: string[] },
) => Promise<unknown>

export async function pg(proxied: string, direct: string, acting: Acting<PgQuery>): Promise<Bench> {
  const { Client } = (await import('pg')).default
  const into = `cuts_${randomUUID().replaceAll('-', '')}`
  const [client, other] = [proxied, direct].map((url) => new Client({ connectionString: url }))
  for (const one of [client, other]) one?.on('error', () => {})
  if (client === undefined || other === undefined) throw new Error('there are two')
  await Promise.all([client.connect(), other.connect()])
  await other.query(`create table ${into} (id text primary key)`)
  return {
    client: { act: acting((what) => client.query(what), into) },
    effects: async () =>
      (await other.query<{ id: string }>(`select id from ${into} order by id`)).rows.map(
        ({ id }) => id,
      ),
    async close() {
      await client.end().catch(() => {})
      await other.query(`drop table ${into}`)
      await other.end()
    },
  }
}

export async function postgresJs(proxied: string, direct: string): Promise<Bench> {
  const { default: postgres } = await import('postgres')
  const into = `cuts_${randomUUID().replaceAll('-', '')}`
  const [sql, other] = [postgres(proxied, { max: 1 }), postgres(direct, { max: 1 })]
  await other`create table ${other(into)} (id text primary key)`
  return {
    client: {
      async act(id) {
        const mine = await sql.reserve()
        await mine`begin`
        await mine`insert into ${mine(into)} values (${id})`
        await mine`commit`
        mine.release()
      },
    },
    effects: async () =>
      (await other<{ id: string }[]>`select id from ${other(into)} order by id`).map(
        ({ id }) => id,
      ),
    async close() {
      await sql.end({ timeout: 0 }).catch(() => {})
      await other`drop table ${other(into)}`
      await other.end()
    },
  }
}

interface MysqlRun {
  query(sql: string, values?: string[]): Promise<unknown>
  execute(sql: string, values?: string[]): Promise<unknown>
}

export async function mysql(
  proxied: string,
  direct: string,
  acting: Acting<MysqlRun>,
): Promise<Bench> {
  const { createConnection } = await import('mysql2/promise')
  const schema = `cuts_${randomUUID().replaceAll('-', '')}`
  const other = await createConnection({ uri: direct })
  const client = await createConnection({ uri: proxied })
  client.on('error', () => {})
  await other.query(`create database ${schema}`)
  await other.query(`create table ${schema}.cuts (id varchar(20) primary key)`)
  return {
    client: { act: acting(client as MysqlRun, `${schema}.cuts`) },
    async effects() {
      const [rows] = await other.query(`select id from ${schema}.cuts order by id`)
      return (rows as unknown as readonly { id: string }[]).map(({ id }) => id)
    },
    async close() {
      client.destroy()
      await other.query(`drop database ${schema}`)
      await other.end()
    },
  }
}

export async function nodeRedis(proxied: string, direct: string): Promise<Bench> {
  const { createClient } = await import('redis')
  const key = `cuts:${randomUUID()}`
  const other = createClient({ url: direct })
  const client = createClient({ url: proxied, socket: { reconnectStrategy: false } })
  client.on('error', () => {})
  await Promise.all([other.connect(), client.connect()])
  const script = "return redis.call('hset', KEYS[1], ARGV[1], '1')"
  const sha = await other.scriptLoad(script)
  return {
    client: { act: (id) => client.evalSha(sha, { keys: [key], arguments: [id] }) },
    effects: async () => (await other.hKeys(key)).sort(),
    async close() {
      client.destroy()
      await other.del(key)
      other.destroy()
    },
  }
}

/** Each act is three commands in one chunk; the middle one counts. */
export async function ioredis(proxied: string, direct: string): Promise<Bench> {
  const { Redis } = await import('ioredis')
  const key = `cuts:${randomUUID()}`
  const [client, other] = [proxied, direct].map((url) => new Redis(url, { retryStrategy: null }))
  if (client === undefined || other === undefined) throw new Error('there are two')
  client.on('error', () => {})
  return {
    client: {
      async act(id) {
        const answers = await Promise.all([
          client.get(key.repeat(100)),
          client.hset(key, id, '1'),
          client.ping(),
        ])
        return answers
      },
    },
    effects: async () => (await other.hkeys(key)).sort(),
    async close() {
      client.disconnect()
      await other.del(key)
      other.disconnect()
    },
  }
}
