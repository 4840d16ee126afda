// Servers that we started: each is a folder with its data, its log, and `instance.json`, which says who runs there.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Place, ServerName, Settings, UrlOf } from './kind.ts'
import { kinds } from './kinds.ts'
import { freePort, reasonIn } from './machine.ts'
import { endProcess, give, isAlive, launch, type Pid } from './process.ts'

export interface Instance extends Pid, Place {
  readonly name: ServerName
  readonly url: string
  /** For whoever asks; otherwise it belongs to one test. */
  readonly shared: boolean
}

const startMsMax = 30_000

/** What `npm run servers` started is here: one folder for each user. */
export const lastingFolder: string = join(tmpdir(), `semel-servers-${process.getuid?.() ?? 'all'}`)

/** Servers of one run of the tests, which end with it; without a run the lasting ones. */
export function runFolder(): string {
  return process.env['SEMEL_TEST_SERVERS'] ?? lastingFolder
}

/** Starts a server with data of its own, on a port of its own. */
export async function startInstance(
  { name, shared, settings = {} }: { name: ServerName; shared: boolean; settings?: Settings },
  home: string,
  urlOf: UrlOf,
): Promise<Instance> {
  const port = await freePort()
  const folder = join(home, `${name}-${port}`)
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  give(folder)
  try {
    return await runIn({ folder, port, settings }, { name, shared }, urlOf)
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

/** Starts one, perhaps again, on what is in its folder, and waits until it answers. */
export async function runIn(
  place: Place,
  { name, shared }: Pick<Instance, 'name' | 'shared'>,
  urlOf: UrlOf,
): Promise<Instance> {
  const command = await kinds[name].command(place, urlOf)
  const process = await launch(command, place.folder)
  const instance = { ...place, ...process, name, shared, url: kinds[name].urlAt(place.port) }
  note(instance)
  try {
    await ready(instance)
  } catch (error) {
    await endProcess(instance, endSignal(name))
    throw error
  }
  return instance
}

/** Ends it and removes all that it left. Processes that have gone to somebody else are not touched. */
export async function endInstance(instance: Instance): Promise<void> {
  await endProcess(instance, endSignal(instance.name))
  await kinds[instance.name].tidy?.(instance.folder).catch(() => {})
  // Its own children may still be writing when it is gone.
  rmSync(instance.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
}

export function endSignal(name: ServerName): NodeJS.Signals {
  return kinds[name].endSignal ?? 'SIGKILL'
}

/** Every instance of a folder, also those that have ended since. */
export function instances(home: string): readonly Instance[] {
  if (!existsSync(home)) return []
  const folders = readdirSync(home, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return folders.flatMap(({ name }) => {
    const file = join(home, name, 'instance.json')
    return existsSync(file) ? [JSON.parse(readFileSync(file, 'utf8')) as Instance] : []
  })
}

/** Written before it answers, so that one that never does is ended all the same. */
function note(instance: Instance): void {
  const file = join(instance.folder, 'instance.json')
  writeFileSync(`${file}.new`, JSON.stringify(instance))
  renameSync(`${file}.new`, file)
}

async function ready(instance: Instance): Promise<void> {
  const { name, url, folder } = instance
  const deadline = performance.now() + startMsMax
  for (;;) {
    const refused = await kinds[name].probe(url).then(() => undefined, String)
    if (!isAlive(instance)) throw new Error(`${name} ended at its start: ${logOf(folder)}`)
    if (refused === undefined) return
    if (performance.now() > deadline)
      throw new Error(`${name} did not answer within ${startMsMax} ms: ${refused}`)
    await pause(20)
  }
}

function logOf(folder: string): string {
  return reasonIn(readFileSync(join(folder, 'log'), 'utf8'))
}
