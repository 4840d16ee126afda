import { SemelError } from '../errors/semel-error.ts'
import { monotonicMs } from '../inbox/clock.ts'
import { type Done, hasCode, type ZooKeeperClient } from './client.ts'

export type Question<Answer> = (client: ZooKeeperClient, done: Done<Answer>) => void

export interface Asking {
  /** Settles with the answer, whenever it comes; rejects when the session is over. */
  ask<Answer>(question: Question<Answer>): Promise<Answer>
  /** How long nothing has come from the server, in milliseconds. */
  silentMs(): number
}

/** The client itself waits for ever: for a connection, and on one that swallows everything. */
export function asking(
  client: ZooKeeperClient,
  over: AbortSignal,
  onError: (error: unknown) => void,
): Asking {
  const unanswered = new Set<(why: unknown) => void>()
  let heardMs = monotonicMs()
  over.addEventListener('abort', () => {
    for (const reject of unanswered) reject(over.reason)
  })
  return {
    silentMs: () => monotonicMs() - heardMs,
    ask: (question) =>
      new Promise((resolve, reject) => {
        over.throwIfAborted()
        unanswered.add(reject)
        question(client, (error, answer) => {
          unanswered.delete(reject)
          if (!hasCode(error, 'connectionLoss')) heardMs = monotonicMs()
          if (error === null || error === undefined) return resolve(answer)
          onError(error)
          reject(error)
        })
      }),
  }
}

/** Waits so long for an answer, and no longer than `signal` lets it. What was asked may still be done later. */
export async function inTime<Answer>(
  answer: Promise<Answer>,
  limitMs: number,
  onLate: () => void,
  signal?: AbortSignal,
): Promise<Answer> {
  const { promise: stopped, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal?.reason)
  const timer = setTimeout(() => {
    reject(new SemelError('SEMEL_LOCK_UNAVAILABLE', `no answer within ${limitMs} ms`))
    onLate()
  }, limitMs)
  signal?.addEventListener('abort', onAbort)
  if (signal?.aborted) onAbort()
  try {
    return await Promise.race([answer, stopped])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}
