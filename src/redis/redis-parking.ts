import { buffer } from './client.ts'
import { script } from './calls.ts'
import { lookAt, pairs } from './looks.ts'
import { baseOf, groupOf, identityAt } from './names.ts'
import { decodeRecord } from './record-bytes.ts'
import { common, due } from './scripts.gen.ts'
import type { DueMessage, Parking } from '../inbox/store.ts'
import type { StoreParts } from './store-parts.ts'

const dueScript = script(common, due)

/** P21: by an index of what stands in no lane, and one of lanes by the time of their first. */
export function redisParking(parts: StoreParts): Parking {
  const { calls, prefix, clockMs } = parts
  return {
    async due(origin, limit) {
      const group = groupOf(origin)
      const words = [clockMs(), buffer(origin), String(limit)]
      const keys = [baseOf(prefix, group)] as const
      const answer = await calls.script('SEMEL_STORE_UNAVAILABLE', dueScript, keys, ...words)
      const [nowMs, ...found] = answer as readonly [number, ...Buffer[]]
      const all: DueMessage[] = []
      for (let at = 0; at < found.length; at += 3) {
        const [id, stored, since] = found.slice(at, at + 3) as [Buffer, Buffer, Buffer]
        all.push(dueMessage(group, id, stored, nowMs - Number(since)))
      }
      return all
    },
    async usage(group) {
      const base = baseOf(prefix, group)
      const [counted, fullest] = await Promise.all([
        lookAt(parts, `${base}u`, 'HGETALL'),
        lookAt(parts, `${base}f`, 'ZREVRANGE', '0', '0', 'WITHSCORES'),
      ])
      const counts = pairs(counted.words).map(([name, count]) => [String(name), Number(count)])
      const { messages = 0, bytes = 0, dead = 0 } = Object.fromEntries(counts)
      return { messages, bytes, dead, perLane: Number(fullest.words[1] ?? 0) }
    },
  }
}

function dueMessage(group: string, id: Buffer, stored: Buffer, waitedMs: number): DueMessage {
  const identity = identityAt(group, id)
  const { record } = decodeRecord(stored, identity)
  const { readable, fingerprint, state, reason, place } = record
  const lane = place === undefined ? undefined : record.lane
  return { ...identity, readable, fingerprint, suspect: state === 'leased', lane, reason, waitedMs }
}
