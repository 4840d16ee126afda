import assert from 'node:assert/strict'
import test from 'node:test'
import { pace, type PaceTerms } from '../../src/consume/pace.ts'

const terms: PaceTerms = {
  batchMax: 200,
  batchMsMax: 100,
  batchesInFlight: 1,
  concurrency: 16,
  concurrentTransactions: 16,
}

/** A world in which a transaction takes so long, and so many of them run beside each other. */
interface World {
  readonly handlerMs: number
  readonly commitMs: number
  /** By how much handlers in transactions of their own hold each other up. */
  readonly crowdedMs: number
}

/** Runs so many messages through it; answers how many went together, by the way in which it ended. */
function run(
  world: World,
  messages: number,
  given: Partial<PaceTerms> = {},
): { together: number; apart: number } {
  let nowMs = 0
  const speed = pace({ ...terms, ...given }, () => nowMs)
  const seen = { together: 0, apart: 0 }
  for (let left = messages; left > 0; ) {
    const size = speed.size()
    if (size > 1) {
      const handlersMs = size * world.handlerMs
      nowMs += handlersMs + world.commitMs
      speed.committed({ messages: size, handlersMs, wholeMs: handlersMs + world.commitMs })
      seen.together += size
      left -= size
    } else {
      const abreast = speed.inFlight()
      const handlersMs = world.handlerMs + abreast * world.crowdedMs
      const wholeMs = handlersMs + world.commitMs
      nowMs += wholeMs
      for (let one = 0; one < abreast; one++) speed.committed({ messages: 1, handlersMs, wholeMs })
      seen.apart += abreast
      left -= abreast
    }
  }
  return seen
}

test('where commits cost more than handlers, messages go together', () => {
  const { together, apart } = run({ handlerMs: 0.1, commitMs: 5, crowdedMs: 0 }, 50_000)
  assert.ok(together > apart * 10, `${together} together, ${apart} apart`)
})

test('where handlers wait for long, they run beside each other', () => {
  const { together, apart } = run({ handlerMs: 20, commitMs: 1, crowdedMs: 0 }, 20_000)
  assert.ok(apart > together * 10, `${together} together, ${apart} apart`)
})

test('where transactions hold each other up, they are not taken to be sixteen times as fast', () => {
  const { together, apart } = run({ handlerMs: 0.1, commitMs: 1, crowdedMs: 0.4 }, 50_000)
  assert.ok(together > apart * 10, `${together} together, ${apart} apart`)
})

test('a store with one transaction at a time is never tried with several', () => {
  const { apart } = run({ handlerMs: 20, commitMs: 1, crowdedMs: 0 }, 2_000, {
    concurrentTransactions: 1,
    batchMsMax: 1_000,
  })
  assert.equal(apart, 0)
})

test('contention halves a batch, and what runs beside each other; calm lets them grow again', () => {
  const speed = pace(terms, () => 0)
  for (let times = 0; times < 10; times++) speed.contended()
  assert.equal(speed.size(), 1)
  assert.equal(speed.inFlight(), 1)
  const quiet = { messages: 1, handlersMs: 0.01, wholeMs: 1 }
  for (let times = 0; times < 2_000; times++) speed.committed({ ...quiet, messages: speed.size() })
  assert.equal(speed.size(), 200)
})
