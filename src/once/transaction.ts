import type { Identity } from '../inbox/identity.ts'
import type { Lease, RecordView } from '../inbox/record.ts'
import { encodeResult } from '../inbox/result.ts'
import type { OpenTransaction, Transactions } from '../inbox/store.ts'
import { readableKey } from '../inbox/key.ts'
import type { AttemptContext, TransactionContext } from './context.ts'
import type { Effects } from './effects/declarations.ts'
import { callHandler, HandlerFailure, type Stopper } from './perform.ts'

/** One key to be performed, whichever door it came through. */
export interface Task extends Identity {
  readonly fingerprint: Uint8Array
  /** The user's handler, bound to its message. */
  readonly perform: (context: AttemptContext | TransactionContext<unknown>) => unknown
  /** Abort it: the caller, the consumer that stops, the lease that is lost. */
  readonly stops: readonly AbortSignal[]
  /** Effects elsewhere, each recorded for itself; the handler gets them instead of a transaction. */
  readonly effects?: Effects | undefined
  /** Whether what the handler returns is stored for replay; else it is dropped. */
  readonly keepsResult: boolean
  /** Acknowledges inside the transaction, where source and store share one. */
  readonly acknowledge: (() => void) | undefined
}

export interface PerformTerms {
  readonly performMsMax: number
  readonly retentionMs: number
  readonly resultBytesMax: number
}

/** What a transaction came to, once it is committed. */
export type Committed =
  | { readonly kind: 'applied'; readonly result: string | undefined }
  /** Nothing was done: there is a record. Undefined: it has vanished again. */
  | { readonly kind: 'known'; readonly record: RecordView | undefined }
  | { readonly kind: 'fenced' }

/**
 * The fast path at size one (P8): record and effect in one commit, for a key that nobody knows yet. The insert
 * comes first, so that a second one waits for our commit; the seal comes last (P9).
 *
 * @throws HandlerFailure, SEMEL_OUTCOME_UNKNOWN, SEMEL_STORE_…
 */
export function performNew(
  { open }: Transactions<unknown>,
  task: Task,
  terms: PerformTerms,
): Promise<Committed> {
  const { performMsMax } = terms
  const one = { messages: 1, interleaved: false, claims: true, performMsMax, of: task }
  return open((transaction) => performIn(transaction, task, terms), one)
}

/** The same in a transaction that is already open. */
export async function performIn(
  transaction: OpenTransaction<unknown>,
  task: Task,
  terms: PerformTerms,
): Promise<Committed> {
  const { scope, key, readable, fingerprint } = task
  const outcome = { state: 'completed', result: undefined, keepMs: terms.retentionMs } as const
  const [isNew] = await transaction.insert([{ scope, key, readable, fingerprint, outcome }])
  if (isNew !== true) {
    const [record] = await transaction.read([task])
    return { kind: 'known', record }
  }
  const result = await performWith(transaction, task, terms, 1, [])
  task.acknowledge?.()
  await transaction.seal([{ scope, key, result }])
  return { kind: 'applied', result }
}

/**
 * The second half of the careful path at level A (P12): handler and settlement in one transaction. Zero rows
 * settled is always a rollback (P7).
 */
export function performLeased(
  { open }: Transactions<unknown>,
  task: Task,
  lease: Lease,
  terms: PerformTerms,
  lost: AbortSignal,
): Promise<Committed> {
  const { performMsMax } = terms
  const careful = { messages: 1, interleaved: false, performMsMax, of: lease }
  return open(async (transaction) => {
    const result = await performWith(transaction, task, terms, lease.attempt, [lost])
    task.acknowledge?.()
    const keepMs = terms.retentionMs
    const outcome = { state: 'completed', result, keepMs } as const
    const [settled] = await transaction.settle([{ lease, outcome }])
    if (settled !== 'settled') throw new Fenced()
    return { kind: 'applied', result } as const
  }, careful).catch((error: unknown) => {
    if (error instanceof Fenced) return { kind: 'fenced' }
    throw error
  })
}

/** Calls the handler without a transaction: its effect is elsewhere. */
export async function performElsewhere(
  task: Task,
  lease: Lease,
  terms: PerformTerms,
  lost: AbortSignal,
): Promise<string | undefined> {
  const context = { key: readableKey(task.key, task.readable), attempt: lease.attempt }
  const value = await callHandler(
    ({ signal }) => task.perform({ ...context, signal }),
    terms,
    task.stops,
    [lost],
  )
  return task.keepsResult ? encodeResult(value, terms.resultBytesMax) : undefined
}

/** Rolls back: thrown through the store's transaction, and caught again around it. */
export class Fenced extends Error {}

export async function performWith(
  transaction: OpenTransaction<unknown>,
  task: Task,
  terms: PerformTerms,
  attempt: number,
  lost: readonly AbortSignal[],
): Promise<string | undefined> {
  const key = readableKey(task.key, task.readable)
  return withHandler(transaction, async (tx) => {
    const value = await callHandler(
      (own) => task.perform(contextOf(key, attempt, tx, own)),
      terms,
      task.stops,
      lost,
    )
    return task.keepsResult ? encodeResult(value, terms.resultBytesMax) : undefined
  })
}

/** One handler's own use of a transaction. What nobody is to blame for is thrown as an error of the store. */
export async function withHandler<Tx, R>(
  transaction: OpenTransaction<Tx>,
  work: (tx: Tx) => Promise<R>,
): Promise<R> {
  const { tx, end } = transaction.forHandler()
  let threw = true
  try {
    const value = await work(tx)
    threw = false
    return value
  } catch (error) {
    const thrown = error instanceof HandlerFailure ? error.error : error
    throw transaction.nobodysFault(thrown) ?? error
  } finally {
    end(threw)
  }
}

function contextOf<Tx>(key: string, attempt: number, tx: Tx, own: Stopper): TransactionContext<Tx> {
  return {
    key,
    attempt,
    tx,
    get signal() {
      return own.signal
    },
  }
}
