import type { AssuranceLevel } from './assurance.ts'

/** How a second delivery is recognised, and what that is worth. Made by the functions of `semel/strategies`. */
export interface Strategy<L extends AssuranceLevel = AssuranceLevel> {
  readonly name: string
  readonly level: L
  /** `transaction`: record and effect commit together. `lease`: the effect is elsewhere. */
  readonly path: 'transaction' | 'lease'
  /** The reason that the user wrote; levels C and D need one. */
  readonly because: string | undefined
  readonly windows: readonly string[]
}

/** Record and effect in one commit; what is used where nothing else is declared. */
export const inboxStrategy: Strategy<'A'> = {
  name: 'inbox',
  level: 'A',
  path: 'transaction',
  because: undefined,
  windows: [],
}
