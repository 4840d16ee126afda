import { closing } from './source-cases/closing.ts'
import { contents } from './source-cases/contents.ts'
import { delayed } from './source-cases/delays.ts'
import { groups } from './source-cases/groups.ts'
import { joined } from './source-cases/joined.ts'
import { ordering } from './source-cases/ordering.ts'
import { pulling } from './source-cases/pulling.ts'
import { sending } from './source-cases/sending.ts'
import { settling } from './source-cases/settling.ts'
import type { SourceCase } from './source-suite.ts'

/** What every source and publisher promises, in the order of the flow. */
export const sourceCases: readonly SourceCase[] = [
  ...sending,
  ...contents,
  ...pulling,
  ...groups,
  ...ordering,
  ...delayed,
  ...settling,
  ...joined,
  ...closing,
]
