import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import type { Key } from '../inbox/key.ts'
import type { HeldLock, Lock } from '../inbox/lock.ts'
import type { OpenedLock } from './lock-suite.ts'

export const account: Key = 'account 7'

/** Asks once. */
export const once = { waitMs: 0 } as const

/** Longer than any case. */
export const long = { waitMs: 600_000 } as const

/** For what is to come, in milliseconds. */
const arrivalMs = 20_000

/** Fails unless it comes. */
export async function taken(lock: Lock, resource: Key = account): Promise<HeldLock> {
  const held = await lock.acquire(resource, { waitMs: arrivalMs })
  assert.ok(held, `${lock.name} did not give the lock`)
  return held
}

/** Fails if it comes. */
export async function refused(lock: Lock, resource: Key = account): Promise<void> {
  assert.equal(await lock.acquire(resource, once), undefined, 'two have one lock')
}

export async function two(opened: OpenedLock): Promise<readonly [Lock, Lock]> {
  return [await opened.lock(), await opened.lock()]
}

/** Resolves when the holder has been told, with what. */
export async function toldLost({ signal }: HeldLock): Promise<unknown> {
  const untilMs = performance.now() + arrivalMs
  while (!signal.aborted) {
    assert.ok(performance.now() < untilMs, 'the holder was never told that its lock is lost')
    await pause(5)
  }
  return signal.reason
}
