import { setTimeout as pause } from 'node:timers/promises'
import type { Assurance, AssuranceLevel, Weakest } from '../inbox/assurance.ts'
import { monotonicMs } from '../inbox/clock.ts'
import { fieldsFingerprint, noFingerprint } from '../inbox/fingerprint.ts'
import { encodeScope, type Identity, identityName, identityOf } from '../inbox/identity.ts'
import type { JsonShape, JsonValue } from '../inbox/json.ts'
import type { Key } from '../inbox/key.ts'
import { decodeResult } from '../inbox/result.ts'
import type { Store } from '../inbox/store.ts'
import { inboxStrategy, type Strategy } from '../inbox/strategy.ts'
import { resolveOptions } from '../options/resolve.ts'
import { type Answer, thrown } from './answer.ts'
import { assure } from './assure.ts'
import type { HandlerContext, LevelOf, TransactionContext } from './context.ts'
import type { Effects, NoEffects } from './effects/declarations.ts'
import { beside, checkEffects } from './effects/weigh.ts'
import { enterKey } from './in-flight.ts'
import { insideTransaction, inTurn, refuseInside } from './inside.ts'
import { refuseNested, rememberJoined } from './nested.ts'
import { type Door, openDoor, performInCallers, tryOnce } from './door.ts'
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

/** The answers of `tryRun`. What the function throws is thrown. */
export type RunAnswer<R> =
  | { readonly kind: 'completed'; readonly result: R; readonly replayed: boolean }
  | { readonly kind: 'held'; readonly retryAfterMs: number }
  | { readonly kind: 'mismatched' }
  | { readonly kind: 'dead'; readonly reason: string }

/** Idempotency for any function. No broker involved. */
export interface Once<Tx, L extends AssuranceLevel = 'A', E extends Effects = NoEffects> {
  readonly assurance: Assurance<Weakest<L, LevelOf<E>>>
  /**
   * Performs once per key, and answers the result, fresh or replayed: the same JSON value both times.
   *
   * A function that throws leaves nothing behind at level A: its error is rethrown, and the next call tries again.
   * @throws SEMEL_HELD (with `retryAfterMs`), SEMEL_MISMATCHED, SEMEL_DEAD, SEMEL_RESULT_…, SEMEL_KEY_…, SEMEL_STORE_…;
   * SEMEL_EFFECT_…, SEMEL_STEP_… where effects are declared;
   * SEMEL_RUN_NESTED inside a transaction that it would wait for
   */
  run<R extends JsonShape<R>>(
    key: Key,
    perform: (context: HandlerContext<Tx, L, E>) => Promise<R> | R,
    options?: RunOptions,
  ): Promise<R>
  /** The same, with the answers of ours as a union instead of errors. */
  tryRun<R extends JsonShape<R>>(
    key: Key,
    perform: (context: HandlerContext<Tx, L, E>) => Promise<R> | R,
    options?: RunOptions,
  ): Promise<RunAnswer<R>>
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
    options?: RunOptions,
  ): Promise<R>
}

export interface SemelOptions<Tx, L extends AssuranceLevel = 'A', E extends Effects = NoEffects> {
  /** Default keyspace. Default: empty, which no topic is. */
  readonly name?: string
  /** Callers that share work, and therefore share keys. */
  readonly group: string
  readonly store: Store<Tx>
  /** Default: `inbox()`. */
  readonly strategy?: Strategy<L>
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
export function semel<Tx, L extends AssuranceLevel = 'A', const E extends Effects = NoEffects>(
  options: SemelOptions<Tx, L, E>,
): Once<Tx, L, E> {
  const limits = resolveOptions('semel()', options, numbers, others)
  const { group, store, name = '' } = options
  const effects = checkEffects('semel()', options.effects)
  const strategy = beside(effects, options.strategy ?? inboxStrategy)
  const assurance = assure(store, strategy, limits.retentionMs, effects)
  const door = openDoor(store, strategy, limits)
  encodeScope({ group, keyspace: name })

  function taskOf(key: Key, perform: Task['perform'], options: RunOptions, joined?: object): Task {
    const { keyspace = name, tenant, fingerprint, signal } = options
    return {
      effects,
      ...identityOf(encodeScope({ group, keyspace, tenant }), key),
      fingerprint: fingerprint === undefined ? noFingerprint : fieldsFingerprint(fingerprint),
      perform: insideTransaction(store, perform, joined),
      stops: signal === undefined ? [] : [signal],
      keepsResult: true,
      acknowledge: undefined,
    }
  }

  async function answer(task: Task): Promise<Answer> {
    refuseInside(store, strategy)
    await door.ready()
    await refuseNested(store, task)
    return waitWhileHeld(store, task, limits.heldWaitMs, () => tryOnce(door, task))
  }

  return {
    assurance: assurance as Assurance<Weakest<L, LevelOf<E>>>,
    async run<R>(key: Key, perform: (context: never) => Promise<R> | R, options: RunOptions = {}) {
      const task = taskOf(key, perform as Task['perform'], options)
      const got = await answer(task)
      return resultOf(got, task) as R
    },
    async tryRun<R>(
      key: Key,
      perform: (context: never) => Promise<R> | R,
      options: RunOptions = {},
    ) {
      const got = await answer(taskOf(key, perform as Task['perform'], options))
      return (
        got.kind === 'completed' ? { ...got, result: decodeResult(got.result) } : got
      ) as RunAnswer<R>
    },
    async runIn<R>(
      tx: Tx,
      key: Key,
      perform: (context: never) => Promise<R> | R,
      options: RunOptions = {},
    ) {
      const task = taskOf(key, perform as Task['perform'], options, tx as object)
      const got = await inTurn(tx, () => joined(door, store, tx as object, task))
      return resultOf(got, task) as R
    },
  }
}

function resultOf(got: Answer, identity: Identity): unknown {
  if (got.kind === 'completed') return decodeResult(got.result)
  throw thrown(got, identity)
}

async function joined(door: Door, store: Store, tx: object, task: Task): Promise<Answer> {
  await door.ready()
  const answer = await performInCallers(door, tx, task)
  if (answer.kind === 'completed' && !answer.replayed) rememberJoined(store, tx, task)
  return answer
}

/** Asks, and while somebody else holds the key waits in process, up to `waitMs`. */
async function waitWhileHeld(
  store: Store,
  identity: Identity,
  waitMs: number,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  const deadline = monotonicMs() + waitMs
  for (;;) {
    const leftMs = Math.max(0, deadline - monotonicMs())
    const leave = await enterKey(store, identityName(identity), leftMs)
    if (leave === undefined) return { kind: 'held', retryAfterMs: waitMs }
    const answer = await ask().finally(leave)
    if (answer.kind !== 'held' || monotonicMs() >= deadline) return answer
    await pause(Math.min(answer.retryAfterMs, 50, deadline - monotonicMs()) + 1)
  }
}
