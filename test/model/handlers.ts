import { SemelError } from '../../src/errors/semel-error.ts'
import { TooEarly } from '../../src/errors/steering.ts'
import type { Outcome } from '../../src/inbox/record.ts'
import { outcomeOfFailure } from '../../src/once/outcome.ts'
import type { Model, World } from './kinds.ts'
import { messageOf } from './records.ts'
import { happened, ledgerAt } from './world.ts'

/** What came of one call of a handler; `hides`: the transaction is broken, and nobody was told. */
export type Ran = 'done' | 'throws' | 'early' | 'kills' | 'hides'

export const errors: Readonly<Record<'throws' | 'early' | 'hides', Error>> = {
  throws: new Error('no'),
  early: new TooEarly('its turn has not come'),
  hides: new SemelError('SEMEL_TX_ROLLED_BACK', 'the seal found nothing'),
}

/** `others`: the messages that take effect with it, before it. */
export function callHandler(
  model: Model,
  world: World,
  message: number,
  others: readonly number[],
  inBatch: boolean,
): Ran {
  const ran = outcomeOfCall(model, world, message, others, inBatch)
  happened(model, `handler: ${ran}`)
  return ran
}

function outcomeOfCall(
  model: Model,
  world: World,
  message: number,
  others: readonly number[],
  inBatch: boolean,
): Ran {
  const { handler, key, needs, fails } = messageOf(model, message)
  const left = world.failsLeft[message] ?? 0
  const spent = (ran: Ran): Ran => {
    world.failsLeft[message] = left - 1
    return ran
  }
  if (needs !== undefined) {
    const needed = messageOf(model, needs).key
    if (ledgerAt(world, needed).effects === 0 && !others.includes(needs)) return 'early'
  }
  switch (handler) {
    case 'ok':
      return 'done'
    case 'always':
      return ledgerAt(world, key).redriven ? 'done' : 'throws'
    case 'commits':
      return 'throws'
    case 'batch':
      return inBatch ? 'throws' : 'done'
    case 'kills':
    case 'unreadable':
      return 'kills'
    case 'fails':
      return left > 0 ? spent('throws') : 'done'
    case 'fails later':
      if (left === fails) return spent('done')
      return left > 0 ? spent('throws') : 'done'
    case 'fails then kills':
      return left > 0 ? spent('throws') : 'kills'
    case 'swallows':
      return left > 0 ? spent('hides') : 'done'
  }
}

/** What a failure comes to, by the product. */
export function outcomeOf(
  model: Model,
  message: number,
  error: unknown,
  attempt: number,
  park: boolean,
): Outcome {
  const kept = park ? model.parked[message] : undefined
  const limits = {
    attemptsMax: model.scenario.attemptsMax,
    retryDelayMs: 1_000,
    retryDelayMsMax: 1_000,
  }
  return outcomeOfFailure({ error, attempt, message: kept, counted: true, expired: false }, limits)
}

export function behindOutcome(model: Model, message: number): Outcome {
  const detail = 'behind'
  const retryInMs = model.wrong === 'the head wakes its followers' ? 1_000 : 0
  return {
    state: 'failed',
    reason: 'behind',
    detail,
    retryInMs,
    counted: false,
    message: model.parked[message],
  }
}
