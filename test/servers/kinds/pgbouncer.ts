import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command, Kind, Place, UrlOf } from '../kind.ts'
import { programPath } from '../machine.ts'
import { probePostgres } from './postgres.ts'

/** Transaction pooling in front of the PostgreSQL that the tests use, for all of its databases. */
export const pgbouncer: Kind = {
  variable: 'SEMEL_PGBOUNCER_URL',
  urlAt: (port) => `postgres://postgres@127.0.0.1:${port}/postgres`,
  probe: async (url) => `pgbouncer, ${await probePostgres(url)} behind it`,
  command,
  stopSignal: 'SIGINT',
}

async function command({ folder, port, settings }: Place, urlOf: UrlOf): Promise<Command> {
  const file = join(folder, 'pgbouncer.ini')
  const given = {
    listen_addr: '127.0.0.1',
    listen_port: String(port),
    unix_socket_dir: '',
    auth_type: 'any',
    pool_mode: 'transaction',
    max_client_conn: '500',
    default_pool_size: '10',
    ...settings,
  }
  const lines = Object.entries(given).map(([name, value]) => `${name} = ${value}\n`)
  const behind = `[databases]\n* = ${target(await urlOf('postgres'))}\n`
  writeFileSync(file, `${behind}[pgbouncer]\n${lines.join('')}`)
  return { program: programPath('pgbouncer'), args: [file] }
}

function target(url: string): string {
  const { hostname, port, username, password } = new URL(url)
  const parts = [`host=${hostname}`, `port=${port || '5432'}`, `user=${username || 'postgres'}`]
  return [...parts, ...(password ? [`password=${decodeURIComponent(password)}`] : [])].join(' ')
}
