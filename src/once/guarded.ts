import { SemelError } from '../errors/semel-error.ts'
import { TooEarly } from '../errors/steering.ts'
import type { Guards } from '../inbox/guards.ts'
import type { Store } from '../inbox/store.ts'
import type { Strategy } from '../inbox/strategy.ts'
import type { Task } from './transaction.ts'

/** What a guard needs of the context of a handler. */
interface Context {
  readonly tx?: unknown
  readonly key: string
}

/**
 * Asks the guard of a strategy first, in the handler's own transaction: so the row says what has happened also when
 * the record was forgotten. Undefined: the handler is to run; else why it is not.
 *
 * @throws TooEarly, and the code of a conflict
 */
export async function passedBy(
  strategy: Strategy,
  store: Store,
  input: unknown,
  { tx, key }: Context,
): Promise<string | undefined> {
  const { guard } = strategy
  if (guard === undefined) return undefined
  const on = { guards: guardsOf(store, strategy), tx }
  const answer = await guard.apply(on, guard.of(input as never) as never, key)
  switch (answer.kind) {
    case 'applied':
      return undefined
    case 'passed':
      return answer.detail
    case 'early':
      throw new TooEarly(`${strategy.name}: ${answer.detail}`)
    case 'conflict':
      throw new SemelError(answer.code, `${strategy.name}: ${answer.detail}`)
  }
}

/** A function behind the guard of its strategy; where the row has passed it is not called, and answers nothing. */
export function unlessPassed(
  strategy: Strategy,
  store: Store,
  input: unknown,
  perform: Task['perform'],
): Task['perform'] {
  if (strategy.guard === undefined) return perform
  return async (context) => {
    const passed = await passedBy(strategy, store, input, context)
    return passed === undefined ? perform(context) : undefined
  }
}

/** Compares what a strategy says of a table with the table; inside `tx` where there is one. */
export async function checkGuard(strategy: Strategy, store: Store, tx?: unknown): Promise<void> {
  await strategy.guard?.check(guardsOf(store, strategy), tx)
}

/** @throws SEMEL_GUARDS_MISSING */
export function guardsOf({ guards, name }: Store, strategy: Pick<Strategy, 'name'>): Guards {
  if (guards !== undefined) return guards
  throw new SemelError(
    'SEMEL_GUARDS_MISSING',
    `strategy ${strategy.name} guards a row, and the ${name} store has none`,
  )
}

/** A strategy as this store can keep it. */
export function settledOn<S extends Strategy>(strategy: S, { transactions }: Store): Settled<S> {
  const either = transactions === undefined ? 'lease' : 'transaction'
  return { ...strategy, path: strategy.path === 'either' ? either : strategy.path } as Settled<S>
}

export type Settled<S extends Strategy = Strategy> = S & { readonly path: 'transaction' | 'lease' }
