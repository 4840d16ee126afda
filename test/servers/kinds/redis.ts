import { ask } from '../ask.ts'
import type { Command, Kind, Place } from '../kind.ts'
import { programPath } from '../machine.ts'

/** Redis with its append-only file, so that a restart keeps what was answered. */
export const redis: Kind = {
  variable: 'SEMEL_REDIS_URL',
  usualUrl: 'redis://127.0.0.1:6379',
  urlAt: (port) => `redis://127.0.0.1:${port}`,
  probe,
  command,
  stopSignal: 'SIGTERM',
  readOnly: { 'min-replicas-to-write': '1' },
}

async function probe(url: string): Promise<string> {
  const { password } = new URL(url)
  const auth = password ? `AUTH ${decodeURIComponent(password)}\r\n` : ''
  // While it loads its data it answers PING with an error.
  const lines = `${auth}PING\r\nINFO server\r\n`
  const answer = await ask(url, lines, (text) => /redis_version:.+\r|-\w+ .*\r\n/.test(text))
  const version = /\+PONG[^]*redis_version:(\S+)/.exec(answer)?.[1]
  if (version === undefined) throw new Error(`${url} answers ${answer.split('\r\n')[0]}`)
  return `Redis ${version}`
}

async function command({ folder, port, settings }: Place): Promise<Command> {
  const given = {
    port: String(port),
    bind: '127.0.0.1',
    dir: folder,
    save: '',
    appendonly: 'yes',
    'maxmemory-policy': 'noeviction',
    ...settings,
  }
  const args = Object.entries(given).flatMap(([name, value]) => [`--${name}`, value])
  return { program: programPath('redis-server'), args }
}
