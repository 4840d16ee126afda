import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import test from 'node:test'
import fc from 'fast-check'
import { Redis } from 'ioredis'
import type { Lease, Outcome, Store } from 'semel'
import { manualClock } from 'semel/testing'
import { encodeLane } from '../../src/inbox/identity.ts'
import { indexName } from '../../src/redis/changes.ts'
import { identityAt } from '../../src/redis/names.ts'
import { decodeRecord, type Known, stateNumber } from '../../src/redis/record-bytes.ts'
import { completed, failed, fingerprint, identity, message, origin, shop } from './redis-kit.ts'

const group = 'points'
const lanes = [undefined, ...['x', 'y'].map((name) => encodeLane(origin, undefined, name))]

/** One act on one of a few keys, by numbers that fast-check can shrink. */
interface Act {
  readonly on: number
  readonly key: number
  readonly way: number
}

const acts = fc.array(
  fc.record({
    on: fc.nat({ max: 8 }),
    key: fc.nat({ max: 5 }),
    way: fc.nat({ max: 11 }),
  }),
  { minLength: 30, maxLength: 80 },
)

test('after any history the indexes, counts and bounds say what the records say', async (t) => {
  const here = await shop(t)
  if (here === undefined) return
  const client = await here.client()
  const reader = new Redis(here.url)
  t.after(() => reader.disconnect())
  let run = 0
  const seen = new Set<string>()
  await fc.assert(
    fc.asyncProperty(acts, async (history) => {
      const prefix = `${here.prefix}${run++}:`
      const clock = manualClock()
      const store = here.store(client, { prefix, clock })
      const leases: Lease[] = []
      for (const act of history) {
        await perform(store, leases, act)
        clock.pass(1)
      }
      const indexes = await said(reader, prefix)
      assert.deepEqual(indexes, told(await records(reader, prefix)))
      for (const name of Object.keys(indexes)) seen.add(name.split(':', 1)[0] ?? '')
    }),
    { numRuns: 150 },
  )
  assert.deepEqual(
    [...seen].sort(),
    ['c', 'd', 'f', 'h', 'l', 'u', 'x'],
    'some never held anything',
  )
})

async function perform(store: Store, leases: Lease[], { on, key, way }: Act): Promise<void> {
  const target = identity(`k-${key}`)
  const lease = leases.findLast((one) => one.key.join() === target.key.join())
  const kept = message({ lane: lanes[way % 3], body: new Uint8Array(way * 10) })
  const outcomes: readonly Outcome[] = [
    completed('1'),
    failed({ message: kept }),
    failed({ message: kept, reason: 'early', retryInMs: 50 }),
    { state: 'dead', reason: 'permanent', detail: '', message: kept },
  ]
  const outcome = outcomes[way % 4] as Outcome
  const act = { who: 'Zoë', why: '', keepMs: 5 }
  const [first, second] = [
    (['redrive', 'skip', 'release', 'forget'] as const)[way % 4],
    way > 8 ? { body: new Uint8Array(3) } : {},
  ]
  if (on <= 2) {
    const by = on === 0 ? 'parked' : 'delivery'
    const claimId = randomBytes(16)
    const asked = {
      ...target,
      fingerprint,
      claimId,
      alone: true,
      by,
      lane: lanes[way % 3],
    } as const
    const [claim] = await store.leases.claim([asked], { leaseMs: way, attemptsMax: 3 })
    if (claim?.kind === 'granted') leases.push(claim.lease)
    if (claim?.kind === 'exhausted')
      await store.leases.bury(target, claim.token, outcomes[3] as Outcome)
  } else if (on === 3) await store.leases.insert([{ ...target, fingerprint, outcome }])
  else if (on === 4)
    await store.inspector.act(target, { ...act, ...second, kind: first ?? 'skip' }).catch(ignored)
  else if (on === 5) await store.inspector.prune(3)
  else if (lease === undefined) return
  else if (on === 6) await store.leases.release(lease)
  else if (on === 7) await store.leases.renew([lease], way)
  else await store.leases.settle(lease, outcome)
}

function ignored(error: unknown): void {
  assert.match(String((error as { code?: unknown }).code), /^SEMEL_RECORD_/)
}

/** The records themselves, by their ids. */
async function records(reader: Redis, prefix: string): Promise<ReadonlyMap<string, Known>> {
  const base = `${prefix}{${group}}:r:`
  const names = await reader.keysBuffer(`${base}*`)
  const found = new Map<string, Known>()
  for (const name of names) {
    const id = name.subarray(base.length)
    const stored = await reader.getBuffer(name)
    assert.ok(stored)
    found.set(id.toString('latin1'), decodeRecord(stored, identityAt(group, id)))
  }
  return found
}

type Said = Record<string, Record<string, number>>

/** What indexes must hold, by what the records are. */
function told(all: ReadonlyMap<string, Known>): Said {
  const indexes: Said = { c: {}, u: { messages: 0, bytes: 0, dead: 0 } }
  const put = (name: string, member: string, score: number): void => {
    indexes[name] = { ...indexes[name], [member]: score }
  }
  const ordered = [...all].toSorted(([, a], [, b]) => (b.record.place ?? 0) - (a.record.place ?? 0))
  for (const [id, { record, bodyBytes }] of ordered) {
    const { state, changedMs, untilMs = 0, lane, place } = record
    put(indexName(record), id, changedMs)
    const field = `${stateNumber(state)}${id.slice(0, '\u0000\u0006orders\u0000'.length)}`
    put('c', field, 1 + (indexes['c']?.[field] ?? 0))
    const parked = record.origin !== undefined && state !== 'dead'
    const { messages = 0, bytes = 0, dead = 0 } = indexes['u'] ?? {}
    if (parked) indexes['u'] = { messages: messages + 1, bytes: bytes + bodyBytes, dead }
    else if (record.origin !== undefined) indexes['u'] = { messages, bytes, dead: dead + 1 }
    if (parked && place === undefined) put(`d:${text(origin)}`, id, untilMs)
    if (place === undefined || lane === undefined) continue
    put(`l:${text(lane)}`, id, place)
    put('f', text(lane), Object.keys(indexes[`l:${text(lane)}`] ?? {}).length)
    // The last one that is put has the smallest place.
    put(`h:${text(origin)}`, text(lane), untilMs)
  }
  return indexes
}

/** What they do hold. */
async function said(reader: Redis, prefix: string): Promise<Said> {
  const base = `${prefix}{${group}}:`
  const indexes: Said = { c: {}, u: { messages: 0, bytes: 0, dead: 0 } }
  for (const name of await reader.keysBuffer(`${base}*`)) {
    const short = name.subarray(base.length).toString('latin1')
    if (/^(x:|d:|l:|h:|f$)/.test(short)) indexes[short] = await scores(reader, name)
    if (/^[cu]$/.test(short))
      indexes[short] = { ...indexes[short], ...(await fields(reader, name)) }
  }
  return indexes
}

async function scores(reader: Redis, name: Buffer): Promise<Record<string, number>> {
  const members = await reader.zrangeBuffer(name, 0, '-1')
  const found: Record<string, number> = {}
  for (const member of members)
    found[member.toString('latin1')] = Number(await reader.zscore(name, member))
  return found
}

async function fields(reader: Redis, name: Buffer): Promise<Record<string, number>> {
  const found: Record<string, number> = {}
  for (const field of await reader.hkeysBuffer(name)) {
    const count = Number(await reader.hget(name, field))
    if (count !== 0 || name.at(-1) !== 0x63) found[field.toString('latin1')] = count
  }
  return found
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}
