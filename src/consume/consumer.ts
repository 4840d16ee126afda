import { setTimeout as pause } from 'node:timers/promises'
import { describeError, SemelError } from '../errors/semel-error.ts'
import { emit } from '../events/events.ts'
import { checkGuard } from '../once/guarded.ts'
import type { Consumer, ConsumerStatus } from './consumer-options.ts'
import { checkFlow, type Flow } from './flow.ts'
import { type Intake, intake } from './intake.ts'
import { registerConsumer } from './registry.ts'
import { hold, type Runtime, runtimeOf } from './runtime.ts'
import { serveParked } from './takers.ts'
import { keepUp } from './upkeep.ts'
import { watchMainLoop } from './watchdog.ts'

/** Everything that runs between start and stop. */
interface Running {
  readonly run: Runtime
  readonly intake: Intake
  readonly stopping: AbortController
  readonly aborting: AbortController
  readonly loops: Promise<unknown>
  readonly leave: () => void
  readonly unwatch: (() => Promise<void>) | undefined
}

/** What a consumer is, from its making to its end. */
interface Life {
  readonly flow: Flow
  state: ConsumerStatus['state']
  running: Running | undefined
  starting: Promise<void> | undefined
  stopped: Promise<void> | undefined
  readonly ended: PromiseWithResolvers<{ readonly error: unknown } | undefined>
}

/** A consumer over a checked flow: start, drain, abort, stop. No promise is left floating. */
export function consumerOf(flow: Flow): Consumer {
  const life: Life = {
    flow,
    state: 'idle',
    running: undefined,
    starting: undefined,
    stopped: undefined,
    ended: Promise.withResolvers(),
  }
  const { group, topic, assurance } = flow
  return {
    group,
    topic,
    assurance,
    start: () => start(life),
    stop: () => stop(life, undefined),
    pause: () => pauseOrResume(life, true),
    resume: () => pauseOrResume(life, false),
    status: () => statusOf(life),
    ended: life.ended.promise,
  }
}

async function start(life: Life): Promise<void> {
  const { state } = life
  if (state !== 'idle' || life.stopped !== undefined)
    throw new SemelError(
      'SEMEL_OPTION_INVALID',
      `start(): the consumer is ${state}; make a new one`,
    )
  const leave = registerConsumer(life.flow)
  life.state = 'running'
  life.starting = open(life, leave)
  await life.starting
}

async function open(life: Life, leave: () => void): Promise<void> {
  const { store, source, strategy, group, instance } = life.flow
  try {
    checkFlow(life.flow)
    await store.prepare()
    await checkGuard(strategy, store)
    await source.open({ group, instance })
    // Stopped meanwhile: whoever stops closes it.
    if (life.stopped !== undefined) return leave()
    life.running = begin(life.flow, leave, (error) => breakOff(life, error))
    if (life.state === 'paused') hold(life.running.run, 'resume', true)
  } catch (error) {
    leave()
    life.state = 'idle'
    throw error
  }
}

/** Ends the consumer from within: `ended` carries the error to whoever waits. */
function breakOff(life: Life, error: unknown): void {
  stop(life, error).catch(() => undefined)
}

function stop(life: Life, error: unknown): Promise<void> {
  life.stopped ??= stopRunning(life, error)
  return life.stopped
}

async function stopRunning(life: Life, error: unknown): Promise<void> {
  const { group, topic } = life.flow
  await life.starting?.catch(() => undefined)
  life.state = 'stopping'
  // Lets the one that breaks off return first: it is itself a task that the drain waits for.
  await pause(0)
  try {
    if (life.running === undefined) await life.flow.source.close()
    else await drain(life.running, life.flow)
  } finally {
    life.state = 'stopped'
    const text = error === undefined ? undefined : describeError(error)
    emit('stopped', () => ({ group, topic, error: text }))
    life.ended.resolve(error === undefined ? undefined : { error })
  }
}

function pauseOrResume(life: Life, on: boolean): void {
  if (life.state !== 'running' && life.state !== 'paused') return
  life.state = on ? 'paused' : 'running'
  if (life.running !== undefined) hold(life.running.run, 'resume', on)
}

function statusOf({ state, running }: Life): ConsumerStatus {
  return {
    state,
    inHand: running?.intake.inHand() ?? 0,
    running: running?.run.running ?? 0,
    waitingFor: [...(running?.run.waitingFor ?? [])],
  }
}

function begin(flow: Flow, leave: () => void, breakOff: (error: unknown) => void): Running {
  const stopping = new AbortController()
  const aborting = new AbortController()
  const signals = { stopping: stopping.signal, aborting: aborting.signal }
  const run = runtimeOf(flow, signals, breakOff)
  const pulling = intake(run)
  const loops = Promise.all([pulling.run(), serveParked(run), keepUp(run)])
  loops.catch(breakOff)
  const unwatch = flow.options.watchdog ? watchMainLoop(flow.limits.leaseMs) : undefined
  return { run, intake: pulling, stopping, aborting, loops, leave, unwatch }
}

/** Stop pulling, let handlers finish for a while, abort the others, close. No correctness depends on it. */
async function drain(running: Running, { source, limits }: Flow): Promise<void> {
  const { stopping, aborting, loops, leave, unwatch } = running
  stopping.abort()
  const over = loops.then(
    () => true,
    () => true,
  )
  const drained = await Promise.race([over, pause(limits.drainMs, false, { ref: false })])
  // Also a decoder that nobody waits for.
  aborting.abort(new SemelError('SEMEL_ABORTED', 'the consumer stops'))
  if (!drained) await over
  try {
    await source.close()
  } finally {
    leave()
    await unwatch?.()
  }
}
