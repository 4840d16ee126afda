import type { Message } from '../delivery/message.ts'
import type { Source } from '../delivery/source.ts'
import { hush } from '../errors/hush.ts'
import { SemelError } from '../errors/semel-error.ts'
import type { Assurance, AssuranceLevel } from '../inbox/assurance.ts'
import type { Bytes } from '../inbox/bytes.ts'
import { encodeLane, encodeOrigin, encodeScope } from '../inbox/identity.ts'
import type { Store } from '../inbox/store.ts'
import { inboxStrategy, noKeyOfItsOwn, type Strategy } from '../inbox/strategy.ts'
import { assure } from '../once/assure.ts'
import { guardsOf, passedBy, type Settled, settledOn } from '../once/guarded.ts'
import type { TransactionContext } from '../once/context.ts'
import type { Effects } from '../once/effects/declarations.ts'
import { beside, checkEffects } from '../once/effects/weigh.ts'
import { type Limits, resolveOptions } from '../options/resolve.ts'
import { namedFailures } from './batch-answer.ts'
import type { BatchContext, ConsumerOptions } from './consumer-options.ts'

const numbers = [
  'leaseMs',
  'attemptsMax',
  'retryDelayMs',
  'retryDelayMsMax',
  'performMsMax',
  'heldWaitMs',
  'retentionMs',
  'resultBytesMax',
  'bodyBytesMax',
  'jsonDepthMax',
  'prefetchMax',
  'concurrency',
  'batchMax',
  'batchWaitMs',
  'batchMsMax',
  'batchesInFlight',
  'ratePerSecondMax',
  'pruneEveryMs',
  'drainMs',
  'parkedMax',
  'parkedPerLaneMax',
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
  'handlerBatch',
  'effects',
  'orderedBy',
  'independentBy',
  'watchdog',
] as const

export type AnyOptions = ConsumerOptions<unknown, unknown, AssuranceLevel, Effects>

/** What a consumer was given, checked and with every default in place. Nothing in it changes. */
export interface Flow {
  readonly group: string
  readonly topic: string
  readonly instance: string | undefined
  readonly source: Source
  readonly store: Store
  readonly strategy: Settled
  /** Effects elsewhere; undefined: none are declared. */
  readonly effects: Effects | undefined
  readonly assurance: Assurance
  readonly limits: Limits<(typeof numbers)[number]>
  readonly options: AnyOptions
  /** Whose parked messages are ours (P22). */
  readonly origin: Bytes
  /** Of messages without a tenant, and of those that nobody could decode. */
  readonly scope: Bytes
  /** Whether effect, record and acknowledgement are one commit. */
  readonly joins: boolean
  /** Whether record and effect of what is new can share a commit: then there are batches. */
  readonly batches: boolean
  /** Messages whose handler was not called because their row is so already, and why. */
  readonly passed: WeakMap<object, string>
  /**
   * Asks the guard of the strategy, in the transaction of the handler: whether that one is not to be called.
   *
   * @throws TooEarly, SEMEL_…_CONFLICT, SEMEL_TRANSITION_REFUSED, and what the database throws
   */
  isPassed(
    message: Message<unknown>,
    context: Pick<TransactionContext<unknown>, 'tx' | 'key'>,
  ): Promise<boolean>
  /** The guard of the strategy, and the handler, for one message. */
  handle(message: Message<unknown>, context: unknown): unknown
  scopeOf(message: Message<unknown>): Bytes
  /** Undefined: it keeps no order. */
  laneOf(message: Message<unknown>): Bytes | undefined
}

/**
 * @throws SEMEL_OPTION_UNKNOWN, SEMEL_OPTION_INVALID, SEMEL_TRANSACTIONS_MISSING
 */
