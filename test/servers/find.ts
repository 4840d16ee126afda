import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { instances, lastingFolder, runFolder, startInstance } from './instance.ts'
import type { ServerName } from './kind.ts'
import { kinds } from './kinds.ts'
import { locked } from './lock.ts'
import { isAlive } from './process.ts'

/** A server that answered just now. */
export interface Found {
  readonly name: ServerName
  readonly url: string
  readonly host: string
  readonly port: number
  readonly version: string
  /** By us, so that we may end it. */
  readonly started: boolean
}

/** Rejects with the reason why there is none, and none can be started. */
export async function findOrStart(name: ServerName, home: string = runFolder()): Promise<Found> {
  mkdirSync(home, { recursive: true, mode: 0o755 })
  return (await find(name, home)) ?? locked(join(home, `${name}.lock`), () => start(name, home))
}

/** Rejects when the environment names one that does not answer. */
export async function find(
  name: ServerName,
  home: string = runFolder(),
): Promise<Found | undefined> {
  const { variable, usualUrl, probe } = kinds[name]
  const named = process.env[variable]
  if (named !== undefined) {
    const version = await probe(named).catch((error: unknown) => {
      throw new Error(`nobody answers at ${variable}: ${String(error)}`, { cause: error })
    })
    return answered(name, named, version, false)
  }
  const ours = [home, lastingFolder].flatMap(instances).filter((one) => one.name === name)
  const urls = ours.filter((one) => one.shared && isAlive(one)).map(({ url }) => url)
  for (const url of [...urls, ...(usualUrl === undefined ? [] : [usualUrl])]) {
    const version = await probe(url).catch(() => undefined)
    if (version !== undefined) return answered(name, url, version, urls.includes(url))
  }
  return undefined
}

/** Where a server is that another one needs. */
export async function urlOf(name: ServerName): Promise<string> {
  return (await findOrStart(name)).url
}

/** Only one at a time: somebody may have started it while we waited, or have failed to. */
async function start(name: ServerName, home: string): Promise<Found> {
  const failure = join(home, `${name}.failed`)
  const found = await find(name, home)
  if (found !== undefined) return found
  if (home !== lastingFolder && existsSync(failure)) throw new Error(readFileSync(failure, 'utf8'))
  try {
    const { url } = await startInstance({ name, shared: true }, home, urlOf)
    return answered(name, url, await kinds[name].probe(url), true)
  } catch (error) {
    // The other files of this run need not wait for it again.
    writeFileSync(failure, error instanceof Error ? error.message : String(error))
    throw error
  }
}

function answered(name: ServerName, url: string, version: string, started: boolean): Found {
  const { hostname, port } = new URL(url)
  return { name, url, host: hostname, port: Number(port || usualPort(name)), version, started }
}

function usualPort(name: ServerName): string {
  return new URL(kinds[name].usualUrl ?? kinds[name].urlAt(0)).port
}
