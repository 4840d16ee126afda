import { SemelError } from '../errors/semel-error.ts'
import { type Bytes, latin1 } from '../inbox/bytes.ts'

/** Lanes that are remembered; of one that was not used for so long its shard is learned anew. */
const lanesMax = 10_000

/**
 * P28: an order is kept by the records of one shard, so that all keys of a lane must be of one. What is forgotten
 * here is only noticed later: a map that breaks the rule breaks it for every lane.
 *
 * @throws SEMEL_SHARD_LANE
 */
export function laneWatch(): (lane: Bytes | undefined, shard: string) => void {
  const known = new Map<string, string>()
  return (lane, shard) => {
    if (lane === undefined) return
    const name = latin1(lane)
    const before = known.get(name) ?? shard
    known.delete(name)
    known.set(name, before)
    if (known.size > lanesMax) known.delete(known.keys().next().value as string)
    if (before !== shard)
      throw new SemelError(
        'SEMEL_SHARD_LANE',
        `two messages with one value of orderedBy belong to the shards ${before} and ${shard}`,
      )
  }
}
