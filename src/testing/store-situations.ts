import type { OpenedStore } from './store-suite.ts'
import {
  brief,
  completed,
  dead,
  failed,
  identity,
  leased,
  longMs,
  parkedMessage,
  pass,
  settled,
} from './store-kit.ts'

/** Every way in which a record can stand. */
export type Situation =
  | 'leased'
  | 'left leased'
  | 'completed'
  | 'failed'
  | 'failed and due'
  | 'parked'
  | 'parked and due'
  | 'parked and leased'
  | 'parked and left leased'
  | 'dead'
  | 'dead with its message'

type Arrange = (opened: OpenedStore, key: string) => Promise<unknown>

const message = parkedMessage()

const arranged: Readonly<Record<Situation, Arrange>> = {
  leased: (opened, key) => leased(opened, identity(key)),
  'left leased': (opened, key) => leased(opened, identity(key), brief),
  completed: (opened, key) => settled(opened, completed('17'), identity(key)),
  failed: (opened, key) => settled(opened, failed({ retryInMs: longMs }), identity(key)),
  'failed and due': (opened, key) => settled(opened, failed(), identity(key)),
  parked: (opened, key) => settled(opened, failed({ retryInMs: longMs, message }), identity(key)),
  'parked and due': (opened, key) => settled(opened, failed({ message }), identity(key)),
  'parked and leased': async (opened, key) => {
    await settled(opened, failed({ message }), identity(key))
    await pass(opened)
    return leased(opened, { ...identity(key), by: 'parked' })
  },
  'parked and left leased': async (opened, key) => {
    await settled(opened, failed({ message }), identity(key))
    await pass(opened)
    return leased(opened, { ...identity(key), by: 'parked' }, brief)
  },
  dead: (opened, key) => settled(opened, dead(), identity(key)),
  'dead with its message': (opened, key) => settled(opened, dead(message), identity(key)),
}

export const situations: readonly Situation[] = Object.keys(arranged) as Situation[]

/** Brings the record of `key` into a situation. */
export async function arrange(
  opened: OpenedStore,
  situation: Situation,
  key: string = situation,
): Promise<void> {
  await arranged[situation](opened, key)
  await pass(opened)
}

/** One record in each situation, under the name of its situation. */
export async function arrangeAll(
  opened: OpenedStore,
  which: readonly Situation[] = situations,
): Promise<void> {
  for (const situation of which) await arrange(opened, situation)
}
