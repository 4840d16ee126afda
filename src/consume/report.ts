import { describeError } from '../errors/semel-error.ts'
import { type EventBase, emit } from '../events/events.ts'
import type { Runtime } from './runtime.ts'
import type { Situation } from './verdict.ts'

type Reporters = { readonly [K in Situation['kind']]?: Reporter<Extract<Situation, { kind: K }>> }
type Reporter<S> = (situation: S, about: EventBase, run: Runtime) => void

const reporters: Reporters = {
  applied: ({ attempt }, about) => emit('applied', () => ({ ...about, attempt })),
  passed: ({ detail }, about) => emit('passed', () => ({ ...about, detail })),
  duplicate: ({ state }, about) => emit('duplicate', () => ({ ...about, state })),
  held: ({ leftMs }, about) => emit('held', () => ({ ...about, leftMs })),
  fenced: (_, about) => emit('fenced', () => about),
  parked({ reason, attempt, retryInMs, error }, about) {
    if (error !== undefined)
      emit('failed', () => ({ ...about, attempt, error: describeError(error), retryInMs }))
    emit('parked', () => ({ ...about, reason }))
  },
  dead({ reason, detail }, about) {
    if (reason === 'mismatched') emit('mismatched', () => about)
    emit('dead', () => ({ ...about, reason, detail }))
  },
  unknown: ({ error }, about) => emit('unknown', () => ({ ...about, error: describeError(error) })),
  unavailable: ({ error }, { group, topic }) =>
    emit('store-unavailable', () => ({ group, topic, error: describeError(error) })),
}

/** Tells observers where a message stands, and the circuit whether handlers work. */
export function report(situation: Situation, name: string, about: EventBase, run: Runtime): void {
  const reporter = reporters[situation.kind] as Reporter<Situation> | undefined
  reporter?.(situation, about, run)
  noteCircuit(situation, name, run)
}

/** What a handler throws to steer is no sign that the world is broken. */
const failing = new Set(['failed', 'timeout'])

function noteCircuit(situation: Situation, name: string, { circuit }: Runtime): void {
  if (situation.kind === 'applied' || situation.kind === 'passed') return circuit.succeeded()
  if ('reason' in situation && failing.has(situation.reason)) return circuit.failed(name)
  circuit.undecided()
}
