import { hush } from '../../errors/hush.ts'
import { SemelError } from '../../errors/semel-error.ts'
import type { Lease } from '../../inbox/record.ts'
import { readableKey } from '../../inbox/key.ts'
import type { OpenTransaction, Store } from '../../inbox/store.ts'
import { insideTransaction } from '../inside.ts'
import { callHandler, HandlerFailure } from '../perform.ts'
import {
  type Committed,
  Fenced,
  type PerformTerms,
  type Task,
  withHandler,
} from '../transaction.ts'
import type { AttemptCalls } from './calls.ts'
import type { Fault } from './fault.ts'

export type Work = (tx: unknown) => unknown

/** What the last transaction of an attempt needs. */
export interface FinalTerms {
  readonly store: Store
  readonly task: Task
  readonly lease: Lease
  readonly terms: PerformTerms
  readonly signal: AbortSignal
  readonly calls: AttemptCalls
  readonly fault: Fault
  /** Resolves to the result when the handler has returned; rejects when the attempt is given up. */
  readonly returned: Promise<string | undefined>
}

export interface FinalTransaction {
  readonly transaction: (work: Work) => Promise<unknown>
  /** Undefined: the handler wanted none. */
  committed(): Promise<Committed> | undefined
  /** Resolves when `work` has ended; never throws. */
  worked(): Promise<unknown>
}

/** Rows beside outside effects: `work`, what the handler returns, and the settlement are one commit. */
export function finalTransaction(given: FinalTerms): FinalTransaction {
  const { calls, fault } = given
  let committed: Promise<Committed> | undefined
  let worked: Promise<unknown> = Promise.resolve()
  return {
    committed: () => committed,
    worked: () => worked,
    transaction(work) {
      const why = refusal(given, work, committed)
      if (why !== undefined) return refused(why, fault)
      calls.close('it is called after the final transaction')
      const value = Promise.withResolvers<unknown>()
      worked = value.promise.catch(() => undefined)
      committed = commit(work, value.resolve, given)
      committed.catch((error: unknown) => {
        fault.note(error)
        value.reject(error instanceof HandlerFailure ? error.error : error)
      })
      return value.promise
    },
  }
}

/** Whoever forgets to await it is told by the attempt, not by the end of the process. */
function refused(why: string, fault: Fault): Promise<never> {
  const error = fault.note(new SemelError('SEMEL_EFFECT_REFUSED', `transaction(): ${why}`))
  const refusing = Promise.reject<never>(error)
  hush(refusing)
  return refusing
}

function refusal(
  { store, calls }: FinalTerms,
  work: unknown,
  committed: unknown,
): string | undefined {
  if (typeof work !== 'function') return 'it must be given a function'
  if (committed !== undefined) return 'it is called twice; one message has one final transaction'
  if (calls.closed() !== undefined) return calls.closed()
  if (calls.underWay().length > 0) return 'an effect is still under way; await it before'
  if (store.transactions === undefined) return `the ${store.name} store has no transactions`
  return undefined
}

async function commit(
  work: Work,
  done: (value: unknown) => void,
  given: FinalTerms,
): Promise<Committed> {
  const { store, task, lease, terms, returned } = given
  try {
    const perform = async (open: OpenTransaction<unknown>): Promise<Committed> => {
      done(await performIn(open, work, given))
      const result = await returned
      task.acknowledge?.()
      const outcome = { state: 'completed', result, keepMs: terms.retentionMs } as const
      const [settled] = await open.settle([{ lease, outcome }])
      if (settled !== 'settled') throw new Fenced()
      return { kind: 'applied', result } as const
    }
    const one = { messages: 1, interleaved: false, of: lease }
    return (await store.transactions?.open(perform, one)) as Committed
  } catch (error) {
    if (error instanceof Fenced) return { kind: 'fenced' }
    throw error
  }
}

async function performIn(
  open: OpenTransaction<unknown>,
  work: Work,
  given: FinalTerms,
): Promise<unknown> {
  const { store, task, lease, terms, signal } = given
  return withHandler(open, (tx) => {
    const perform = insideTransaction(store, () => work(tx))
    const context = { key: readableKey(task.key, task.readable), attempt: lease.attempt, tx }
    return callHandler((own) => perform({ ...context, signal: own.signal }), terms, task.stops, [
      signal,
    ])
  })
}
