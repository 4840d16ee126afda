import { SemelError } from '../../errors/semel-error.ts'
import type { AssuranceLevel } from '../../inbox/assurance.ts'
import type { JsonShape } from '../../inbox/json.ts'
import type { EffectKind } from '../../inbox/steps.ts'

/** One kind of call to the outside, with what is known of the far side. Made by the four functions beside. */
export interface Effect<L extends AssuranceLevel = AssuranceLevel, Found = unknown> {
  readonly kind: EffectKind
  readonly level: L
  /** The reason that the user wrote; levels C and D need one. */
  readonly because: string | undefined
  /** Of a forwarded key: how long the far side knows it. */
  readonly remembersMs?: number
  /** Of a far side that can be asked. */
  readonly find?: (key: string) => Promise<Found | undefined | null>
}

/** The effects of a handler by their names, which are the names of its recorded steps: never change one. */
export type Effects = Readonly<Record<string, Effect>>
export type NoEffects = Readonly<Record<never, never>>

/**
 * The far side takes effect once per key, and remembers it for a time: payment providers with an idempotency key.
 * Level B. A call without an answer is made again with the same key while the far side remembers; later the message
 * is dead, reason `uncertain`.
 *
 * @param options.remembersMs For how many milliseconds after the first call a second one is surely recognised. Leave
 * room for a slow call: an hour less than the provider promises.
 * @throws SEMEL_OPTION_INVALID
 */
export function forwardedKey(options: { readonly remembersMs: number }): Effect<'B'> {
  const remembersMs: unknown = options?.remembersMs
  if (typeof remembersMs !== 'number' || !Number.isInteger(remembersMs) || remembersMs < 1)
    throw new SemelError(
      'SEMEL_OPTION_INVALID',
      'forwardedKey needs remembersMs: for how many milliseconds the far side knows a key',
    )
  return { kind: 'forwarded-key', level: 'B', because: undefined, remembersMs }
}

/**
 * The far side can be asked whether it has done it. Level B. A call without an answer is asked for first, and made
 * again only where nothing is found.
 *
 * @param find Looks it up by the key under which it was called. What it finds is the result; undefined or null: it
 * is not there.
 * @throws SEMEL_OPTION_INVALID
 */
export function checkable<Found>(
  find: (key: string) => Promise<Found | undefined | null>,
): Effect<'B', Found> & { readonly kind: 'checkable' } {
  if (typeof find !== 'function')
    throw new SemelError(
      'SEMEL_OPTION_INVALID',
      'checkable needs a function that asks the far side',
    )
  return { kind: 'checkable', level: 'B', because: undefined, find }
}

/**
 * The far side can neither deduplicate nor be asked, and a second time does little harm: a mail. Level C. A call
 * without an answer is made again.
 *
 * @throws SEMEL_OPTION_INVALID without a reason.
 */
export function atLeastOnce(options: { readonly because: string }): Effect<'C'> {
  return { kind: 'at-least-once', level: 'C', because: reasonOf('atLeastOnce', options) }
}

/**
 * The far side can neither deduplicate nor be asked, and a second time does harm. Level D. A call without an answer
 * is not made again: the message is dead, reason `uncertain`, and a person decides.
 *
 * @throws SEMEL_OPTION_INVALID without a reason.
 */
export function atMostOnce(options: {
  readonly because: string
  /** What a doubt comes to. Default, and all there is: the message is dead. */
  readonly onDoubt?: 'dead'
}): Effect<'D'> {
  const because = reasonOf('atMostOnce', options)
  if (options.onDoubt !== undefined && options.onDoubt !== 'dead')
    throw new SemelError('SEMEL_OPTION_INVALID', "atMostOnce: onDoubt can only be 'dead'")
  return { kind: 'at-most-once', level: 'D', because }
}

function reasonOf(name: string, options: { readonly because: string }): string {
  const because: unknown = options?.because
  if (typeof because === 'string' && because.trim() !== '') return because
  throw new SemelError(
    'SEMEL_OPTION_INVALID',
    `${name} needs because: the reason why no better is possible`,
  )
}

/** What a handler calls. The result is recorded as JSON, and is the same value in every later attempt. */
export type EffectCalls<E extends Effects> = {
  readonly [Name in keyof E]: EffectCall<E[Name]>
}

export type EffectCall<E> = E extends {
  readonly kind: 'checkable'
  readonly find?: (key: string) => Promise<infer Found>
}
  ? Call<NonNullable<Found>>
  : AnyCall

/**
 * Calls the far side, at most once in an attempt and not again once a result is recorded. `call` gets the key to
 * pass on: the same in every attempt.
 *
 * What it returns is an answer, also a refusal ("declined"): return those, throw only where it is not known what
 * happened.
 *
 * @throws what `call` throws; SEMEL_EFFECT_UNCERTAIN, SEMEL_EFFECT_REFUSED, SEMEL_STEP_RESULT_INVALID, SEMEL_FENCED,
 * SEMEL_STORE_…. None of ours is settled by catching it.
 */
export interface AnyCall {
  <R extends JsonShape<R>>(call: (key: string) => Promise<R> | R): Promise<R>
  /** One of several calls in one message, under a name of its own, with a key of its own: `step(line.id, …)`. */
  step<R extends JsonShape<R>>(name: string, call: (key: string) => Promise<R> | R): Promise<R>
}

/** The same where the far side can be asked: what is found later has the type of what was answered first. */
export interface Call<R> {
  (call: (key: string) => Promise<R> | R): Promise<R>
  step(name: string, call: (key: string) => Promise<R> | R): Promise<R>
}
