import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Command, Kind, Place } from '../kind.ts'
import { programPath } from '../machine.ts'
import { perform } from '../process.ts'
import { probeMysql } from './mysql.ts'

/** MariaDB, durable as it is by default. `root` has no password. */
export const mariadb: Kind = {
  variable: 'SEMEL_MARIADB_URL',
  usualUrl: 'mysql://root@127.0.0.1:3306',
  urlAt: (port) => `mysql://root@127.0.0.1:${port}`,
  probe: (url) => probeMysql(url, 'MariaDB'),
  command,
  stopSignal: 'SIGTERM',
  // It binds whoever may not override it; `root` may.
  readOnly: { read_only: '1' },
}

async function command({ folder, port, settings }: Place): Promise<Command> {
  const data = join(folder, 'data')
  if (!existsSync(join(data, 'mysql'))) await initialise(data, folder)
  const given = {
    datadir: data,
    port: String(port),
    socket: join(folder, 's'),
    'pid-file': join(folder, 'pid'),
    'bind-address': '127.0.0.1',
    'innodb-buffer-pool-size': '128M',
    ...settings,
  }
  const args = Object.entries(given).map(([name, value]) => `--${name}=${value}`)
  return {
    program: programPath('mariadbd'),
    args: ['--no-defaults', '--skip-name-resolve', ...args],
  }
}

async function initialise(data: string, cwd: string): Promise<void> {
  const args = ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal']
  const quick = ['--skip-test-db', '--skip-name-resolve']
  await perform({ program: programPath('mariadb-install-db'), args: [...args, ...quick] }, { cwd })
}
