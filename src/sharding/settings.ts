import { SemelError } from '../errors/semel-error.ts'
import type { Maps } from './moves.ts'
import type { ShardMap } from './shard-map.ts'

/** What `sharded()` is given, with names as texts. */
export interface Given {
  readonly by: unknown
  readonly shards?: readonly string[] | undefined
  readonly before?: ShardMap | undefined
  readonly next?: ShardMap | undefined
}

const known = ['by', 'shards', 'before', 'next']

/** @throws SEMEL_OPTION_UNKNOWN, SEMEL_OPTION_INVALID */
export function mapsOf(names: readonly string[], given: Given): Maps {
  const { before, next } = given
  for (const name of Object.keys(given))
    if (!known.includes(name))
      throw new SemelError('SEMEL_OPTION_UNKNOWN', `sharded() has no option ${name}`)
  if (names.length === 0) throw invalid('at least one store is needed')
  if (before !== undefined && next !== undefined)
    throw invalid('before and next are two steps of one move: give one of them')
  // Else keys of which only a digest is stored would be looked for in shards that did not exist.
  if (next !== undefined && given.shards === undefined)
    throw invalid('with next, shards must say which ones the map in force has')
  const map = { by: given.by, shards: given.shards ?? names } as ShardMap
  check('sharded()', map, names)
  if (before !== undefined) check('before', before, names)
  if (next !== undefined) check('next', next, names)
  if (before !== undefined) return { map, move: { from: before, to: map } }
  return { map, move: next && { from: map, to: next } }
}

function check(where: string, { by, shards }: ShardMap, names: readonly string[]): void {
  if (typeof by !== 'function') throw invalid(`${where}: by must be a function`)
  if (!Array.isArray(shards) || shards.length === 0)
    throw invalid(`${where}: shards must be a list of names`)
  const missing = shards.find((name) => !names.includes(name))
  if (missing !== undefined)
    throw invalid(`${where}: there is no store for shard ${JSON.stringify(missing)}`)
}

function invalid(what: string): SemelError {
  return new SemelError('SEMEL_OPTION_INVALID', `sharded(): ${what}`)
}
