import type { ColumnValue, ColumnValues, Guards } from '../inbox/guards.ts'
import type { GuardAnswer, GuardedTransaction } from '../inbox/strategy.ts'
import { checkTable } from './check-table.ts'
import { columnKey } from './column-key.ts'
import { checkGiven, type GuardedStrategy, guardedStrategy } from './given.ts'
import { type StateGraph, type Ways, waysOf } from './graph.ts'
import { invalid, present, rowOf, shown } from './values.ts'

/** Which row is to come into which state. */
export interface Transition<S extends string = string> {
  readonly id: ColumnValue
  readonly to: S
}

export interface StateMachineOptions<in In, S extends string> {
  readonly table: string
  /** The column that a row is known by; it has a unique index of its own. Default: `id`. */
  readonly id?: string
  /** The column of the state, a text. Default: `state`. */
  readonly state?: string
  /** Every state, with those that it leads to; an end leads to none: `arrived: []`. */
  readonly graph: StateGraph<S>
  /** States in which a row that is not there yet begins. Default: those that no other leads to. */
  readonly initial?: readonly NoInfer<S>[]
  readonly of: (input: In) => Transition<NoInfer<S>>
  /** The other columns of a row that begins. Default: it has none. */
  readonly create?: (input: In) => ColumnValues
}

interface Values<S extends string> extends Transition<S> {
  /** The other columns of a row that begins. */
  readonly create?: ColumnValues
}

const name = 'stateMachine'

/**
 * A row goes through the states of a graph, each reached once; semel changes the state, and the handler adds what it
 * likes in the same transaction. News of a state that is behind are ignored and reported as `passed`; news that are
 * ahead wait until their turn comes, for `earlyMsMax` at most. Level A.
 *
 * In a cycle the state cannot tell news from old: there a step that leads from the present state is taken, and what can
 * be reached later waits. Messages need a key of their own then, by which the record knows those that come again.
 *
 * @throws SEMEL_OPTION_INVALID, SEMEL_OPTION_UNKNOWN
 * @example
 * stateMachine({
 *   table: 'rides',
 *   graph: { created: ['assigned'], assigned: ['departed', 'cancelled'], departed: [], cancelled: [] },
 *   of: ({ body }) => ({ id: body.rideId, to: body.state }),
 * })
 */
export function stateMachine<In, const S extends string>(
  options: StateMachineOptions<In, S>,
): GuardedStrategy<In, Values<S>> {
  checkGiven(
    name,
    options,
    { tables: ['table'], functions: ['of'], others: ['graph'] },
    { columns: ['id', 'state'], functions: ['create'], others: ['initial'] },
  )
  const { table, id = 'id', state = 'state', graph, initial, of, create } = options
  const ways = waysOf(name, graph, initial)
  const guard = {
    of: (input: In): Values<S> =>
      create === undefined ? of(input) : { ...of(input), create: create(input) },
    keyOf: ways.hasCycle
      ? undefined
      : (values: Values<S>) => columnKey(name, { id: values.id, to: values.to }, ['id', 'to']),
    check: (guards: Guards, tx?: unknown) =>
      checkTable(guards, { table, unique: [id], columns: [state] }, tx),
    apply: (on: GuardedTransaction, values: Values<S>) =>
      step(on, { table, id, state, ways }, values),
  }
  const cycle =
    'a message of a cycle that comes again after its record was forgotten: it is taken for news where its step fits'
  return guardedStrategy(name, guard, ways.hasCycle ? [cycle] : [])
}

interface Machine {
  readonly table: string
  readonly id: string
  readonly state: string
  readonly ways: Ways
}

/** A row that vanishes or appears between two statements is looked at again; so often at most. */
const triesMax = 5

async function step(
  { guards, tx }: GuardedTransaction,
  machine: Machine,
  values: Values<string>,
): Promise<GuardAnswer> {
  const { table, state, ways } = machine
  const id = present(name, values, 'id')
  const { to } = values
  if (!ways.states.includes(to)) throw invalid(name, `to is ${shown(to)}, which the graph has not`)
  const where = [{ column: machine.id, is: id }]
  const row = `${table} ${shown(id)}`
  for (let tries = 0; tries < triesMax; tries++) {
    const change = {
      set: { [state]: to },
      where: [...where, { column: state, in: ways.before(to) }],
    }
    if ((await guards.update(tx, table, change)) > 0) return { kind: 'applied' }
    const found = await guards.find(tx, table, { where, columns: [state] })
    if (found !== undefined) {
      const [now = ''] = found.texts
      // Somebody has moved it between the two: now it fits.
      if (!ways.before(to).includes(now)) return judged(row, ways, now, to)
    } else if (!ways.initial.includes(to)) {
      return { kind: 'early', detail: `${row} is not there yet` }
    } else {
      const begun = { ...rowOf(name, values.create ?? {}), [machine.id]: id, [state]: to }
      if (await guards.insert(tx, table, begun, [machine.id])) return { kind: 'applied' }
    }
  }
  return refused(`${row} changes whenever it is looked at`)
}

/** What a step means that does not lead from where the row is. */
function judged(row: string, ways: Ways, now: string, to: string): GuardAnswer {
  if (ways.leads(now, to)) return { kind: 'early', detail: `${row} is ${now}, ${to} comes later` }
  if (now === to || ways.leads(to, now))
    return { kind: 'passed', detail: `${row} is ${now} already` }
  return refused(`${row} is ${shown(now)}, from which no way leads to ${to}`)
}

function refused(detail: string): GuardAnswer {
  return { kind: 'conflict', code: 'SEMEL_TRANSITION_REFUSED', detail }
}
