import { inspect } from 'node:util'
import { CommanderError } from 'commander'
import { catalog, type SemelCode } from '../errors/catalog.ts'
import { describeError, isSemelError, SemelError } from '../errors/semel-error.ts'
import type { Shell } from './shell.ts'

/** What a process of ours ends with; `docs/command.md` explains each. */
export const exitCodes = { done: 0, failed: 1, usage: 2 } as const

/** The person at the keyboard, or the file they wrote, is to be corrected; nothing was tried. */
const usageCodes: ReadonlySet<SemelCode> = new Set([
  'SEMEL_USAGE',
  'SEMEL_CONFIG_INVALID',
  'SEMEL_ENV_MISSING',
  'SEMEL_OPTION_UNKNOWN',
  'SEMEL_OPTION_INVALID',
  'SEMEL_CONSUMER_TWICE',
  'SEMEL_TRANSACTIONS_MISSING',
  'SEMEL_RETENTION_SHORT',
  'SEMEL_ATTEMPTS_OVER_BROKER',
])

/** Says what went wrong, in two lines without a stack, and answers the exit code. */
export function reportFailure(thrown: unknown, shell: Shell, json: boolean): number {
  if (thrown instanceof CommanderError && thrown.exitCode === 0) return exitCodes.done
  const error = thrown instanceof CommanderError ? usageError(thrown) : thrown
  const { code, message, advice } = described(error)
  shell.stderr.write(`semel: ${code} ${oneLine(message)}\n`)
  shell.stderr.write(`       ${advice}\n`)
  if (shell.env['SEMEL_DEBUG'] === '1') shell.stderr.write(`${inspect(thrown)}\n`)
  if (json) shell.stdout.write(`${JSON.stringify({ error: { code, message, advice } })}\n`)
  return isSemelError(error) && usageCodes.has(error.code) ? exitCodes.usage : exitCodes.failed
}

interface Described {
  readonly code: string
  readonly message: string
  readonly advice: string
}

function described(error: unknown): Described {
  if (isSemelError(error))
    return { code: error.code, message: error.message, advice: catalog[error.code].advice }
  const message = describeError(error)
  return { code: 'UNEXPECTED', message, advice: 'SEMEL_DEBUG=1 shows where it comes from.' }
}

function usageError({ code, message }: CommanderError): SemelError {
  const text =
    code === 'commander.help' ? 'a command is missing' : oneLine(message).replace(/^error: /, '')
  return new SemelError('SEMEL_USAGE', text)
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ')
}
