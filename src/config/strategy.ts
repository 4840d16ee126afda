import type { Message } from '../delivery/message.ts'
import type { ColumnValue, ColumnValues } from '../inbox/guards.ts'
import type { Key } from '../inbox/key.ts'
import type { Strategy } from '../inbox/strategy.ts'
import { valueAt } from '../operate/paths.ts'
import {
  inbox,
  lookUpFirst,
  marker,
  natural,
  stateMachine,
  uniqueRow,
  upsert,
  version,
} from '../strategies/index.ts'
import type { ConsumerConfig, StrategyByName, ValueConfig } from './config.ts'

type Any = Strategy<'A' | 'C', Message>
type Name = keyof StrategyByName
type Made = { readonly [N in Name]: (given: NonNullable<StrategyByName[N]>) => Any }

/** Each strategy out of what stands under its name. */
const made: Made = {
  marker,
  natural,
  uniqueRow: ({ values, ...given }) => uniqueRow({ ...given, of: rowFrom(values) }),
  upsert: ({ values, ...given }) => upsert({ ...given, of: rowFrom(values) }),
  version: ({ values, ...given }) => version({ ...given, of: rowFrom(values) as never }),
  stateMachine: ({ values, create, ...given }) =>
    stateMachine({
      ...given,
      of: rowFrom(values) as never,
      ...(create && { create: rowFrom(create) }),
    }),
}

/**
 * The strategy of a consumer in a file.
 *
 * @throws SEMEL_OPTION_INVALID
 */
export function strategyOf({ strategy = 'inbox', lookUpFirst: first }: ConsumerConfig): Any {
  const [[name, given] = []] = strategy === 'inbox' ? [] : Object.entries(strategy)
  const make = name === undefined ? inbox : (made[name as Name] as (given: unknown) => Any)
  const one = make(given)
  return first === true ? lookUpFirst(one) : one
}

/** The key that the values of a strategy make; undefined where they do not name one intent. */
export function keyOfStrategy({ guard }: Any): ((message: Message) => Key) | undefined {
  const keyOf = guard?.keyOf as ((values: unknown) => Key) | undefined
  return guard && keyOf && ((message) => keyOf(guard.of(message)))
}

/** What is not there is undefined, and refused by the strategy. */
function rowFrom(
  values: Readonly<Partial<Record<string, ValueConfig>>>,
): (message: Message) => ColumnValues {
  const columns = Object.entries(values)
  return (message) =>
    Object.fromEntries(
      columns.map(([column, value]) => [
        column,
        (typeof value === 'string' ? valueAt(message, value) : value) as ColumnValue,
      ]),
    )
}
