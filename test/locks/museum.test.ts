import test from 'node:test'
import { SemelError } from 'semel'
import { lockCases, type OpenedLock, register } from 'semel/testing'
import type { HeldLock, Lock } from '../../src/inbox/lock.ts'
import { type Exhibit, seenToFail } from '../conformance/museum.ts'
import { type OpenedToy, type ToyServer, toyLockAdapter } from './toy-lock.ts'

register(test, lockCases, toyLockAdapter)

const servers: readonly Exhibit<ToyServer>[] = [
  {
    bug: 'whoever releases frees the lock of who has it now',
    foundBy: 'cannot be released from who has it now',
    put(server) {
      const owners = new Map<string, object>()
      return {
        ...server,
        take(key, owner) {
          const token = server.take(key, owner)
          if (token !== undefined) owners.set(key, owner)
          return token
        },
        release: (key) => server.release(key, owners.get(key) ?? {}),
      }
    },
  },
  {
    bug: 'nothing renews a lock',
    foundBy: 'for as long as it is held',
    put: (server) => ({ ...server, renew: () => true }),
  },
  {
    bug: 'the owner is the process, so it gets in twice',
    foundBy: 'one owner excludes itself',
    put: (server) => ({
      ...server,
      take: (key, owner) => server.take(key, owner) ?? (server.renew(key, owner) ? 0n : 1n),
    }),
  },
  {
    bug: 'tokens are counted from one again when nobody has the lock',
    foundBy: 'a token never comes again',
    put(server) {
      const taken = new Map<string, bigint>()
      return {
        ...server,
        take(key, owner) {
          if (server.take(key, owner) === undefined) return undefined
          const token = (taken.get(key) ?? 0n) + 1n
          taken.set(key, token)
          return token
        },
        release(key, owner) {
          taken.delete(key)
          server.release(key, owner)
        },
      }
    },
  },
]

const locks: readonly Exhibit<Lock>[] = [
  {
    bug: 'each process has locks of its own',
    foundBy: 'one has a lock',
    put(lock) {
      const own = Math.random().toString()
      return { ...lock, acquire: (resource, terms) => lock.acquire([own, String(resource)], terms) }
    },
  },
  {
    bug: 'tokens do not grow',
    foundBy: 'never overlap',
    put: inHeld((held) => ({ ...held, token: 1n })),
  },
  {
    bug: 'who must wait is refused',
    foundBy: 'the next one who waits gets it',
    put: (lock) => ({
      ...lock,
      acquire: (key, terms) => lock.acquire(key, { ...terms, waitMs: 0 }),
    }),
  },
  {
    bug: 'who waits does not listen',
    foundBy: 'a signal ends the waiting',
    put: (lock) => ({ ...lock, acquire: (key) => lock.acquire(key, { waitMs: 50 }) }),
  },
  {
    bug: 'a signal that has ended before is not looked at',
    foundBy: 'takes nothing',
    put: (lock) => ({
      ...lock,
      async acquire(key, { signal, ...terms }) {
        const held = await lock.acquire(key, terms)
        signal?.throwIfAborted()
        return held
      },
    }),
  },
  {
    bug: 'resources are names without case',
    foundBy: 'whatever bytes its key has',
    put: (lock) => ({
      ...lock,
      acquire: (key, terms) =>
        lock.acquire(typeof key === 'string' ? key.toLowerCase() : key, terms),
    }),
  },
  {
    bug: 'a number is not its digits',
    foundBy: 'a number and its digits',
    put: (lock) => ({
      ...lock,
      acquire: (key, terms) => lock.acquire([typeof key, String(key)], terms),
    }),
  },
  {
    bug: 'the holder never hears that its lock is lost',
    foundBy: 'is told before somebody else has it',
    put: inHeld((held) => ({ ...held, signal: new AbortController().signal })),
  },
  {
    bug: 'closing leaves what is held',
    foundBy: 'closing releases',
    put(lock) {
      const { signal, abort } = closing()
      return {
        ...lock,
        acquire: (key, terms) => lock.acquire(key, { ...terms, signal }),
        close: async () => abort(),
      }
    },
  },
  {
    bug: 'a release is told as a loss',
    foundBy: 'its signal stays silent',
    put: inHeld((held) => {
      const lost = new AbortController()
      const release = (): Promise<void> => {
        lost.abort()
        return held.release()
      }
      return { ...held, signal: lost.signal, release }
    }),
  },
]

for (const exhibit of servers)
  test(`the cases find it: ${exhibit.bug}`, () =>
    seenToFail(lockCases, { ...toyLockAdapter }, exhibit, (opened, put) => {
      ;(opened as OpenedToy).spoil(put)
      return opened
    }))

for (const exhibit of locks)
  test(`the cases find it: ${exhibit.bug}`, () =>
    seenToFail(lockCases, { ...toyLockAdapter }, exhibit, inLocks))

function closing(): { readonly signal: AbortSignal; abort(): void } {
  const controller = new AbortController()
  const why = new SemelError('SEMEL_LOCK_UNAVAILABLE', 'the lock is closed')
  return { signal: controller.signal, abort: () => controller.abort(why) }
}

function inLocks(opened: OpenedLock, put: (lock: Lock) => Lock): OpenedLock {
  const inner = new Map<Lock, Lock>()
  return {
    ...opened,
    async lock() {
      const lock = await opened.lock()
      const wrong = put(lock)
      inner.set(wrong, lock)
      return wrong
    },
    silence: (lock) => opened.silence(inner.get(lock) ?? lock),
  }
}

function inHeld(change: (held: HeldLock) => HeldLock): (lock: Lock) => Lock {
  return (lock) => ({
    ...lock,
    async acquire(key, terms) {
      const held = await lock.acquire(key, terms)
      return held && change(held)
    },
  })
}
