import type { Assurance, AssuranceLevel, Weakest } from '../inbox/assurance.ts'
import { fieldsFingerprint, noFingerprint } from '../inbox/fingerprint.ts'
import { encodeScope, type Identity, identityOf } from '../inbox/identity.ts'
import type { JsonShape, JsonValue } from '../inbox/json.ts'
import type { Key } from '../inbox/key.ts'
import { decodeResult } from '../inbox/result.ts'
import type { Store } from '../inbox/store.ts'
import { inboxStrategy, type Strategy } from '../inbox/strategy.ts'
import { resolveOptions } from '../options/resolve.ts'
import { type Answer, thrown } from './answer.ts'
import { answered } from './answered.ts'
import { assure } from './assure.ts'
import type { HandlerContext, LevelOf, TransactionContext } from './context.ts'
import type { Effects, NoEffects } from './effects/declarations.ts'
import { beside, checkEffects } from './effects/weigh.ts'
import { guardsOf, settledOn, unlessPassed } from './guarded.ts'
import { insideTransaction, inTurn } from './inside.ts'
import { refuseLockInside } from './locked.ts'
import { rememberJoined } from './nested.ts'
import { type Door, openDoor, performInCallers } from './door.ts'
import type { Task } from './transaction.ts'

export interface RunOptions {
  /** What must not differ under one key: plain JSON or bytes. Default: nothing is compared. */
  readonly fingerprint?: JsonValue | Uint8Array
  /** Default: the `name` of the semel. */
  readonly keyspace?: string
  readonly tenant?: string
  /** Aborts the handler; nothing is committed then. */
  readonly signal?: AbortSignal
}

/** Options as the last argument: a strategy that takes values from its input makes it be given. */
export type RunArguments<In> = unknown extends In
  ? [options?: RunOptions]
  : [options: RunOptions & { readonly input: In }]

/** A guarded row may say that there is nothing to do: then there is no result. */
export type RunResult<R, In> = unknown extends In ? R : R | undefined

/** The answers of `tryRun`. What the function throws is thrown. */
export type RunAnswer<R> =
  | { readonly kind: 'completed'; readonly result: R; readonly replayed: boolean }
  | { readonly kind: 'held'; readonly retryAfterMs: number }
  | { readonly kind: 'mismatched' }
  | { readonly kind: 'dead'; readonly reason: string }

/** Idempotency for any function. No broker involved. */
export interface Once<
  Tx,
  L extends AssuranceLevel = 'A',
  E extends Effects = NoEffects,
  In = unknown,
> {
  readonly assurance: Assurance<Weakest<L, LevelOf<E>>>
  /**
   * Performs once per key, and answers the result, fresh or replayed: the same JSON value both times.
   *
   * A function that throws leaves nothing behind at level A: its error is rethrown, and the next call tries again. Where
   * the strategy guards a row that is so already, the function is not called and the result is undefined; a message
   * that is ahead of its row throws {@link TooEarly}.
   * @throws SEMEL_HELD (with `retryAfterMs`), SEMEL_MISMATCHED, SEMEL_DEAD, SEMEL_RESULT_…, SEMEL_KEY_…, SEMEL_STORE_…;
   * SEMEL_EFFECT_…, SEMEL_STEP_… where effects are declared;
   * SEMEL_RUN_NESTED inside a transaction that it would wait for; SEMEL_ROW_CONFLICT, SEMEL_VERSION_CONFLICT,
   * SEMEL_TRANSITION_REFUSED, SEMEL_VALUES_INVALID of a strategy; SEMEL_LOCK_… of its lock
   */
  run<R extends JsonShape<R>>(
    key: Key,
    perform: (context: HandlerContext<Tx, L, E>) => Promise<R> | R,
    ...options: RunArguments<In>
  ): Promise<RunResult<R, In>>
  /** The same, with the answers of ours as a union instead of errors. */
  tryRun<R extends JsonShape<R>>(
    key: Key,
    perform: (context: HandlerContext<Tx, L, E>) => Promise<R> | R,
    ...options: RunArguments<In>
  ): Promise<RunAnswer<RunResult<R, In>>>
  /**
   * Joins a transaction that the caller began and will commit: the answer holds once it is committed. Calls on
   * one transaction are performed one after another. Await them before you write yourself, or commit: what is
   * written meanwhile is taken back with a call that fails.
   *
   * @throws SEMEL_RECORD_UNSETTLED besides those of `run`; SEMEL_TRANSACTIONS_MISSING below level A.
   */
  runIn<R extends JsonShape<R>>(
    tx: Tx,
    key: Key,
    perform: (context: TransactionContext<Tx>) => Promise<R> | R,
    ...options: RunArguments<In>
  ): Promise<RunResult<R, In>>
}

