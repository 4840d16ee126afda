import { lookUpThenSave } from './look-up-then-save.ts'
import { markerAfter } from './marker-after.ts'
import { markerBefore } from './marker-before.ts'
import { semelWay } from './semel.ts'
import { separateTransaction } from './separate-transaction.ts'
import type { Way } from './way.ts'

/** In the order of the table. */
export const ways: readonly Way[] = [
  lookUpThenSave,
  markerAfter,
  markerBefore,
  separateTransaction,
  semelWay,
]
