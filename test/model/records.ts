import { equalBytes } from '../../src/inbox/bytes.ts'
import type { InboxRecord, Lease } from '../../src/inbox/record.ts'
import type { Model, World } from './kinds.ts'
import type { Arrival } from './task-kinds.ts'

/** Time stands still; what has a time passes by an action of its own, in any order. */
export const nowMs = 1_000_000
export const leaseMs = 1_000
export const passedMs: number = nowMs - 1

/** The claim id of whoever does not ask any more. */
export const nobodys: Uint8Array = Uint8Array.of(255)

export function hasPassed(record: InboxRecord): boolean {
  return record.untilMs !== undefined && record.untilMs <= nowMs
}

/** Which message a record is about. */
export function messageAt(model: Model, world: World, at: number): number {
  const record = world.records[at]
  const found = model.scenario.messages.findIndex(
    ({ key }, message) =>
      key === at &&
      record !== undefined &&
      equalBytes(model.fingerprints[message] ?? nobodys, record.fingerprint),
  )
  return found >= 0 ? found : model.scenario.messages.findIndex(({ key }) => key === at)
}

export function messageOf(
  { scenario }: Model,
  message: number,
): Model['scenario']['messages'][number] {
  const found = scenario.messages[message]
  if (found === undefined) throw new RangeError(`no message ${message}`)
  return found
}

export function ownsLease(world: World, lease: Lease, at: number): boolean {
  const record = world.records[at]
  return (
    record?.state === 'leased' && record.token === lease.token && record.claimId === lease.claimId
  )
}

export function keyOf(model: Model, { message }: Pick<Arrival, 'message'>): number {
  return messageOf(model, message).key
}
