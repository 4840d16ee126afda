import { assertThat, unreachable } from '../errors/semel-error.ts'
import { type Bytes, compose, decompose, textOf, utf8 } from '../inbox/bytes.ts'
import type { Identity } from '../inbox/identity.ts'
import type { InboxRecord, Reason, State } from '../inbox/record.ts'

/** A record as it is known to stand, with what the store keeps beside. */
export interface Known {
  readonly record: InboxRecord
  /** Random, another one after every write. */
  readonly version: Buffer
  /** Of the message that is kept; 0: none is. */
  readonly bodyBytes: number
}

const states: readonly State[] = ['leased', 'completed', 'failed', 'dead']
const alone = 16
const withMessage = 128
/** A place that the script gives. */
const endOfLane = 0xff_ff_ff_ff
/** Where what the scripts look into and everybody has ends: version, until, changed, place, state. */
const headBytes = 25
export const versionBytes = 8

export function stateNumber(state: State): number {
  return states.indexOf(state) + 1
}

export function stateOf(number: number): State {
  return states[number - 1] ?? unreachable(number as never)
}

/**
 * What is sent: its times as distances from `nowMs`, which the script makes times of the server's clock. Nothing ends
 * too early.
 */
export function encodeRecord(
  { record, version, bodyBytes }: Known,
  { nowMs, joins }: { readonly nowMs: number; readonly joins: boolean },
): Buffer {
  const { untilMs, changedMs, place, claimId, lane } = record
  const head = Buffer.alloc(headBytes)
  version.copy(head)
  head.writeUIntBE(untilMs === undefined ? 0 : 1 + distance(untilMs, nowMs), 8, 6)
  head.writeUIntBE(changedMs === nowMs ? 0 : changedMs, 14, 6)
  head.writeUInt32BE(joins ? endOfLane : (place ?? 0), 20)
  head[24] = flags(record)
  const lengths = [Uint8Array.of(claimId?.length ?? 0), claimId, length16(lane), lane]
  return Buffer.concat([
    head,
    ...lengths.filter((part) => part !== undefined),
    tail(record, bodyBytes),
  ])
}

/** Whole milliseconds from one to the other. */
export function distance(untilMs: number, fromMs: number): number {
  return Math.max(0, Math.ceil(untilMs - fromMs))
}

function flags(record: InboxRecord): number {
  const kept = record.origin === undefined ? 0 : withMessage
  return stateNumber(record.state) + kept + (record.alone ? alone : 0)
}

/** What only we look into. */
function tail(record: InboxRecord, bodyBytes: number): Bytes {
  const { token, attempts, fingerprint, origin, readable, result, reason, detail } = record
  const numbers = utf8(`${token} ${attempts} ${bodyBytes}`)
  const texts = [readable, result, reason, detail].map(optional)
  return compose([numbers, fingerprint, origin ?? new Uint8Array(), ...texts])
}

/** What is stored, of this identity. */
export function decodeRecord(stored: Buffer, { scope, key }: Identity): Known {
  const owner = headBytes + 1
  const claimEnd = owner + (stored[headBytes] ?? 0)
  const laneEnd = claimEnd + 2 + stored.readUInt16BE(claimEnd)
  const state = stored[24] ?? 0
  const [numbers, fingerprint, origin, ...texts] = decompose(stored.subarray(laneEnd))
  assertThat(numbers && fingerprint && origin, 'a record in Redis is whole')
  const [token = 0, attempts = 0, bodyBytes = 0] = given(numbers).split(' ').map(Number)
  const [readable, result, reason, detail] = texts.map(textGiven)
  const untilMs = stored.readUIntBE(8, 6)
  const record: InboxRecord = {
    scope,
    key,
    readable,
    state: stateOf(state % alone),
    token,
    claimId: claimEnd > owner ? own(stored.subarray(owner, claimEnd)) : undefined,
    attempts,
    alone: (state & alone) !== 0,
    untilMs: untilMs === 0 ? undefined : untilMs,
    fingerprint: own(fingerprint),
    result,
    reason: reason as Reason | undefined,
    detail,
    origin: origin.length > 0 ? own(origin) : undefined,
    lane: laneEnd > claimEnd + 2 ? own(stored.subarray(claimEnd + 2, laneEnd)) : undefined,
    place: stored.readUInt32BE(20) || undefined,
    changedMs: stored.readUIntBE(14, 6),
  }
  return { record, version: stored.subarray(0, versionBytes), bodyBytes }
}

function length16(bytes: Bytes | undefined): Bytes {
  const length = bytes?.length ?? 0
  return Uint8Array.of(length >> 8, length & 0xff)
}

/** Nothing is no bytes; a text is its bytes behind one that says that there is one. */
export function optional(text: string | undefined): Bytes {
  return text === undefined ? new Uint8Array() : utf8(`=${text}`)
}

export function textGiven(bytes: Bytes | undefined): string | undefined {
  return bytes === undefined || bytes.length === 0 ? undefined : given(bytes.subarray(1))
}

function given(bytes: Bytes): string {
  const text = textOf(bytes)
  assertThat(text !== undefined, 'a text in Redis is UTF-8')
  return text
}

/** Out of the buffer in which the whole answer stands. */
function own(bytes: Bytes): Bytes {
  return new Uint8Array(bytes)
}
