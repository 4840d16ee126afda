import { resolve } from 'node:path'
import type { Consumer } from '../consume/consumer-options.ts'
import { createConsumer } from '../consume/create-consumer.ts'
import type { AnyOptions } from '../consume/flow.ts'
import { isSemelError, SemelError } from '../errors/semel-error.ts'
import { options } from '../options/table.ts'
import type { Store } from '../inbox/store.ts'
import type { ConsumerConfig, Opening } from './config.ts'
import type { Environment } from './environment.ts'
import { importFile, type LoadedHandler, loadHandler, noKeyAnywhere } from './handler-module.ts'
import { fingerprintFrom, keyFrom } from '../operate/paths.ts'
import { type ConsumerPlan, type ReadConfig, readConfig } from './read-config.ts'
import { keyOfStrategy, strategyOf } from './strategy.ts'
import { offered, resolveOpening } from './technologies.ts'

/** Consumers that are ready to start. */
export interface Prepared {
  readonly consumers: readonly Consumer[]
  /** Calls of handlers that have begun and not ended, also those that were given up long ago. */
  unsettled(): number
  /** Their main loop is to be watched by whoever starts them: longest silence, in milliseconds (P19). */
  readonly silentMsMax: number | undefined
  /** Closes the stores that were opened here; after the consumers have stopped. */
  close(): Promise<void>
}

/**
 * Makes the consumers of a file: of YAML, or of a module that exports `consumers`.
 *
 * @throws SEMEL_CONFIG_INVALID and what `readConfig` and `createConsumer` throw, with the position in the file.
 */
export function prepareConsumers(file: string, env: Environment): Promise<Prepared> {
  return /\.ya?ml$/i.test(file) ? fromConfig(readConfig(file, env)) : fromModule(file)
}

/** A store of a configuration file, opened and not prepared; one for all that name the same. */
export function storeOpener(file: string): {
  open(opening: Opening): Promise<Store>
  close(): Promise<void>
} {
  const stores = new Map<string, Store>()
  return {
    async open(opening) {
      const { technology, setting, name } = resolveOpening(opening, file)
      const store = stores.get(name) ?? (await offered(technology, 'store')(setting))
      stores.set(name, store)
      return store
    },
    async close() {
      for (const store of stores.values()) await store.close()
    },
  }
}

async function fromConfig({ file, plans }: ReadConfig): Promise<Prepared> {
  const stores = storeOpener(file)
  const handlers = countCalls()
  const consumers: Consumer[] = []
  for (const plan of plans) {
    const loaded = await loadHandler(file, plan)
    const store = await stores.open(plan.store)
    consumers.push(
      await consumerOf(file, plan, { ...loaded, handler: handlers.count(loaded.handler) }, store),
    )
  }
  const { close } = stores
  // Each consumer watches by its own lease.
  return { consumers, unsettled: handlers.running, silentMsMax: undefined, close }
}

async function consumerOf(
  file: string,
  plan: ConsumerPlan,
  loaded: LoadedHandler,
  store: Store,
): Promise<Consumer> {
  const { group, consumer } = plan
  const { technology, setting } = resolveOpening(plan.source, file)
  const { topic, tag } = consumer
  const given = optionsOf(plan, loaded)
  const source = await offered(technology, 'source')(setting, { topic, tag })
  return placed(plan.where(), () =>
    createConsumer({ ...given, group, source, store, watchdog: true } as AnyOptions),
  )
}

/** What it throws is said of a place in the file. */
function placed<R>(where: string, work: () => R): R {
  try {
    return work()
  } catch (error) {
    throw isSemelError(error)
      ? new SemelError(error.code, `${where}: ${error.message}`, { cause: error })
      : error
  }
}

function optionsOf(plan: ConsumerPlan, loaded: LoadedHandler): object {
  const { key: path, fingerprint, keyspace, instance, options: limits } = plan.consumer
  const strategy = placed(plan.where('strategy'), () => strategyOf(plan.consumer))
  const key = path === undefined ? (loaded.key ?? keyOfStrategy(strategy)) : keyFrom(path)
  if (key === undefined) throw noKeyAnywhere(plan)
  const { handler, body } = loaded
  return {
    ...limits,
    handler,
    key,
    strategy,
    ...given({ body, keyspace, instance }),
    ...given({ fingerprint: fingerprintOf(fingerprint) }),
  }
}

function fingerprintOf(fingerprint: ConsumerConfig['fingerprint']): unknown {
  return fingerprint === undefined || fingerprint === 'off'
    ? fingerprint
    : fingerprintFrom(fingerprint)
}

/** An option that is undefined would be one that was given. */
function given(members: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}

/** Handlers cannot be made to end; at least it is known that one has not. */
function countCalls(): {
  count(handler: LoadedHandler['handler']): LoadedHandler['handler']
  running(): number
} {
  let running = 0
  const over = (): void => void running--
  return {
    running: () => running,
    count: (handler) => (message, context) => {
      const answer = handler(message, context)
      if (!(answer instanceof Promise)) return answer
      running++
      answer.then(over, over)
      return answer
    },
  }
}

async function fromModule(file: string): Promise<Prepared> {
  const { consumers } = await importFile(resolve(file), file)
  if (!Array.isArray(consumers) || consumers.length === 0 || !consumers.every(isConsumer))
    throw new SemelError(
      'SEMEL_CONFIG_INVALID',
      `${file} must export consumers, a list of what createConsumer() answers`,
    )
  return {
    consumers: consumers as Consumer[],
    unsettled: () => 0,
    // Their leases are not known here.
    silentMsMax: options.leaseMs.default,
    close: async () => {},
  }
}

function isConsumer(value: unknown): boolean {
  const members = ['start', 'stop', 'status', 'assurance', 'ended']
  return typeof value === 'object' && value !== null && members.every((name) => name in value)
}
