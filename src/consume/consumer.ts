import { setTimeout as pause } from 'node:timers/promises'
import { describeError, SemelError } from '../errors/semel-error.ts'
import { emit } from '../events/events.ts'
import type { Consumer, ConsumerStatus } from './create-consumer.ts'
import { checkFlow, type Flow } from './flow.ts'
import { type Intake, intake } from './intake.ts'
import { registerConsumer } from './registry.ts'
import { mark, type Runtime, runtimeOf } from './runtime.ts'
import { serveParked } from './takers.ts'
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

/** A consumer over a checked flow: start, drain, abort, stop. No promise is left floating. */
export function consumerOf(flow: Flow): Consumer {
  let state: ConsumerStatus['state'] = 'idle'
  let running: Running | undefined
  let stopped: Promise<void> | undefined
  const ended = Promise.withResolvers<{ readonly error: unknown } | undefined>()

  async function start(): Promise<void> {
    if (state !== 'idle')
      throw new SemelError(
        'SEMEL_OPTION_INVALID',
        `start(): the consumer is ${state}; make a new one`,
      )
    const leave = registerConsumer(flow)
    state = 'running'
    try {
      checkFlow(flow)
      await flow.store.prepare()
      await flow.source.open({ group: flow.group, instance: flow.instance })
    } catch (error) {
      leave()
      state = 'idle'
      throw error
    }
    running = begin(flow, leave, breakOff)
  }

  function breakOff(error: unknown): void {
    const end = stop(error)
    end.catch(() => undefined)
  }

  function stop(error?: unknown): Promise<void> {
    stopped ??= stopRunning(error)
    return stopped
  }

  async function stopRunning(error: unknown): Promise<void> {
    state = 'stopping'
    // Lets the caller that breaks off return first: it is itself a task that the drain waits for.
    await pause(0)
    if (running !== undefined) await drain(running, flow)
    state = 'stopped'
    const { group, topic } = flow
    emit('stopped', () => ({
      group,
      topic,
      error: error === undefined ? undefined : describeError(error),
    }))
    ended.resolve(error === undefined ? undefined : { error })
  }

  function pauseOrResume(on: boolean): void {
    if (running !== undefined) mark(running.run.waitingFor, 'resume', on)
    if (state === 'running' || state === 'paused') state = on ? 'paused' : 'running'
  }

  return {
    group: flow.group,
    topic: flow.topic,
    assurance: flow.assurance,
    start,
    stop: () => stop(),
    pause: () => pauseOrResume(true),
    resume: () => pauseOrResume(false),
    status: () => ({
      state,
      inHand: running?.intake.inHand() ?? 0,
      running: running?.run.running ?? 0,
      waitingFor: [...(running?.run.waitingFor ?? [])],
    }),
    ended: ended.promise,
  }
}

function begin(flow: Flow, leave: () => void, breakOff: (error: unknown) => void): Running {
  const stopping = new AbortController()
  const aborting = new AbortController()
  const signals = { stopping: stopping.signal, aborting: aborting.signal }
  const run = runtimeOf(flow, signals, breakOff)
  const pulling = intake(run)
  const loops = Promise.all([pulling.run(), serveParked(run)])
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
  if (!drained) {
    aborting.abort(new SemelError('SEMEL_ABORTED', 'the consumer stops'))
    await over
  }
  await source.close()
  await unwatch?.()
  leave()
}
