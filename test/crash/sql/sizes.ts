import { randomInt } from 'node:crypto'
import { type Draw, seeded } from '../../../src/cli/demo/random.ts'

/** `npm run proof` asks for the full sizes; otherwise they fit into a run of all tests. */
const isFull = process.env['SEMEL_PROOF'] === 'full'

export function size(small: number, full: number, share = 1): number {
  return isFull ? full : Math.ceil(small * share)
}

/** How long a run may take that is that long. */
export function limitMs(small: number): number {
  return isFull ? 60 * 60_000 : small
}

/** Drawn anew in every run, printed with its figures, and given again with SEMEL_SEED. */
export function seedOfThisRun(): {
  readonly seed: number
  readonly draw: Draw
  readonly hint: string
} {
  const seed = Number(process.env['SEMEL_SEED'] ?? randomInt(2 ** 32))
  return { seed, draw: seeded(seed), hint: `repeat with SEMEL_SEED=${seed}` }
}

/** The same elements in a drawn order. */
export function shuffled<One>(list: readonly One[], draw: Draw): readonly One[] {
  const places = new Map(list.map((_, at) => [at, draw()]))
  return list
    .map((one, at) => ({ one, at }))
    .toSorted((a, b) => (places.get(a.at) ?? 0) - (places.get(b.at) ?? 0))
    .map(({ one }) => one)
}
