import { hush } from '../../errors/hush.ts'
import { SemelError } from '../../errors/semel-error.ts'
import { options } from '../../options/table.ts'
import type { AnyCall, Effect, EffectCalls, Effects } from './declarations.ts'
import { type CallTerms, type Made, takeStep } from './take-step.ts'

/** The declared effects as one attempt has them. */
export interface AttemptCalls {
  readonly calls: EffectCalls<Effects>
  /** Those that have not ended. Waiting for them never throws. */
  underWay(): readonly Promise<unknown>[]
  /** From now on every call is refused, and says why. The first reason stays. */
  close(why: string): void
  closed(): string | undefined
}

export function attemptCalls(effects: Effects, terms: CallTerms): AttemptCalls {
  const taken = new Set<string>()
  const underWay = new Set<Promise<unknown>>()
  let closed: string | undefined

  async function take(effect: Effect, step: string, call: Made): Promise<unknown> {
    const why = closed ?? refusal(step, call, taken)
    if (why !== undefined) throw terms.fault.note(refused(step, why))
    taken.add(step)
    const taking = takeStep({ effect, step, call }, terms)
    const ended = taking.catch(() => undefined).finally(() => underWay.delete(ended))
    underWay.add(ended)
    return taking
  }
  function callOf(name: string, effect: Effect): AnyCall {
    const named = (step: string, call: Made): Promise<unknown> => {
      const taking = take(effect, step, call)
      // Whoever forgets to await it is told by the attempt, not by the end of the process.
      hush(taking)
      return taking
    }
    const first = (call: Made): Promise<unknown> => named(name, call)
    const step = (part: string, call: Made): Promise<unknown> => named(`${name}/${part}`, call)
    return Object.assign(first, { step }) as unknown as AnyCall
  }
  return {
    calls: Object.fromEntries(
      Object.entries(effects).map(([name, effect]) => [name, callOf(name, effect)]),
    ),
    underWay: () => [...underWay],
    close(why) {
      closed ??= why
    },
    closed: () => closed,
  }
}

/** Of an effect, a slash and a name. */
const nameMax = 265

function refusal(step: string, call: unknown, taken: ReadonlySet<string>): string | undefined {
  if (typeof call !== 'function') return 'it must be given a function to call'
  if (taken.has(step)) return 'it is called twice in one attempt: give each call a name with step()'
  if (step.endsWith('/') || step.length > nameMax || !step.isWellFormed() || step.includes('\0'))
    return 'the name of a step must be a well-formed string of 1 to 200 characters, none of them NUL'
  if (taken.size >= options.stepsMax.max)
    return `one message has ${options.stepsMax.max} steps at most`
  return undefined
}

function refused(step: string, why: string): SemelError {
  return new SemelError(
    'SEMEL_EFFECT_REFUSED',
    `effect ${step.slice(0, 100).toWellFormed()}: ${why}`,
  )
}
