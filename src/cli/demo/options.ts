import { randomInt } from 'node:crypto'
import { SemelError } from '../../errors/semel-error.ts'
import type { Faults } from './run-way.ts'

/** What the command line says, as it says it. */
export interface DemoOptions {
  /** Default: 5 000 distinct orders. */
  readonly messages?: string
  /** Kills that each way has to bear. Default: 24. */
  readonly kills?: string
  /** Repeats the faults of an earlier run. Default: drawn. */
  readonly seed?: string
  /** One line of JSON instead of the table. Default: false. */
  readonly json?: boolean
}

const ranges = {
  messages: { usual: 5_000, min: 1, max: 1_000_000 },
  kills: { usual: 24, min: 0, max: 1_000 },
  seed: { usual: undefined, min: 0, max: 2 ** 32 - 1 },
} as const

/** @throws SEMEL_USAGE */
export function readDemoOptions(given: DemoOptions): Faults {
  return {
    messages: numberOf('messages', given.messages) ?? ranges.messages.usual,
    kills: numberOf('kills', given.kills) ?? ranges.kills.usual,
    seed: numberOf('seed', given.seed) ?? randomInt(2 ** 32),
  }
}

function numberOf(name: keyof typeof ranges, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const { min, max } = ranges[name]
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (number >= min && number <= max) return number
  throw new SemelError(
    'SEMEL_USAGE',
    `--${name} is ${JSON.stringify(text)}; allowed are whole numbers from ${min} to ${max}`,
  )
}
