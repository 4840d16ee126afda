import { createHash } from 'node:crypto'

/** Draws numbers from 0 up to, not including, 1. The same seed draws the same numbers. */
export type Draw = () => number

export function seeded(seed: string | number): Draw {
  let drawn = 0
  return () => createHash('sha256').update(`${seed}/${drawn++}`).digest().readUInt32BE() / 2 ** 32
}

/** A whole number from 0 up to, not including, `end`. */
export function below(end: number, draw: Draw): number {
  return Math.floor(draw() * end)
}

export function pick<One>(list: readonly One[], draw: Draw): One | undefined {
  return list[below(list.length, draw)]
}
