import assert from 'node:assert/strict'
import type { Key } from '../../inbox/key.ts'
import type { Lock } from '../../inbox/lock.ts'
import { coded } from '../store-kit.ts'
import { account, long, once, refused, taken, two } from '../lock-kit.ts'
import type { LockCase } from '../lock-suite.ts'

const workers = 4
const rounds = 8

export const exclusion: readonly LockCase[] = [
  {
    promise: 'one has a lock, and the next one who waits gets it when it is released',
    needs: [],
    async run(opened) {
      const [one, other] = await two(opened)
      const first = await taken(one)
      await refused(other)
      const waiting = taken(other)
      await first.release()
      const second = await waiting
      await refused(one)
      assert.equal(second.signal.aborted, false)
    },
  },
  {
    promise: 'owners that contend never overlap, and each one has a higher token than those before',
    needs: [],
    async run(opened) {
      const locks = await two(opened)
      const tokens: bigint[] = []
      let inside = 0
      async function work(lock: Lock): Promise<void> {
        for (let round = 0; round < rounds; round++) {
          const held = await taken(lock)
          assert.equal(++inside, 1, 'two are inside')
          tokens.push(held.token)
          await new Promise(setImmediate)
          inside--
          await held.release()
        }
      }
      await Promise.all([...locks, ...locks].map(work))
      assert.equal(tokens.length, workers * rounds)
      tokens.reduce((before, token) => {
        assert.ok(token > before, `${token} was given after ${before}`)
        return token
      })
    },
  },
  {
    promise: 'one owner excludes itself: who has a lock does not get it again',
    needs: [],
    async run(opened) {
      const lock = await opened.lock()
      const held = await taken(lock)
      await refused(lock)
      await held.release()
      await (await taken(lock)).release()
    },
  },
  {
    promise: 'a token never comes again, also when nobody has wanted the lock for a while',
    needs: [],
    async run(opened) {
      const lock = await opened.lock()
      const first = await taken(lock)
      await first.release()
      const again = await opened.lock()
      const second = await taken(again)
      assert.ok(second.token > first.token)
    },
  },
  {
    promise: 'a resource that others have not is free, whatever bytes its key has',
    needs: [],
    async run(opened) {
      const [one, other] = await two(opened)
      const keys: readonly Key[] = [
        account,
        'account 77',
        'ACCOUNT 7',
        'account 7 ',
        'a/../b\0{c}*é',
        'a'.repeat(2_000),
        new Uint8Array([0, 255, 47]),
        new Uint8Array([0, 255]),
        ['account', 7],
        ['account 7', ''.padEnd(3, '7')],
      ]
      for (const key of keys)
        assert.ok(await one.acquire(key, once), `somebody has ${String(key).slice(0, 20)}`)
      for (const key of keys) await refused(other, key)
    },
  },
  {
    promise: 'a number and its digits are one resource',
    rule: 'P1',
    needs: [],
    async run(opened) {
      const [one, other] = await two(opened)
      await taken(one, 7)
      await refused(other, '7')
      await refused(other, 7n)
    },
  },
  {
    promise: 'what is no key is refused, and said to be',
    rule: 'P1',
    needs: [],
    async run(opened) {
      const lock = await opened.lock()
      await assert.rejects(lock.acquire('', long), coded('SEMEL_KEY_MISSING'))
      await assert.rejects(lock.acquire(1.5, long), coded('SEMEL_KEY_INVALID'))
    },
  },
]
