import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Claim, ClaimRequest, ClaimTerms, NewRecord } from '../inbox/claim.ts'
import { type Bytes, hex, utf8 } from '../inbox/bytes.ts'
import { bodyFingerprint } from '../inbox/fingerprint.ts'
import { encodeOrigin, encodeScope, type Identity, identityOf } from '../inbox/identity.ts'
import type { Lease, Outcome, ParkedMessage, Reason, RecordView } from '../inbox/record.ts'
import type { OpenTransaction, Store } from '../inbox/store.ts'
import type { Effects, OpenedStore } from './store-suite.ts'

/** A lease, a pause or a retention that lasts as long as any case. */
export const longMs = 600_000

/** One that is over after {@link pass}. */
export const shortMs = 1

/** Nothing is alone, nothing is used up, nothing ends. */
export const terms: ClaimTerms = { leaseMs: longMs, attemptsMax: 16 }

/** Its lease ends at the next {@link pass}. */
export const brief: ClaimTerms = { leaseMs: shortMs, attemptsMax: 16 }

export const body: Bytes = utf8('{"order":17}')
export const fingerprint: Bytes = bodyFingerprint(body)
export const otherFingerprint: Bytes = bodyFingerprint(utf8('{"order":18}'))
export const origin: Bytes = encodeOrigin({ group: 'points', topic: 'orders' })

/** Lets everything end that lasts {@link shortMs}. */
export async function pass({ store, passTime }: OpenedStore): Promise<void> {
  await passTime(shortMs + 2 * store.capabilities.timePrecisionMs)
}

export function identity(key: string = 'A-17', group = 'points'): Identity {
  return identityOf(encodeScope({ group, keyspace: 'orders' }), key)
}

/** A claim by a delivery that is not alone, under a claim id of its own. */
export function request(given: Partial<ClaimRequest> = {}): ClaimRequest {
  return { ...identity(), fingerprint, claimId: claimId(), alone: false, by: 'delivery', ...given }
}

export function claimId(): Bytes {
  return new Uint8Array(randomBytes(16))
}

export function completed(result?: string, keepMs: number = longMs): Outcome {
  return { state: 'completed', result, keepMs }
}

/** Due at the next {@link pass}, and counted. */
export function failed(given: Partial<Extract<Outcome, { state: 'failed' }>> = {}): Outcome {
  return {
    state: 'failed',
    reason: 'failed',
    detail: 'out of stock',
    retryInMs: shortMs,
    counted: true,
    message: undefined,
    ...given,
  }
}

export function dead(message?: ParkedMessage, reason: Reason = 'permanent'): Outcome {
  return { state: 'dead', reason, detail: 'no such account', message }
}

export function parkedMessage(given: Partial<ParkedMessage> = {}): ParkedMessage {
  return {
    origin,
    id: 'm-1',
    topic: 'orders',
    tag: 'PAID',
    key: 'A-17',
    headers: { trace: '0af7' },
    sentAtMs: 1_767_225_600_000,
    body,
    lane: undefined,
    ...given,
  }
}

export function newRecord(given: Partial<NewRecord> = {}): NewRecord {
  return { ...identity(), fingerprint, outcome: completed(), ...given }
}

export async function claim(
  { store }: OpenedStore,
  given: Partial<ClaimRequest> = {},
  under: ClaimTerms = terms,
): Promise<Claim> {
  const [answer] = await store.leases.claim([request(given)], under)
  assert.ok(answer, 'a claim was not answered')
  return answer
}

export async function granted(
  opened: OpenedStore,
  given: Partial<ClaimRequest> = {},
  under: ClaimTerms = terms,
): Promise<Extract<Claim, { kind: 'granted' }>> {
  const answer = await claim(opened, given, under)
  assert.equal(answer.kind, 'granted')
  return answer as Extract<Claim, { kind: 'granted' }>
}

export async function leased(
  opened: OpenedStore,
  given: Partial<ClaimRequest> = {},
  under: ClaimTerms = terms,
): Promise<Lease> {
  return (await granted(opened, given, under)).lease
}

/** Claims and settles at once. */
export async function settled(
  opened: OpenedStore,
  outcome: Outcome,
  given: Partial<ClaimRequest> = {},
): Promise<Lease> {
  const lease = await leased(opened, given)
  assert.equal(await opened.store.leases.settle(lease, outcome), 'settled')
  return lease
}

/** Claims of the given kinds, and what each is answered. */
export async function answers(
  opened: OpenedStore,
  requests: readonly Partial<ClaimRequest>[],
  under: ClaimTerms = terms,
): Promise<readonly Claim['kind'][]> {
  const kinds: Claim['kind'][] = []
  for (const given of requests) kinds.push((await claim(opened, given, under)).kind)
  return kinds
}

export async function read(
  store: Store,
  target: Identity = identity(),
): Promise<RecordView | undefined> {
  const [record] = await store.leases.read([target])
  return record
}

/** The record without what only the moment of looking decides. */
export async function standing(
  store: Store,
  target: Identity = identity(),
): Promise<object | undefined> {
  const record = await read(store, target)
  return record && { ...record, leftMs: undefined }
}

/** Runs `work` in a transaction that commits. */
export function inTransaction<R>(
  { store }: OpenedStore,
  work: (transaction: OpenTransaction<unknown>) => Promise<R>,
): Promise<R> {
  assert.ok(store.transactions, 'the store has no transactions')
  return store.transactions.open(work)
}

/** Writes a row of the user's own through the transaction. */
export async function effect(
  { effects }: OpenedStore,
  transaction: OpenTransaction<unknown>,
  key: string,
  value = 'done',
): Promise<void> {
  const { tx, end } = transaction.forHandler()
  await (effects as Effects).write(tx, key, value)
  end()
}

export function effectOf({ effects }: OpenedStore, key: string): Promise<string | undefined> {
  return (effects as Effects).read(key)
}

/** Fails unless the error has this code. */
export function coded(code: string): (error: unknown) => boolean {
  return (error) => {
    assert.equal((error as { readonly code?: unknown }).code, code, String(error))
    return true
  }
}

/** Equal content. Drivers hand out bytes and rows of classes of their own; undefined and missing are one. */
export function same(actual: unknown, expected: unknown, what?: string): void {
  assert.deepEqual(plain(actual), plain(expected), what)
}

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return `0x${hex(value)}`
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  const given = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(given.map(([name, member]) => [name, plain(member)]))
}
