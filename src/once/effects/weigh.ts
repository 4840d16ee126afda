import { SemelError } from '../../errors/semel-error.ts'
import type { AssuranceLevel } from '../../inbox/assurance.ts'
import type { EffectKind } from '../../inbox/steps.ts'
import type { Strategy } from '../../inbox/strategy.ts'
import type { Effect, Effects } from './declarations.ts'

/** What declared effects make of a promise: the weakest of them, and why. */
export interface Weighed {
  readonly level: AssuranceLevel
  readonly because: readonly string[]
  readonly windows: readonly string[]
}

interface Words {
  because(effect: Effect): string
  /** When a duplicate or a loss can happen all the same; an attempt left behind is named once for all. */
  window(effect: Effect): string | undefined
}

const words: Readonly<Record<EffectKind, Words>> = {
  'forwarded-key': {
    because: ({ remembersMs }) => `the far side refuses a known key for ${remembersMs} ms`,
    window: () => 'a far side that forgets a key sooner than declared',
  },
  checkable: {
    because: () => 'the far side is asked before a second call',
    window: () => 'a far side that does not find yet what it has begun',
  },
  'at-least-once': {
    because: ({ because = '' }) => because,
    window: () =>
      'a call without an answer, or whose result a crash kept from being recorded, is made again',
  },
  'at-most-once': {
    because: ({ because = '' }) => because,
    window: () =>
      'a call without an answer, or that a crash came before, is not made again: it may never happen',
  },
}

/** An attempt that nobody could stop calls at the same moment as its successor; only a key that is known stops it. */
const overlap =
  'a handler that lives on after its lease or its performMsMax has ended, just before a call'
const overlapping: readonly EffectKind[] = ['checkable', 'at-least-once']

export function weigh(level: AssuranceLevel, effects: Effects): Weighed {
  const named = Object.entries(effects)
  const levels = named.map(([, effect]) => effect.level)
  const clause = (name: string, text: string | undefined): string[] =>
    text === undefined ? [] : [`${name}: ${text}`]
  const late = named.filter(([, { kind }]) => overlapping.includes(kind)).map(([name]) => name)
  return {
    level: [level, ...levels].reduce((a, b) => (a > b ? a : b)),
    because: named.flatMap(([name, one]) => clause(name, words[one.kind].because(one))),
    windows: [
      ...named.flatMap(([name, one]) => clause(name, words[one.kind].window(one))),
      ...(late.length === 0
        ? []
        : [`${late.join(', ')}: ${overlap}: it may overlap with the next attempt`]),
    ],
  }
}

/**
 * Beside effects elsewhere there is no open transaction, whatever the strategy.
 *
 * @throws SEMEL_OPTION_INVALID for a strategy that would guard a row in it.
 */
export function beside<S extends Strategy>(
  where: string,
  effects: Effects | undefined,
  strategy: S,
): S {
  if (effects === undefined) return strategy
  if (strategy.guard !== undefined)
    throw invalid(
      where,
      `have no transaction around them in which ${strategy.name} could guard its row`,
    )
  return { ...strategy, path: 'lease' }
}

/** Undefined where none is declared: an empty object declares nothing. */
export function checkEffects(where: string, effects: unknown): Effects | undefined {
  if (effects === undefined) return undefined
  if (typeof effects !== 'object' || effects === null) throw invalid(where, 'must be an object')
  for (const [name, effect] of Object.entries(effects)) {
    if (!plainName.test(name))
      throw invalid(where, `has the name ${JSON.stringify(name)}; ${naming}`)
    if (!isEffect(effect))
      throw invalid(
        where,
        `${name} is not made by forwardedKey(), checkable(), atLeastOnce() or atMostOnce()`,
      )
  }
  return Object.keys(effects).length === 0 ? undefined : (effects as Effects)
}

/** A step is named by its effect up to the first slash. */
const plainName = /^[A-Za-z][\w-]{0,63}$/
const naming = 'allowed are 64 letters, digits, _ and -, a letter first'

function isEffect(effect: unknown): effect is Effect {
  return (
    typeof effect === 'object' &&
    effect !== null &&
    'kind' in effect &&
    typeof effect.kind === 'string' &&
    Object.hasOwn(words, effect.kind)
  )
}

function invalid(where: string, what: string): SemelError {
  return new SemelError('SEMEL_OPTION_INVALID', `${where}: effects ${what}`)
}
