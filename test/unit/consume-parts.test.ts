import assert from 'node:assert/strict'
import test from 'node:test'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { enterGate, gateOfThread } from '../../src/consume/alone.ts'
import { circuit } from '../../src/consume/circuit.ts'
import { grant } from '../../src/inbox/rate.ts'
import { slots } from '../../src/consume/slots.ts'
import { outcomeOfFailure, retryDelay } from '../../src/once/outcome.ts'
import { DeadLetter, RetryLater, TooEarly } from 'semel'

const limits = { attemptsMax: 3, retryDelayMs: 1_000, retryDelayMsMax: 600_000 }
const failure = { attempt: 1, message: undefined, counted: true, expired: false }

test('retry delays double up to their limit, and at least half of each is kept', () => {
  assert.deepEqual(
    [1, 2, 3, 10, 11, 5_000].map((attempt) => retryDelay(attempt, limits, () => 1)),
    [1_000, 2_000, 4_000, 512_000, 600_000, 600_000],
  )
  assert.equal(
    retryDelay(1, limits, () => 0),
    500,
  )
})

test('the default delays of sixteen attempts last for over an hour', () => {
  const delays = Array.from({ length: 15 }, (_, at) => retryDelay(at + 1, limits, () => 0.5))
  assert.ok(delays.reduce((sum, ms) => sum + ms, 0) > 3_600_000 * 0.75)
})

test('what a handler throws decides what its attempt comes to', () => {
  const outcome = (error: unknown, more = {}) => {
    const made = outcomeOfFailure({ error, ...failure, ...more }, limits)
    return {
      state: made.state,
      reason: 'reason' in made ? made.reason : '',
      counted: 'counted' in made && made.counted,
    }
  }
  const boom = new Error('boom')
  assert.deepEqual(outcome(boom), { state: 'failed', reason: 'failed', counted: true })
  assert.deepEqual(outcome(boom, { attempt: 3 }), {
    state: 'dead',
    reason: 'failed',
    counted: false,
  })
  assert.deepEqual(outcome(boom, { attempt: 3, counted: false }), {
    state: 'failed',
    reason: 'failed',
    counted: false,
  })
  assert.deepEqual(outcome(new DeadLetter('no')), {
    state: 'dead',
    reason: 'permanent',
    counted: false,
  })
  assert.deepEqual(outcome(new TooEarly('not yet')), {
    state: 'failed',
    reason: 'early',
    counted: false,
  })
  assert.deepEqual(outcome(new TooEarly('not yet'), { expired: true }), {
    state: 'dead',
    reason: 'expired',
    counted: false,
  })
  const later = outcomeOfFailure({ error: new RetryLater(77), ...failure }, limits)
  assert.equal('retryInMs' in later && later.retryInMs, 77)
  assert.deepEqual(outcome('a string'), { state: 'failed', reason: 'failed', counted: true })
})

test('the rate limit never lets more start in a second than it says, plus a tenth after a quiet time', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 10, max: 1_000 }),
      fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 300 }),
      (perSecond, gaps) => {
        let now = 0
        let nextMs: number | undefined
        const starts = gaps.map((gap) => {
          now += gap
          for (let granted = 0; granted === 0; ) {
            const given = grant(nextMs, now, { perSecond, wanted: 1 })
            granted = given.granted
            nextMs = given.nextMs
            now += given.waitMs
          }
          return now
        })
        for (const from of starts) {
          const within = starts.filter((at) => at >= from && at < from + 1_000).length
          assert.ok(within <= perSecond * 1.1 + 2, `${within} in a second of ${perSecond}`)
        }
      },
    ),
    { numRuns: 50 },
  )
})

test('slots let in as many as there are, the others in the order of their coming', async () => {
  const two = slots(2)
  const order: number[] = []
  const take = (n: number) => two.take().then(() => order.push(n))
  await Promise.all([take(1), take(2)])
  const waiting = [take(3), take(4)]
  assert.ok(two.free() < 0)
  two.give()
  two.give()
  await Promise.all(waiting)
  assert.deepEqual(order, [1, 2, 3, 4])
})

test('P27: the circuit opens after failures of different messages in a row, and a success closes it', () => {
  const changes: number[] = []
  const breaker = circuit({ circuitFailures: 3, circuitMs: 60_000 }, (failures) =>
    changes.push(failures),
  )
  for (const name of ['a', 'a', 'a', 'b']) breaker.failed(name)
  assert.equal(breaker.isOpen(), false, 'one message that fails again and again is not the world')
  breaker.failed('c')
  assert.equal(breaker.isOpen(), true)
  assert.ok(breaker.admit() > 0)
  breaker.undecided()
  assert.equal(breaker.admit(), 0, 'what says nothing gives its probe back')
  assert.ok(breaker.admit() > 0, 'one probe at a time')
  breaker.succeeded()
  assert.equal(breaker.admit(), 0)
  assert.deepEqual(changes, [3, 0])
})

for (const [name, enter] of [
  ['of the process', enterGate],
  ['of a thread', gateOfThread().enter],
] as const)
  test(`P14: at the gate ${name} a suspect waits for all, and all who come later wait for it`, async () => {
    const log: string[] = []
    const leaveFirst = await enter(false)
    const leaveSecond = await enter(false)
    const alone = enter(true).then((leave) => {
      log.push('alone')
      return leave
    })
    const later = enter(false).then((leave) => {
      log.push('later')
      return leave
    })
    leaveFirst()
    await turn()
    assert.deepEqual(log, [])
    leaveSecond()
    const leaveAlone = await alone
    await turn()
    assert.deepEqual(log, ['alone'])
    leaveAlone()
    const leaveLater = await later
    leaveLater()
    leaveLater()
    const again = await enter(true)
    again()
  })

test('P14: the gate holds over the threads of a process', async (t) => {
  if (!('locks' in (await import('node:worker_threads')))) return t.skip('Node before 24.5')
  const leave = await enterGate(false)
  const worker = new Worker(new URL('./gate-worker.ts', import.meta.url))
  const says: string[] = []
  worker.on('message', (text: string) => says.push(text))
  await said(worker)
  await turn()
  assert.deepEqual(says, ['waiting'])
  leave()
  await said(worker)
  assert.deepEqual(says, ['waiting', 'alone'])
  await worker.terminate()
  return undefined
})

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5))
}

function said(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
}
