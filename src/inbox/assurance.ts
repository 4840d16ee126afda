/**
 * What a consumer promises. A: exactly once. B: exactly once while the far side remembers. C: at least once,
 * suppressed. D: at most once. `docs/guarantees.md` explains each.
 */
export type AssuranceLevel = 'A' | 'B' | 'C' | 'D'

/** Of several promises the one that holds for all. Of a level that is not known, any. */
export type Weakest<L extends AssuranceLevel, Others extends AssuranceLevel = never> = [
  AssuranceLevel,
] extends [L]
  ? AssuranceLevel
  : 'D' extends L | Others
    ? 'D'
    : 'C' extends L | Others
      ? 'C'
      : 'B' extends L | Others
        ? 'B'
        : 'A'

/** Computed from what is declared; printed at start. */
export interface Assurance<L extends AssuranceLevel = AssuranceLevel> {
  readonly level: L
  /** Why it is not better, and the reason that the user wrote for it. */
  readonly because: readonly string[]
  /** When a duplicate or a loss can happen all the same. */
  readonly windows: readonly string[]
}

export const assuranceNames: Readonly<Record<AssuranceLevel, string>> = {
  A: 'exactly once',
  B: 'exactly once while the far side remembers',
  C: 'at least once, suppressed',
  D: 'at most once',
}
