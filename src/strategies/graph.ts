import { SemelError } from '../errors/semel-error.ts'

/** Which state leads to which: `{ created: ['assigned'], assigned: ['departed', 'cancelled'] }`. */
export type StateGraph<S extends string = string> = { readonly [State in S]: readonly NoInfer<S>[] }

/** A graph that was checked, with what a guard asks of it. */
export interface Ways {
  readonly states: readonly string[]
  /** Where a row begins. */
  readonly initial: readonly string[]
  readonly hasCycle: boolean
  /** The states that lead to this one in one step. */
  before(state: string): readonly string[]
  /** Whether a way of one step or more leads from one to the other. */
  leads(from: string, to: string): boolean
}

/**
 * @throws SEMEL_OPTION_INVALID
 */
export function waysOf(name: string, graph: unknown, initial?: readonly string[]): Ways {
  const steps = stepsOf(name, graph)
  const states = [...new Set([...steps].flat(2))]
  const reached = new Set([...steps.values()].flat())
  const begins = initial ?? states.filter((state) => !reached.has(state))
  const stranger = begins.find((state) => !states.includes(state))
  if (stranger !== undefined)
    throw invalid(name, `initial names ${stranger}, which the graph does not`)
  const ahead = new Map(states.map((state) => [state, reachable(steps, state)]))
  return {
    states,
    initial: begins,
    hasCycle: states.some((state) => ahead.get(state)?.has(state) === true),
    before: (state) => states.filter((from) => steps.get(from)?.includes(state) === true),
    leads: (from, to) => ahead.get(from)?.has(to) === true,
  }
}

function stepsOf(name: string, graph: unknown): ReadonlyMap<string, readonly string[]> {
  if (typeof graph !== 'object' || graph === null || Array.isArray(graph))
    throw invalid(name, 'graph must say which state leads to which: { paid: ["sent"] }')
  const steps = Object.entries(graph)
  if (steps.length === 0) throw invalid(name, 'graph has no states')
  for (const [state, next] of steps) {
    if (!Array.isArray(next) || !next.every((to) => typeof to === 'string' && to !== ''))
      throw invalid(name, `graph: what follows ${state} must be a list of states`)
    // It would change nothing, and look like the same message twice.
    if (next.includes(state)) throw invalid(name, `graph: ${state} leads to itself`)
  }
  const known = new Map(steps as [string, readonly string[]][])
  // A misspelt state would be one that nothing leads out of.
  const open = [...known.values()].flat().find((state) => !known.has(state))
  if (open !== undefined)
    throw invalid(
      name,
      `graph: ${open} is led to and not listed; write ${open}: [] if it is an end`,
    )
  return known
}

function reachable(
  steps: ReadonlyMap<string, readonly string[]>,
  from: string,
): ReadonlySet<string> {
  const seen = new Set<string>()
  const next = [...(steps.get(from) ?? [])]
  for (let state = next.pop(); state !== undefined; state = next.pop()) {
    if (seen.has(state)) continue
    seen.add(state)
    next.push(...(steps.get(state) ?? []))
  }
  return seen
}

function invalid(name: string, what: string): SemelError {
  return new SemelError('SEMEL_OPTION_INVALID', `${name}: ${what}`)
}
