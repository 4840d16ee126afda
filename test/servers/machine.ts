// What this machine has: programs, and ports.
import { accessSync, constants } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

/** The full path of a program; Debian's daemons are not in everybody's PATH. */
export function programPath(name: string, folders: readonly string[] = []): string {
  const path = (process.env['PATH'] ?? '').split(delimiter)
  const found = [...folders, ...path, '/usr/sbin', '/usr/local/sbin']
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .find(isProgram)
  if (found === undefined) throw new Error(`there is no program ${name}`)
  return found
}

/** A port nobody has, below those that the system gives to outgoing connections. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    if (await isFree(port)) return port
  }
}

/** What a log says about a failure: what it calls an error, or else its end. */
export function reasonIn(log: string): string {
  const lines = stripVTControlCharacters(log).trim().split('\n')
  const errors = lines.filter((line) => /error|fatal|exception|denied|no such/i.test(line))
  return (errors.length > 0 ? errors.slice(0, 5) : lines.slice(-5)).join('\n')
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
