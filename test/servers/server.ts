// Servers for tests. What this machine has not is named at the end of the run, and the test skipped; with
// SEMEL_TEST_REQUIRE=all it is a failure.
//
//   const found = await serverFor(t, 'postgres')        // one that runs, or is started; shared with all other tests
//   if (found === undefined) return                     // skipped
//   await connect(found.url)                            // make a database or a prefix of your own, and remove it
//
//   const own = await ownServerFor(t, 'redis', { appendfsync: 'always' })   // private, ended with the test
//   await own?.kill('SIGKILL'); await own?.restart(); await own?.restart(own.readOnly)
//
// Outside of a test: `server(name)` and `startOwn(name, settings)`, which answer `{ because }` instead of skipping, and
// `reasonWithout(name)` for the `notRun()` of conformance adapters.
import type { TestContext } from 'node:test'
import { noteWithoutServer, skipWithoutServer } from '../not-run.ts'
import { findOrStart, urlOf } from './find.ts'
import { endInstance, endSignal, runFolder, runIn, startInstance } from './instance.ts'
import type { ServerName, Settings } from './kind.ts'
import { kinds } from './kinds.ts'
import { endProcess, signal } from './process.ts'

export type { ServerName, Settings } from './kind.ts'

/** A server that answers. */
export interface Server {
  readonly name: ServerName
  readonly url: string
  readonly host: string
  readonly port: number
}

/** One is not here, and why. */
export interface NotHere {
  readonly name: ServerName
  readonly because: string
}

/** A server that belongs to one test. It keeps folder and port over all restarts. */
export interface OwnServer extends Server {
  /** Of the process that runs now, or ran last. */
  pid(): number
  /** What `restart()` needs to make it refuse writes; undefined: this server cannot. */
  readonly readOnly: Settings | undefined
  /** Signals it; after SIGKILL and SIGQUIT it is gone when this resolves. */
  kill(name: NodeJS.Signals): Promise<void>
  /** Ends it cleanly. Its data stays. */
  stop(): Promise<void>
  /** Starts it on the same data and port, after stopping it if it runs, with these settings besides the first ones. */
  restart(settings?: Settings): Promise<void>
  /** Ends it and removes its data. */
  end(): Promise<void>
}

const found = new Map<ServerName, Promise<Server | NotHere>>()

/** A server that all tests share: one that runs, or one that is started once for the whole run. */
export function server(name: ServerName): Promise<Server | NotHere> {
  let one = found.get(name)
  if (one === undefined) found.set(name, (one = orBecause(name, () => findOrStart(name))))
  return one
}

/** A server of one's own, with settings in its own words. Call `end()`; what is forgotten ends with the run. */
export function startOwn(name: ServerName, settings: Settings = {}): Promise<OwnServer | NotHere> {
  return orBecause(name, () => own(name, settings))
}

/** As `server()`; undefined when the test was skipped for want of it. */
export async function serverFor(t: TestContext, name: ServerName): Promise<Server | undefined> {
  return orSkip(t, await server(name))
}

/** As `startOwn()`, ended with the test; undefined when the test was skipped for want of it. */
export async function ownServerFor(
  t: TestContext,
  name: ServerName,
  settings: Settings = {},
): Promise<OwnServer | undefined> {
  const started = orSkip(t, await startOwn(name, settings))
  if (started !== undefined) t.after(() => started.end())
  return started
}

/** Why there is none, noted for the end of the run; undefined: there is one. Rejects where all are required. */
export async function reasonWithout(name: ServerName): Promise<string | undefined> {
  const one = await server(name)
  if (!('because' in one)) return undefined
  noteWithoutServer(name, one.because)
  return one.because
}

function orSkip<Found extends Server>(t: TestContext, one: Found | NotHere): Found | undefined {
  if (!('because' in one)) return one
  skipWithoutServer(t, one.name, one.because)
  return undefined
}

async function orBecause<Found>(
  name: ServerName,
  work: () => Promise<Found>,
): Promise<Found | NotHere> {
  try {
    return await work()
  } catch (error) {
    return { name, because: error instanceof Error ? error.message : String(error) }
  }
}

async function own(name: ServerName, settings: Settings): Promise<OwnServer> {
  let instance = await startInstance({ name, shared: false, settings }, runFolder(), urlOf)
  const { stopSignal, readOnly } = kinds[name]
  const endNow = (): void => signal(instance, endSignal(name))
  process.once('exit', endNow)
  return {
    name,
    url: instance.url,
    host: '127.0.0.1',
    port: instance.port,
    readOnly,
    pid: () => instance.pid,
    async kill(sent) {
      if (sent === 'SIGKILL' || sent === 'SIGQUIT') await endProcess(instance, sent)
      else signal(instance, sent)
    },
    stop: () => endProcess(instance, stopSignal),
    async restart(more = {}) {
      await endProcess(instance, stopSignal)
      const place = { ...instance, settings: { ...settings, ...more } }
      instance = await runIn(place, instance, urlOf)
    },
    async end() {
      process.off('exit', endNow)
      await endInstance(instance)
    },
  }
}
