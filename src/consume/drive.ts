import type { EventBase } from '../events/events.ts'
import { monotonicMs } from '../inbox/clock.ts'
import { retryDelay } from '../once/outcome.ts'
import { enterGate, enterGateIfEmpty } from './alone.ts'
import { report } from './report.ts'
import { hold, type Runtime, sleep } from './runtime.ts'
import { type Situation, verdicts } from './verdict.ts'
import { storeSituation } from './work.ts'

/** One message that is tried until its verdict is final. */
export interface Driven {
  /** What events call it. */
  about(): EventBase
  /** One and the same message has one name. */
  name(): string
  /** Whether the first try is already made alone; `if empty`: if nothing else is in flight anyway. */
  readonly alone: boolean | 'if empty'
  /** Whether it is kept for as long as somebody else holds it. */
  readonly keeps: boolean
  attempt(alone: boolean): Promise<Situation>
}

export type Final =
  | { readonly verdict: 'ack' | 'drop'; readonly situation: Situation }
  /** Somebody else holds it: give it back, to come again in a while. */
  | { readonly verdict: 'nack'; readonly afterMs: number }
  /** We stop: leave it as it is. */
  | { readonly verdict: 'leave' }

/** A store that is away is left in peace; a lock that was not free, or a lost race, is asked soon. */
const pauses = {
  away: { retryDelayMs: 20, retryDelayMsMax: 2_000 },
  soon: { retryDelayMs: 5, retryDelayMsMax: 100 },
}

/** Takes a free place, waits for rate and circuit, and tries until the verdict table is satisfied. */
export async function drive(message: Driven, run: Runtime): Promise<Final> {
  await run.slots.take()
  try {
    await admitted(run, 1)
    return await tryUntilFinal(message, run)
  } finally {
    run.slots.give()
  }
}

async function tryUntilFinal(message: Driven, run: Runtime): Promise<Final> {
  const heldUntil = monotonicMs() + run.flow.limits.heldWaitMs
  let { alone } = message
  for (let tries = 1; !run.stopping.aborted; tries++) {
    const situation = await tryOnce(message, alone, run)
    report(situation, message.name(), message.about(), run)
    hold(run, 'store', situation.kind === 'unavailable')
    const { verdict } = verdicts[situation.kind]
    switch (verdict) {
      case 'ack':
      case 'drop':
        return { verdict, situation }
      case 'stop':
        run.breakOff('error' in situation ? situation.error : undefined)
        return { verdict: 'leave' }
      case 'alone':
        alone = true
        break
      case 'wait': {
        const leftMs = situation.kind === 'held' ? situation.leftMs : 0
        if (!message.keeps && monotonicMs() >= heldUntil)
          return { verdict: 'nack', afterMs: leftMs }
        await sleep(Math.min(Math.max(leftMs, 5), 50), run.stopping)
        break
      }
      default:
        await sleep(retryDelay(tries, pauses[pauseOf(situation)]), run.stopping)
    }
  }
  return { verdict: 'leave' }
}

function pauseOf({ kind }: Situation): keyof typeof pauses {
  return kind === 'unavailable' || kind === 'unknown' ? 'away' : 'soon'
}

/** One try, inside the gate: together with others, or alone (P14). Waiting happens outside. */
async function tryOnce(message: Driven, asked: Driven['alone'], run: Runtime): Promise<Situation> {
  const empty = asked === 'if empty' ? await enterGateIfEmpty() : undefined
  const alone = asked === true || empty !== undefined
  const leave = empty ?? (await enterUnlessStopping(alone, run))
  if (leave === undefined) return { kind: 'aborted', error: undefined }
  run.running++
  try {
    return await message.attempt(alone)
  } catch (error) {
    return storeSituation(error)
  } finally {
    run.running--
    leave()
  }
}

/** Whoever stops waits at the gate no longer; its turn, when it comes, is given back. */
export async function enterUnlessStopping(
  alone: boolean,
  { stopping }: Runtime,
): Promise<(() => void) | undefined> {
  const entered = enterGate(alone)
  const stop = Promise.withResolvers<undefined>()
  const onStop = (): void => stop.resolve(undefined)
  stopping.addEventListener('abort', onStop, { once: true })
  if (stopping.aborted) onStop()
  const leave = await Promise.race([entered, stop.promise])
  stopping.removeEventListener('abort', onStop)
  if (leave === undefined) entered.then((late) => late()).catch(() => undefined)
  return leave
}

/**
 * Peak shaving and the circuit: both make messages wait, neither loses one. Answers how many of `wanted` may start
 * now, at least one unless the consumer stops.
 */
export async function admitted(run: Runtime, wanted: number): Promise<number> {
  for (let waitMs = run.circuit.admit(); waitMs > 0; waitMs = run.circuit.admit()) {
    if (run.stopping.aborted) return 0
    await sleep(Math.min(waitMs, 100), run.stopping)
  }
  return run.permits(run.circuit.isOpen() ? 1 : wanted, run.stopping)
}
