import { exclusion } from './lock-cases/exclusion.ts'
import { holding } from './lock-cases/holding.ts'
import { waiting } from './lock-cases/waiting.ts'
import type { LockCase } from './lock-suite.ts'

/** What every lock promises. */
export const lockCases: readonly LockCase[] = [...exclusion, ...waiting, ...holding]
