import assert from 'node:assert/strict'
import { coded } from '../store-kit.ts'
import { account, long, once, refused, taken, two } from '../lock-kit.ts'
import type { LockCase } from '../lock-suite.ts'

export const waiting: readonly LockCase[] = [
  {
    promise:
      'who does not get a lock in its time is told so, and stands in nobody’s way afterwards',
    needs: [],
    async run(opened) {
      const [one, other] = await two(opened)
      const held = await taken(one)
      assert.equal(await other.acquire(account, { waitMs: 50 }), undefined)
      await refused(other)
      await held.release()
      await taken(one)
    },
  },
  {
    promise: 'a signal ends the waiting with its reason, and nothing is left in line',
    needs: [],
    async run(opened) {
      const [one, other] = await two(opened)
      const held = await taken(one)
      const caller = new AbortController()
      const waits = other.acquire(account, { ...long, signal: caller.signal })
      caller.abort(new Error('enough'))
      await assert.rejects(waits, { message: 'enough' })
      await held.release()
      await (await taken(one)).release()
      await taken(other)
    },
  },
  {
    promise: 'a signal that has ended before takes nothing',
    needs: [],
    async run(opened) {
      const [one, other] = await two(opened)
      const signal = AbortSignal.abort(new Error('too late'))
      await assert.rejects(one.acquire(account, { ...once, signal }), { message: 'too late' })
      assert.ok(await other.acquire(account, once), 'the lock is not free')
    },
  },
  {
    promise: 'closing releases what is held, ends who waits, and gives nothing any more',
    needs: [],
    async run(opened) {
      const [one, other] = await two(opened)
      const held = await taken(one)
      const waits = other.acquire(account, long)
      const ended = assert.rejects(waits, coded('SEMEL_LOCK_UNAVAILABLE'))
      await other.close()
      await ended
      await assert.rejects(other.acquire('account 8', once), coded('SEMEL_LOCK_UNAVAILABLE'))
      await one.close()
      assert.equal(held.signal.aborted, false, 'a lock that is released is not lost')
      const next = await opened.lock()
      assert.ok(await next.acquire(account, once), 'closing did not release')
    },
  },
]
