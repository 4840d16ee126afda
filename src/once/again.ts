import { setTimeout as pause } from 'node:timers/promises'
import { isSemelError } from '../errors/semel-error.ts'
import { retryDelay } from './outcome.ts'

const tries = 6
const delays = { retryDelayMs: 10, retryDelayMsMax: 500 }

/**
 * Asks again where nothing is decided yet: the store gave up waiting for a lock, or an outcome is unknown. The
 * same insert or claim finds what the first one left. Six tries within about a second, then the error is the
 * caller's.
 */
export async function askAgain<R>(ask: () => Promise<R>): Promise<R> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask()
    } catch (error) {
      if (!undecided(error) || attempt === tries) throw error
      await pause(retryDelay(attempt, delays))
    }
  }
}

function undecided(error: unknown): boolean {
  return (
    isSemelError(error, 'SEMEL_STORE_CONTENDED') || isSemelError(error, 'SEMEL_OUTCOME_UNKNOWN')
  )
}