export function resolveFlow(options: AnyOptions): Flow {
  const resolved = resolveOptions('createConsumer()', options, numbers, others)
  for (const [name, type] of required) requireOption(options, name, type)
  requireOneHandler(options)
  if (options.key === noKeyOfItsOwn) noKeyOfItsOwn()
  const { group, source, store, instance } = options
  const { topic } = source
  const origin = encodeOrigin({ group, topic, instance })
  const keyspace = options.keyspace ?? topic
  const effects = effectsOf(options)
  const declared: Strategy = options.strategy ?? inboxStrategy
  const strategy = settledOn(beside('createConsumer()', effects, declared), store)
  if (strategy.guard !== undefined) guardsOf(store, strategy)
  const scope = encodeScope({ group, keyspace, instance })
  const passed: Flow['passed'] = new WeakMap()
  const isPassed: Flow['isPassed'] = async (message, context) => {
    const why = await passedBy(strategy, store, message, context)
    if (why !== undefined) passed.set(message, why)
    return why !== undefined
  }
  const handle = handlerOf(options)
  return {
    group,
    topic,
    instance,
    source,
    store,
    strategy,
    effects,
    assurance: assureWhole(
      assure(store, strategy, resolved.retentionMs, effects),
      strategy,
      source,
    ),
    limits: resolved,
    options,
    origin,
    scope,
    joins: store.medium !== undefined && source.within?.medium === store.medium,
    // A batch would wait for the lock of each of its messages, and all behind it with them.
    batches:
      strategy.path === 'transaction' &&
      strategy.lock === undefined &&
      store.transactions !== undefined,
    passed,
    isPassed,
    handle: strategy.guard === undefined ? handle : unlessPassed(isPassed, handle),
    scopeOf(message) {
      const tenant = tenantOf(options, message)
      return tenant === undefined ? scope : encodeScope({ group, tenant, keyspace, instance })
    },
    laneOf(message) {
      const value = options.orderedBy?.(message)
      hush(value)
      return value === undefined ? undefined : encodeLane(origin, tenantOf(options, message), value)
    },
  }
}

function tenantOf({ tenant }: AnyOptions, message: Message<unknown>): string | undefined {
  const name = tenant?.(message)
  hush(name)
  return name
}

/** The guard comes first, in the handler's own transaction. */
function unlessPassed(isPassed: Flow['isPassed'], handle: Flow['handle']): Flow['handle'] {
  return async (message, context) => {
    if (!(await isPassed(message, context as TransactionContext<unknown>)))
      await handle(message, context)
  }
}

/** A batch handler gets one message where that one is alone; what it says of it, the message's handler throws. */
function handlerOf({ handler, handlerBatch }: AnyOptions): Flow['handle'] {
  if (handler !== undefined) return handler as Flow['handle']
  return async (message, context) => {
    const answer = await handlerBatch([message], context as BatchContext<unknown>)
    const [failed] = namedFailures(answer)
    if (failed !== undefined) throw failed.error
  }
}

const required = [
  ['group', 'string'],
  ['source', 'object'],
  ['store', 'object'],
  ['key', 'function'],
] as const

/** One by one, or all of a batch at once. */
function requireOneHandler(options: AnyOptions): void {
  const { handler, handlerBatch } = options as unknown as Readonly<Record<string, unknown>>
  if ((typeof handler === 'function') !== (typeof handlerBatch === 'function')) return
  const given = `handler is ${typeof handler}, handlerBatch is ${typeof handlerBatch}`
  throw new SemelError(
    'SEMEL_OPTION_INVALID',
    `createConsumer(): one of handler and handlerBatch must be a function; ${given}`,
  )
}

function requireOption(options: AnyOptions, name: keyof AnyOptions, type: string): void {
  const value: unknown = options[name]
  if (typeof value === type && value !== null && value !== '') return
  const given = value === '' ? 'empty' : typeof value
  throw new SemelError(
    'SEMEL_OPTION_INVALID',
    `createConsumer(): ${name} must be a ${type}, it is ${given}`,
  )
}

/** A batch has one transaction around all of its messages, and no place for a call to the outside. */
function effectsOf({ effects, handlerBatch }: AnyOptions): Effects | undefined {
  const checked = checkEffects('createConsumer()', effects)
  if (checked === undefined || handlerBatch === undefined) return checked
  throw new SemelError(
    'SEMEL_OPTION_INVALID',
    'createConsumer(): effects need handler, not handlerBatch',
  )
}

function assureWhole(
  assurance: Assurance,
  { guard }: Strategy,
  { name, capabilities }: Source,
): Assurance {
  // A row that is guarded knows it longer than the record.
  if (guard !== undefined || Number.isFinite(capabilities.redeliveryHorizonMs)) return assurance
  const window = `${name} keeps a message until it is acknowledged: one that stays so for longer than retentionMs takes effect again`
  const { level, because } = assurance
  return {
    level,
    because,
    get windows() {
      return [...assurance.windows, window]
    },
  }
}

/** Relations between settings that only the opened source knows; checked by every start. */
export function checkFlow({ source, limits, options }: Flow): void {
  if (options.orderedBy !== undefined && source.capabilities.order === 'none')
    throw new SemelError(
      'SEMEL_ORDER_MISSING',
      `orderedBy is set, but ${source.name} promises no order that could be kept`,
    )
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
