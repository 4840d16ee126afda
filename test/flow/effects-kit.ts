import {
  atLeastOnce,
  atMostOnce,
  checkable,
  type Effect,
  type Effects,
  forwardedKey,
  type InboxRecord,
  type Once,
  type SemelOptions,
  semel,
  type Store,
} from 'semel'
import { memoryStore, type MemoryTransaction } from 'semel/memory'
import { type ManualClock, manualClock } from 'semel/testing'

/** A far side: what took effect there, in order, by the key that it was given. */
export interface FarSide {
  readonly effects: string[]
  /** Takes effect; `before` and `after` name calls, from 1, that fail on that side of it. */
  call(key: string): Promise<{ readonly receipt: number }>
  find(key: string): Promise<{ readonly receipt: number } | undefined>
}

export function farSide(
  fails: { readonly before?: number; readonly after?: number } = {},
): FarSide {
  const effects: string[] = []
  let calls = 0
  return {
    effects,
    async call(key) {
      calls++
      if (calls === fails.before) throw new Error('no answer')
      effects.push(key)
      if (calls === fails.after) throw new Error('no answer')
      return { receipt: effects.length }
    },
    async find(key) {
      const at = effects.indexOf(key)
      return at < 0 ? undefined : { receipt: at + 1 }
    },
  }
}

export type EveryKind = {
  readonly charge: Effect<'B'>
  readonly ship: ReturnType<typeof checkable<{ readonly receipt: number }>>
  readonly mail: Effect<'C'>
  readonly siren: Effect<'D'>
}

/** Every kind over one far side. */
export function everyKind(far: FarSide): EveryKind {
  return {
    charge: forwardedKey({ remembersMs: 10_000 }),
    ship: checkable(far.find),
    mail: atLeastOnce({ because: 'SMTP cannot deduplicate' }),
    siren: atMostOnce({ because: 'a second alarm empties the building', onDoubt: 'dead' }),
  }
}

/** Door 1 over a store in memory, whose clock moves when it is told to; a retry is due at once. */
export interface Desk<E extends Effects> {
  readonly clock: ManualClock
  readonly store: Store<MemoryTransaction>
  readonly once: Once<MemoryTransaction, 'A', E>
  /** The only record there is. */
  record(): Promise<InboxRecord>
  steps(): Promise<readonly string[]>
}

export function desk<E extends Effects>(
  effects: E,
  more: Partial<SemelOptions<MemoryTransaction, 'A', E>> = {},
): Desk<E> {
  const clock = manualClock()
  const store = more.store ?? memoryStore({ clock })
  const given = { group: 'shop', store, effects, retryDelayMs: 0, heldWaitMs: 0, ...more }
  async function record(): Promise<InboxRecord> {
    const [only] = await store.inspector.list({ limit: 2 })
    if (only === undefined) throw new Error('there is no record')
    return only
  }
  return {
    clock,
    store,
    once: semel<MemoryTransaction, 'A', E>(given),
    record,
    async steps() {
      const steps = await store.steps.read(await record())
      return steps.map(({ step, done }) => `${step} ${done ? 'done' : 'open'}`)
    },
  }
}
