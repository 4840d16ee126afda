import { setTimeout as pause } from 'node:timers/promises'
import { isSemelError } from '../errors/semel-error.ts'
import type { On, SqlParts } from './parts.ts'

const tries = 8
const pauseMs = { first: 5, most: 200 }

/**
 * A transaction of ours alone, without a handler. Deadlocks and time-outs of locks are normal traffic: it is then
 * repeated whole, after a pause that grows and differs. A COMMIT without an answer is the caller's to ask again.
 */
export async function inTransaction<R>(parts: SqlParts, work: (on: On) => Promise<R>): Promise<R> {
  const opening = parts.dialect.opening({
    messages: 0,
    interleaved: false,
    performMsMax: undefined,
  })
  for (let attempt = 1; ; attempt++) {
    try {
      return await parts.client.transaction(opening, (connection) => work({ connection, parts }))
    } catch (error) {
      if (attempt === tries || !isSemelError(error, 'SEMEL_STORE_CONTENDED')) throw error
      await pause(Math.random() * Math.min(pauseMs.most, pauseMs.first * 2 ** attempt))
    }
  }
}
