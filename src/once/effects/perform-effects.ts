import { isSemelError, SemelError } from '../../errors/semel-error.ts'
import { readableKey } from '../../inbox/key.ts'
import type { Lease } from '../../inbox/record.ts'
import { encodeResult } from '../../inbox/result.ts'
import type { RecordedStep } from '../../inbox/steps.ts'
import type { Store } from '../../inbox/store.ts'
import { callHandler, HandlerFailure } from '../perform.ts'
import type { Committed, PerformTerms, Task } from '../transaction.ts'
import { type AttemptCalls, attemptCalls } from './calls.ts'
import type { Effects } from './declarations.ts'
import { asThrown, type Fault, newFault } from './fault.ts'
import { type FinalTransaction, finalTransaction } from './final.ts'

/** What one attempt has at hand. */
interface Attempt {
  readonly store: Store
  readonly task: Task
  readonly effects: Effects
  readonly lease: Lease
  readonly terms: PerformTerms
  readonly fault: Fault
  readonly returned: PromiseWithResolvers<string | undefined>
  final: FinalTransaction | undefined
  calls: AttemptCalls | undefined
}

/**
 * A handler with declared effects, under its lease: each call is recorded before and after, and the settlement is
 * alone, or in the commit of the final transaction.
 *
 * @throws HandlerFailure; SEMEL_OUTCOME_UNKNOWN, SEMEL_STORE_…, whatever the handler made of them
 */
export async function performEffects(
  given: Pick<Attempt, 'store' | 'task' | 'effects' | 'lease' | 'terms'>,
  lost: AbortSignal,
): Promise<Committed> {
  const { store, task, effects, lease, terms } = given
  refuseUnknown(await store.steps.read(lease), effects)
  const returned = Promise.withResolvers<string | undefined>()
  returned.promise.catch(() => undefined)
  const attempt: Attempt = {
    ...given,
    fault: newFault(),
    returned,
    final: undefined,
    calls: undefined,
  }
  try {
    const result = await callHandler((own) => performOnce(attempt, own.signal), terms, task.stops, [
      lost,
    ])
    returned.resolve(result)
    return await settle(attempt, result)
  } catch (error) {
    returned.reject(error)
    return await giveUp(attempt, error)
  } finally {
    attempt.calls?.close('the attempt has ended')
  }
}

/** Answers the result as text, when the handler has returned and nothing that it began is under way. */
async function performOnce(attempt: Attempt, signal: AbortSignal): Promise<string | undefined> {
  const { store, task, effects, lease, terms, fault, returned } = attempt
  const { steps } = store
  const { resultBytesMax } = terms
  const calls = attemptCalls(effects, { steps, lease, signal, resultBytesMax, fault })
  const final = finalTransaction({
    store,
    task,
    lease,
    terms,
    signal,
    calls,
    fault,
    returned: returned.promise,
  })
  attempt.calls = calls
  attempt.final = final
  const context = {
    key: readableKey(task.key, task.readable),
    attempt: lease.attempt,
    signal,
    effects: calls.calls,
    transaction: final.transaction,
  }
  const value = await untilQuiet(() => task.perform(context), attempt)
  if (fault.first() !== undefined) throw fault.first()
  return task.keepsResult ? encodeResult(value, resultBytesMax) : undefined
}

/** A call that nobody awaits is waited for, so that its result is recorded, and then fails the attempt. */
async function untilQuiet(
  perform: () => unknown,
  { calls, final, fault }: Attempt,
): Promise<unknown> {
  let over = false
  try {
    const value = await perform()
    over = true
    return value
  } finally {
    const underWay = calls?.underWay() ?? []
    calls?.close('the handler has returned')
    await Promise.all([...underWay, final?.worked()])
    if (over && underWay.length > 0)
      fault.note(
        new SemelError(
          'SEMEL_EFFECT_REFUSED',
          'the handler returned while an effect was under way: await it',
        ),
      )
  }
}

async function settle(
  { store, lease, terms, final }: Attempt,
  result: string | undefined,
): Promise<Committed> {
  const committed = final?.committed()
  if (committed !== undefined) return committed
  const outcome = { state: 'completed', result, keepMs: terms.retentionMs } as const
  const settled = await store.leases.settle(lease, outcome)
  return settled === 'settled' ? { kind: 'applied', result } : { kind: 'fenced' }
}

/** Once the transaction is rolled back. Our own faults come before what the handler threw. */
async function giveUp({ fault, final }: Attempt, error: unknown): Promise<Committed> {
  await final?.committed()?.catch(() => undefined)
  const first = fault.first()
  if (isSemelError(first, 'SEMEL_FENCED')) return { kind: 'fenced' }
  throw first === undefined ? error : asThrown(first)
}

/** The code has changed its names or kinds while this key was on its way: nobody knows which call is which. */
function refuseUnknown(recorded: readonly RecordedStep[], effects: Effects): void {
  for (const { step, kind, done } of recorded) {
    const [name = ''] = step.split('/', 1)
    const declared = Object.hasOwn(effects, name) ? effects[name] : undefined
    if (declared !== undefined && (done || declared.kind === kind)) continue
    const what =
      declared === undefined
        ? 'no effect of that name is declared'
        : `it is declared as ${declared.kind}`
    const text = `an earlier attempt recorded the step ${step} (${kind}), and ${what} here`
    throw new HandlerFailure(new SemelError('SEMEL_STEP_UNKNOWN', text), false)
  }
}
