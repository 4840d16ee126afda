import { parseArgs } from 'node:util'

export interface Arguments {
  readonly asked: readonly string[]
  readonly seconds: number
  readonly rounds: number
  readonly json: boolean
}

const ranges = {
  seconds: { usual: 2, min: 0.05, max: 120 },
  rounds: { usual: 5, min: 1, max: 99 },
} as const

/** Without a question all are asked. What is wrong ends the process with status 2. */
export function readArguments(given: readonly string[], known: readonly string[]): Arguments {
  const { values, positionals } = parsed(given)
  const stranger = positionals.find((name) => !known.includes(name))
  if (stranger !== undefined)
    return refuse(`there is no question "${stranger}"; there are: ${known.join(', ')}`)
  return {
    asked: positionals.length === 0 ? known : positionals,
    seconds: numberOf('seconds', values.seconds),
    rounds: Math.round(numberOf('rounds', values.rounds)),
    json: values.json ?? false,
  }
}

interface Parsed {
  readonly values: { readonly seconds?: string; readonly rounds?: string; readonly json?: boolean }
  readonly positionals: readonly string[]
}

function parsed(given: readonly string[]): Parsed {
  const one = { type: 'string' } as const
  const options = { seconds: one, rounds: one, json: { type: 'boolean' } } as const
  try {
    return parseArgs({ args: [...given], allowPositionals: true, options })
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error))
  }
}

function numberOf(name: keyof typeof ranges, text: string | undefined): number {
  const { usual, min, max } = ranges[name]
  const number = text === undefined ? usual : Number(text)
  if (text !== '' && number >= min && number <= max) return number
  return refuse(`--${name} is "${text}"; allowed are ${min} to ${max}`)
}

function refuse(why: string): never {
  console.error(`bench: ${why}`)
  process.exit(2)
}
