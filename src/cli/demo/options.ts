import { randomInt } from 'node:crypto'
import { SemelError } from '../../errors/semel-error.ts'
import type { Faults } from './run-way.ts'

/** What the command line says, as it says it. */
export interface DemoOptions {
  readonly messages?: string
  readonly kills?: string
  readonly seed?: string
  /** One line of JSON instead of the table. Default: false. */
  readonly json?: boolean
}

/** Names, defaults and ranges of the demo's own numbers. */
export const demoNumbers = {
  messages: { default: 5_000, min: 1, max: 1_000_000, says: 'distinct orders' },
  kills: { default: 24, min: 0, max: 1_000, says: 'kills that each way has to bear' },
  seed: {
    default: undefined,
    min: 0,
    max: 2 ** 32 - 1,
    says: 'repeats the faults of an earlier run',
  },
} as const

/** @throws SEMEL_USAGE */
export function readDemoOptions(given: DemoOptions): Faults {
  return {
    messages: numberOf('messages', given.messages) ?? demoNumbers.messages.default,
    kills: numberOf('kills', given.kills) ?? demoNumbers.kills.default,
    seed: numberOf('seed', given.seed) ?? randomInt(2 ** 32),
  }
}

function numberOf(name: keyof typeof demoNumbers, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const { min, max } = demoNumbers[name]
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (number >= min && number <= max) return number
  throw new SemelError(
    'SEMEL_USAGE',
    `--${name} is ${JSON.stringify(text)}; allowed are whole numbers from ${min} to ${max}`,
  )
}
