import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command, Kind, Place } from '../kind.ts'
import { programPath } from '../machine.ts'
import { perform } from '../process.ts'

/** PostgreSQL, durable as it is by default. */
export const postgres: Kind = {
  variable: 'SEMEL_POSTGRES_URL',
  usualUrl: 'postgres://postgres@127.0.0.1:5432/postgres',
  urlAt: (port) => `postgres://postgres@127.0.0.1:${port}/postgres`,
  probe: probePostgres,
  command,
  stopSignal: 'SIGINT',
  endSignal: 'SIGQUIT',
  tidy,
  readOnly: { default_transaction_read_only: 'on' },
}

export async function probePostgres(url: string): Promise<string> {
  const { Client } = (await import('pg')).default
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: 3000,
    query_timeout: 3000,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query<{ version: string }>(
      "select current_setting('server_version') as version",
    )
    return `PostgreSQL ${rows[0]?.version}`
  } finally {
    client.end().catch(() => {})
  }
}

async function command({ folder, port, settings }: Place): Promise<Command> {
  const data = join(folder, 'data')
  if (!existsSync(join(data, 'PG_VERSION'))) await initialise(data, folder)
  const given = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: folder,
    max_connections: '200',
    // Files of the data folder, so that nothing of a killed one stays elsewhere.
    dynamic_shared_memory_type: 'mmap',
    ...settings,
  }
  const args = ['-D', data, '-p', String(port)]
  for (const [name, value] of Object.entries(given)) args.push('-c', `${name}=${value}`)
  return { program: binary('postgres'), args }
}

async function initialise(data: string, cwd: string): Promise<void> {
  const args = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8']
  await perform({ program: binary('initdb'), args: [...args, '--no-sync'] }, { cwd })
}

/** Its piece of shared memory, whose number stands in line 7; a server that ended by itself has removed the file. */
async function tidy(folder: string): Promise<void> {
  const file = join(folder, 'data/postmaster.pid')
  if (!existsSync(file)) return
  const id = readFileSync(file, 'utf8').split('\n')[6]?.trim().split(/\s+/)[1]
  if (id === undefined) return
  await perform({ program: programPath('ipcrm'), args: ['-m', id] }, { cwd: folder })
}

function binary(name: string): string {
  return programPath(name, debianFolders())
}

/** Newest first. */
function debianFolders(): readonly string[] {
  const versions = '/usr/lib/postgresql'
  if (!existsSync(versions)) return []
  const numbers = readdirSync(versions).sort((one, other) => Number(other) - Number(one))
  return numbers.map((number) => join(versions, number, 'bin'))
}
