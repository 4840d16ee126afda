import type { Message } from '../delivery/message.ts'
import type { Source } from '../delivery/source.ts'
import { SemelError } from '../errors/semel-error.ts'
import type { Assurance, AssuranceLevel } from '../inbox/assurance.ts'
import type { Bytes } from '../inbox/bytes.ts'
import { encodeOrigin, encodeScope } from '../inbox/identity.ts'
import type { Store } from '../inbox/store.ts'
import { inboxStrategy, type Strategy } from '../inbox/strategy.ts'
import { assure } from '../once/assure.ts'
import { type Limits, resolveOptions } from '../options/resolve.ts'
import type { ConsumerOptions } from './consumer-options.ts'

const numbers = [
  'leaseMs',
  'attemptsMax',
  'retryDelayMs',
  'retryDelayMsMax',
  'performMsMax',
  'heldWaitMs',
  'retentionMs',
  'bodyBytesMax',
  'jsonDepthMax',
  'prefetchMax',
  'concurrency',
  'ratePerSecondMax',
  'drainMs',
  'parkedMax',
  'parkedBytesMax',
  'parkedPollMs',
  'deadMax',
  'earlyMsMax',
  'circuitFailures',
  'circuitMs',
] as const

const others = [
  'group',
  'source',
  'store',
  'strategy',
  'body',
  'decode',
  'key',
  'fingerprint',
  'keyspace',
  'tenant',
  'instance',
  'handler',
  'watchdog',
] as const

export type AnyOptions = ConsumerOptions<unknown, unknown, AssuranceLevel>

/** What a consumer was given, checked and with every default in place. Nothing in it changes. */
export interface Flow {
  readonly group: string
  readonly topic: string
  readonly instance: string | undefined
  readonly source: Source
  readonly store: Store
  readonly strategy: Strategy
  readonly assurance: Assurance
  readonly limits: Limits<(typeof numbers)[number]> & { readonly resultBytesMax: number }
  readonly options: AnyOptions
  /** Whose parked messages are ours (P22). */
  readonly origin: Bytes
  /** Of messages without a tenant, and of those that nobody could decode. */
  readonly scope: Bytes
  /** Whether effect, record and acknowledgement are one commit. */
  readonly joins: boolean
  scopeOf(message: Message<unknown>): Bytes
}

/**
 * @throws SEMEL_OPTION_UNKNOWN, SEMEL_OPTION_INVALID, SEMEL_TRANSACTIONS_MISSING
 */
export function resolveFlow(options: AnyOptions): Flow {
  const resolved = resolveOptions('createConsumer()', options, numbers, others)
  for (const [name, type] of required) requireOption(options, name, type)
  const { group, source, store, instance } = options
  const { topic } = source
  const keyspace = options.keyspace ?? topic
  const strategy: Strategy = options.strategy ?? inboxStrategy
  const scope = encodeScope({ group, keyspace, instance })
  return {
    group,
    topic,
    instance,
    source,
    store,
    strategy,
    assurance: assureWhole(store, strategy, source, resolved.retentionMs),
    limits: { ...resolved, resultBytesMax: 0 },
    options,
    origin: encodeOrigin({ group, topic, instance }),
    scope,
    joins: store.medium !== undefined && source.within?.medium === store.medium,
    scopeOf(message) {
      const tenant = options.tenant?.(message)
      return tenant === undefined ? scope : encodeScope({ group, tenant, keyspace, instance })
    },
  }
}

const required = [
  ['group', 'string'],
  ['source', 'object'],
  ['store', 'object'],
  ['key', 'function'],
  ['handler', 'function'],
] as const

function requireOption(options: AnyOptions, name: keyof AnyOptions, type: string): void {
  const value: unknown = options[name]
  if (typeof value === type && value !== null && value !== '') return
  const given = value === '' ? 'empty' : typeof value
  throw new SemelError(
    'SEMEL_OPTION_INVALID',
    `createConsumer(): ${name} must be a ${type}, it is ${given}`,
  )
}

function assureWhole(
  store: Store,
  strategy: Strategy,
  { name, capabilities }: Source,
  retentionMs: number,
): Assurance {
  const assurance = assure(store, strategy, retentionMs)
  if (Number.isFinite(capabilities.redeliveryHorizonMs)) return assurance
  const window = `${name} keeps a message until it is acknowledged: one that stays so for longer than retentionMs takes effect again`
  return { ...assurance, windows: [...assurance.windows, window] }
}

/** Relations between settings that only the opened source knows; checked by every start. */
export function checkFlow({ source, limits }: Flow): void {
  const { redeliveryHorizonMs, deliveriesMax } = source.capabilities
  if (Number.isFinite(redeliveryHorizonMs) && redeliveryHorizonMs > limits.retentionMs)
    throw new SemelError(
      'SEMEL_RETENTION_SHORT',
      `retentionMs is ${limits.retentionMs}, but ${source.name} can deliver again for ${redeliveryHorizonMs} ms`,
    )
  if (deliveriesMax !== undefined && deliveriesMax <= limits.attemptsMax)
    throw new SemelError(
      'SEMEL_ATTEMPTS_OVER_BROKER',
      `attemptsMax is ${limits.attemptsMax}, but ${source.name} gives up after ${deliveriesMax} deliveries`,
    )
}
