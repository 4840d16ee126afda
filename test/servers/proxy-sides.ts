// Ways to act on a server through each client: what the proxy has to understand.
import {
  type Acting,
  type Bench,
  ioredis,
  mysql,
  nodeRedis,
  pg,
  type PgQuery,
  postgresJs,
} from './proxy-clients.ts'
import type { Match } from './proxy.ts'
import type { ServerName } from './server.ts'

export interface Side {
  readonly name: ServerName
  readonly how: string
  /** What makes the effect final. */
  readonly act: Match
  open(proxied: string, direct: string): Promise<Bench>
}

const inTransaction: Acting<PgQuery> = (query, into) => async (id) => {
  await query('begin')
  await query({ text: `insert into ${into} values ($1)`, values: [id] })
  await query('commit')
}

export const sides: readonly Side[] = [
  {
    name: 'postgres',
    how: 'COMMIT as a simple query (pg)',
    act: /^commit/i,
    open: (proxied, direct) => pg(proxied, direct, inTransaction),
  },
  {
    name: 'postgres',
    how: 'INSERT as a named prepared statement (pg)',
    act: /^insert/i,
    open: (proxied, direct) =>
      pg(proxied, direct, (query, into) => async (id) => {
        await query({ name: 'put', text: `insert into ${into} values ($1)`, values: [id] })
      }),
  },
  {
    name: 'postgres',
    how: 'COMMIT in the extended protocol (postgres)',
    act: /^commit/i,
    open: postgresJs,
  },
  ...(['mariadb', 'mysql'] as const).flatMap((name): readonly Side[] => [
    {
      name,
      how: 'COMMIT as COM_QUERY (mysql2)',
      act: /^commit/i,
      open: (proxied, direct) =>
        mysql(proxied, direct, (run, into) => async (id) => {
          await run.query('start transaction')
          await run.query(`insert into ${into} values (?)`, [id])
          await run.query(`select * from ${into}`)
          await run.query('commit')
        }),
    },
    {
      name,
      how: 'INSERT as COM_STMT_EXECUTE (mysql2)',
      act: ({ kind, text }) => kind === 'COM_STMT_EXECUTE' && text.startsWith('insert'),
      open: (proxied, direct) =>
        mysql(proxied, direct, (run, into) => async (id) => {
          await run.execute(`select id from ${into} where id = ?`, [id])
          await run.execute(`insert into ${into} values (?)`, [id])
        }),
    },
  ]),
  { name: 'redis', how: 'EVALSHA (redis)', act: /^EVALSHA/i, open: nodeRedis },
  { name: 'redis', how: 'HSET in a pipeline (ioredis)', act: /^hset/i, open: ioredis },
]
