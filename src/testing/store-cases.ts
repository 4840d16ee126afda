import { claims } from './store-cases/claims.ts'
import { due } from './store-cases/due.ts'
import { histories } from './store-cases/histories.ts'
import { inserts } from './store-cases/inserts.ts'
import { keys } from './store-cases/keys.ts'
import { lanes } from './store-cases/lanes.ts'
import { leases } from './store-cases/leases.ts'
import { lifecycle } from './store-cases/lifecycle.ts'
import { lists } from './store-cases/lists.ts'
import { operators } from './store-cases/operators.ts'
import { parking } from './store-cases/parking.ts'
import { rateCases } from './store-cases/rates.ts'
import { resultCases } from './store-cases/results.ts'
import { seals } from './store-cases/seals.ts'
import { steps } from './store-cases/steps.ts'
import { stepsLifetime } from './store-cases/steps-lifetime.ts'
import { suspects } from './store-cases/suspects.ts'
import { transactionCases } from './store-cases/transactions.ts'
import type { StoreCase } from './store-suite.ts'

/** What every store promises, in the order of the flow. */
export const storeCases: readonly StoreCase[] = [
  ...lifecycle,
  ...keys,
  ...claims,
  ...suspects,
  ...leases,
  ...resultCases,
  ...inserts,
  ...parking,
  ...due,
  ...lanes,
  ...rateCases,
  ...transactionCases,
  ...seals,
  ...operators,
  ...lists,
  ...steps,
  ...stepsLifetime,
  ...histories,
]
