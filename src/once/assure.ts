import { SemelError } from '../errors/semel-error.ts'
import type { Assurance, AssuranceLevel } from '../inbox/assurance.ts'
import type { Store } from '../inbox/store.ts'
import type { Strategy } from '../inbox/strategy.ts'
import type { Effects } from './effects/declarations.ts'
import { weigh } from './effects/weigh.ts'

/**
 * What a strategy promises on a store, together with the effects elsewhere that are declared.
 *
 * @throws SEMEL_TRANSACTIONS_MISSING when it needs a transaction that the store does not have.
 */
export function assure<L extends AssuranceLevel>(
  store: Store,
  strategy: Strategy<L>,
  retentionMs: number,
  effects: Effects = {},
): Assurance<L> {
  const weighed = weigh(strategy.level, effects)
  if (strategy.path === 'transaction' && store.transactions === undefined)
    throw new SemelError(
      'SEMEL_TRANSACTIONS_MISSING',
      `strategy ${strategy.name} needs transactions, which the ${store.name} store does not have`,
    )
  return {
    level: weighed.level as L,
    because: [
      ...(strategy.because === undefined ? [] : [`${strategy.name}: ${strategy.because}`]),
      ...weighed.because,
    ],
    get windows() {
      return [
        ...strategy.windows,
        ...weighed.windows,
        ...(store.windows ?? endsWithProcess(store)),
        // A row that is guarded knows it longer than the record.
        ...(strategy.guard === undefined
          ? [
              `a message that comes again after its record was forgotten (retentionMs ${retentionMs}) takes effect again`,
            ]
          : []),
      ]
    },
  }
}

function endsWithProcess({ name, capabilities }: Store): readonly string[] {
  return capabilities.durable ? [] : [`${name}: records end with this process`]
}
