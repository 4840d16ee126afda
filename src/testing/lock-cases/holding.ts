import assert from 'node:assert/strict'
import { coded } from '../store-kit.ts'
import { account, refused, taken, toldLost, two } from '../lock-kit.ts'
import type { LockCase } from '../lock-suite.ts'

export const holding: readonly LockCase[] = [
  {
    promise: 'a lock is kept for as long as it is held',
    needs: [],
    async run(opened) {
      const [one, other] = await two(opened)
      const held = await taken(one)
      assert.equal(await other.acquire(account, { waitMs: opened.outlivesMs * 1.5 }), undefined)
      assert.equal(held.signal.aborted, false)
      await held.release()
    },
  },
  {
    promise:
      'a silent holder loses its lock, and is told before somebody else has it with a higher token',
    needs: [],
    async run(opened) {
      const [one, other] = await two(opened)
      const held = await taken(one)
      const waits = taken(other)
      await opened.silence(one)
      const next = await waits
      assert.ok(held.signal.aborted, 'somebody else has the lock, and its holder does not know')
      coded('SEMEL_LOCK_LOST')(held.signal.reason)
      assert.ok(next.token > held.token)
    },
  },
  {
    promise: 'a lock that has been released, or lost, cannot be released from who has it now',
    needs: [],
    async run(opened) {
      const [one, other, third] = [...(await two(opened)), await opened.lock()]
      const first = await taken(one)
      await first.release()
      const second = await taken(other)
      await first.release()
      await refused(third)
      assert.equal(second.signal.aborted, false)
      await opened.silence(other)
      await taken(third)
      await toldLost(second)
      await second.release()
      await refused(one)
    },
  },
  {
    promise: 'a released lock is not lost: its signal stays silent',
    needs: [],
    async run(opened) {
      const [one, other] = await two(opened)
      const held = await taken(one)
      await held.release()
      await held.release()
      await taken(other)
      await opened.silence(one)
      await refused(one).catch(coded('SEMEL_LOCK_UNAVAILABLE'))
      assert.equal(held.signal.aborted, false)
    },
  },
]
