import { setTimeout as pause } from 'node:timers/promises'
import { SemelError } from 'semel'
import type { LockAdapter, OpenedLock } from 'semel/testing'
import { hex } from '../../src/inbox/bytes.ts'
import { encodeKey } from '../../src/inbox/key.ts'
import type { HeldLock, Lock } from '../../src/inbox/lock.ts'

/** What keeps the locks, as Redis would. */
export interface ToyServer {
  /** The token, if the owner has it now. */
  take(key: string, owner: object): bigint | undefined
  renew(key: string, owner: object): boolean
  release(key: string, owner: object): void
}

export interface OpenedToy extends OpenedLock {
  /** Spoils it for the locks that are opened afterwards. */
  spoil(put: (server: ToyServer) => ToyServer): void
}

const leaseMs = 90

/** A lock in memory that does what it must, to put bugs into. */
export const toyLockAdapter: LockAdapter & { open(): Promise<OpenedToy> } = {
  name: 'toy',
  async open() {
    let server = toyServer()
    const silent = new WeakSet<Lock>()
    const locks: Lock[] = []
    return {
      outlivesMs: leaseMs,
      spoil: (put) => void (server = put(server)),
      async lock() {
        const lock: Lock = toyLock(server, () => silent.has(lock))
        locks.push(lock)
        return lock
      },
      async silence(lock) {
        silent.add(lock)
      },
      async close() {
        await Promise.all(locks.map((lock) => lock.close()))
      },
    }
  },
}

function toyServer(): ToyServer {
  const owners = new Map<string, { readonly owner: object; readonly endsMs: number }>()
  let last = 0n
  const ownerOf = (key: string): object | undefined => {
    const one = owners.get(key)
    return one && one.endsMs > performance.now() ? one.owner : undefined
  }
  const grant = (key: string, owner: object): unknown =>
    owners.set(key, { owner, endsMs: performance.now() + leaseMs })
  return {
    take(key, owner) {
      if (ownerOf(key) !== undefined) return undefined
      grant(key, owner)
      return ++last
    },
    renew(key, owner) {
      if (ownerOf(key) !== owner) return false
      grant(key, owner)
      return true
    },
    release(key, owner) {
      if (ownerOf(key) === owner) owners.delete(key)
    },
  }
}

function toyLock(server: ToyServer, isSilent: () => boolean): Lock {
  const closing = new AbortController()
  const held = new Set<HeldLock>()

  function hold(key: string, owner: object, token: bigint): HeldLock {
    const lost = new AbortController()
    let provenMs = performance.now()
    const ticking = setInterval(() => {
      const nowMs = performance.now()
      if (!isSilent() && server.renew(key, owner)) provenMs = nowMs
      else if (nowMs - provenMs > leaseMs / 2) lose()
    }, leaseMs / 9)
    const lock: HeldLock = {
      token,
      signal: lost.signal,
      async release() {
        clearInterval(ticking)
        held.delete(lock)
        if (!isSilent()) server.release(key, owner)
      },
    }
    function lose(): void {
      clearInterval(ticking)
      held.delete(lock)
      lost.abort(new SemelError('SEMEL_LOCK_LOST', 'the lock is lost'))
    }
    held.add(lock)
    return lock
  }
  return {
    name: 'toy',
    async acquire(resource, { waitMs, signal }) {
      const key = hex(encodeKey(resource).key)
      const owner = {}
      const untilMs = performance.now() + waitMs
      for (;;) {
        signal?.throwIfAborted()
        closing.signal.throwIfAborted()
        const token = isSilent() ? undefined : server.take(key, owner)
        if (token !== undefined) return hold(key, owner, token)
        if (performance.now() >= untilMs) return undefined
        await pause(2)
      }
    },
    async close() {
      closing.abort(new SemelError('SEMEL_LOCK_UNAVAILABLE', 'the lock is closed'))
      await Promise.all([...held].map((lock) => lock.release()))
    },
  }
}
