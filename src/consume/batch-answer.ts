import { SemelError } from '../errors/semel-error.ts'
import type { BatchAnswer } from './consumer-options.ts'

/**
 * The messages that a batch handler says it did not apply. Anything but nothing and a list of them is refused: who
 * answers with the list itself means something, and must not lose messages by it.
 *
 * @throws SEMEL_BATCH_ANSWER_INVALID
 */
export function namedFailures(answer: unknown): BatchAnswer<unknown>['failed'] {
  if (answer === undefined) return []
  const failed = (Object(answer) as Partial<BatchAnswer<unknown>>).failed as unknown
  if (!Array.isArray(failed) || !failed.every(isFailure))
    throw new SemelError(
      'SEMEL_BATCH_ANSWER_INVALID',
      'handlerBatch must answer nothing, or { failed: [{ message, error }] }',
    )
  return failed
}

function isFailure(one: unknown): boolean {
  return typeof one === 'object' && one !== null && 'message' in one
}