export interface SemelOptions<
  Tx,
  L extends AssuranceLevel = 'A',
  E extends Effects = NoEffects,
  In = unknown,
> {
  /** Default keyspace. Default: empty, which no topic is. */
  readonly name?: string
  /** Callers that share work, and therefore share keys. */
  readonly group: string
  readonly store: Store<Tx>
  /** Default: `inbox()`. */
  readonly strategy?: Strategy<L, In>
  /** Effects elsewhere, by names that never change. The function gets them instead of `tx`. Default: none. */
  readonly effects?: E
  readonly leaseMs?: number
  readonly attemptsMax?: number
  readonly retryDelayMs?: number
  readonly retryDelayMsMax?: number
  readonly performMsMax?: number
  readonly heldWaitMs?: number
  readonly retentionMs?: number
  readonly resultBytesMax?: number
}

const numbers = [
  'leaseMs',
  'attemptsMax',
  'retryDelayMs',
  'retryDelayMsMax',
  'performMsMax',
  'heldWaitMs',
  'retentionMs',
  'resultBytesMax',
] as const

const others = ['name', 'group', 'store', 'strategy', 'effects']

/**
 * Door 1: makes functions take effect once per key.
 *
 * @example
 * const points = semel({ group: 'points', store: sqliteStore('shop.db') })
 * const { total } = await points.run(['order-paid', order.id], ({ tx }) => grant(tx, order))
 */
export function semel<
  Tx,
  L extends AssuranceLevel = 'A',
  const E extends Effects = NoEffects,
  In = unknown,
>(options: SemelOptions<Tx, L, E, In>): Once<Tx, L, E, In> {
  const limits = resolveOptions('semel()', options, numbers, others)
  const { group, store, name = '' } = options
  const effects = checkEffects('semel()', options.effects)
  const declared: Strategy = options.strategy ?? inboxStrategy
  const strategy = settledOn(beside('semel()', effects, declared), store)
  if (strategy.guard !== undefined) guardsOf(store, strategy)
  const assurance = assure(store, strategy, limits.retentionMs, effects)
  const door = openDoor(store, strategy, limits)
  encodeScope({ group, keyspace: name })

  function taskOf(key: Key, perform: Task['perform'], options: AnyRun, joined?: object): Task {
    const { keyspace = name, tenant, fingerprint, signal, input } = options
    return {
      effects,
      ...identityOf(encodeScope({ group, keyspace, tenant }), key),
      fingerprint: fingerprint === undefined ? noFingerprint : fieldsFingerprint(fingerprint),
      perform: insideTransaction(store, unlessPassed(strategy, store, input, perform), joined),
      stops: signal === undefined ? [] : [signal],
      keepsResult: true,
      acknowledge: undefined,
    }
  }

  const answer = (task: Task, options: AnyRun): Promise<Answer> =>
    answered(door, task, options, limits.heldWaitMs)

  return {
    assurance: assurance as Assurance<Weakest<L, LevelOf<E>>>,
    async run<R>(key: Key, perform: (context: never) => Promise<R> | R, options: AnyRun = {}) {
      const task = taskOf(key, perform as Task['perform'], options)
      const got = await answer(task, options)
      return resultOf(got, task) as R
    },
    async tryRun<R>(key: Key, perform: (context: never) => Promise<R> | R, options: AnyRun = {}) {
      const got = await answer(taskOf(key, perform as Task['perform'], options), options)
      return (
        got.kind === 'completed' ? { ...got, result: decodeResult(got.result) } : got
      ) as RunAnswer<R>
    },
    async runIn<R>(
      tx: Tx,
      key: Key,
      perform: (context: never) => Promise<R> | R,
      options: AnyRun = {},
    ) {
      refuseLockInside(strategy)
      const task = taskOf(key, perform as Task['perform'], options, tx as object)
      const got = await inTurn(tx, () => joined(door, store, tx as object, task))
      return resultOf(got, task) as R
    },
  }
}

type AnyRun = RunOptions & { readonly input?: unknown }

function resultOf(got: Answer, identity: Identity): unknown {
  if (got.kind === 'completed') return decodeResult(got.result)
  throw thrown(got, identity)
}

async function joined(door: Door, store: Store, tx: object, task: Task): Promise<Answer> {
  await door.ready(tx)
  const answer = await performInCallers(door, tx, task)
  if (answer.kind === 'completed' && !answer.replayed) rememberJoined(store, tx, task)
  return answer
}
