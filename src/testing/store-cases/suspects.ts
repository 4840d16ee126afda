import assert from 'node:assert/strict'
import type { ClaimTerms } from '../../inbox/claim.ts'
import {
  answers,
  brief,
  claim,
  completed,
  dead,
  failed,
  granted,
  identity,
  leased,
  pass,
  read,
  request,
  same,
  settled,
  shortMs,
  standing,
  terms,
} from '../store-kit.ts'
import { arrange, arrangeAll } from '../store-situations.ts'
import type { OpenedStore, StoreCase } from '../store-suite.ts'

const twice: ClaimTerms = { leaseMs: shortMs, attemptsMax: 2 }

/** A start that ends in a crash. */
async function crash(opened: OpenedStore, alone: boolean): Promise<number> {
  const { attempt } = await leased(opened, { alone }, twice)
  await pass(opened)
  return attempt
}

export const suspects: readonly StoreCase[] = [
  {
    promise: 'a record that was left leased answers suspect to a delivery that is not alone',
    rule: 'P14',
    needs: [],
    async run(opened) {
      await arrange(opened, 'left leased')
      const before = await standing(opened.store, identity('left leased'))
      same(await claim(opened, identity('left leased')), { kind: 'suspect' })
      same(await standing(opened.store, identity('left leased')), before)
    },
  },
  {
    promise:
      'a record that was left leased is granted to one that runs alone, with a greater token',
    rule: 'P14',
    needs: [],
    async run(opened) {
      const former = await leased(opened, {}, brief)
      await pass(opened)
      const taken = await leased(opened, { alone: true })
      assert.ok(taken.token > former.token)
      assert.equal((await read(opened.store))?.alone, true)
    },
  },
  {
    promise: 'run() takes over what was left leased without being alone',
    rule: 'P14',
    needs: [],
    async run(opened) {
      await arrange(opened, 'left leased')
      assert.equal((await claim(opened, { ...identity('left leased'), by: 'run' })).kind, 'granted')
    },
  },
  {
    promise: 'of many takeovers at once exactly one is granted',
    needs: [],
    async run(opened) {
      const former = await leased(opened, {}, brief)
      await pass(opened)
      const { leases } = opened.store
      const asked = Array.from({ length: 12 }, () =>
        leases.claim([request({ alone: true })], terms),
      )
      const answered = (await Promise.all(asked)).flat()
      const winners = answered.filter(({ kind }) => kind === 'granted')
      assert.equal(winners.length, 1)
      assert.ok(((await read(opened.store))?.token ?? 0) > former.token)
    },
  },
  {
    promise: 'a crash beside others does not count as an attempt',
    rule: 'P15',
    needs: [],
    async run(opened) {
      assert.equal(await crash(opened, false), 1)
      for (let round = 0; round < 4; round++) {
        const { lease } = await granted(opened, { by: 'run' }, twice)
        assert.equal(lease.attempt, 1, `round ${round}`)
        await pass(opened)
      }
    },
  },
  {
    promise: 'a crash that was alone counts, and the last one is answered exhausted and crashed',
    rule: 'P15',
    needs: [],
    async run(opened) {
      assert.deepEqual([await crash(opened, true), await crash(opened, true)], [1, 2])
      const record = await read(opened.store)
      for (const by of ['delivery', 'run'] as const) {
        const answer = await claim(opened, { alone: true, by }, twice)
        same(answer, { kind: 'exhausted', token: record?.token, reason: 'crashed' })
      }
      const notAlone = await claim(opened, { alone: false }, twice)
      assert.equal(notAlone.kind, 'exhausted')
    },
  },
  {
    promise:
      'after the last failed attempt a key is answered exhausted, with the reason of the failure',
    needs: [],
    async run(opened) {
      const once = { ...terms, attemptsMax: 1 }
      await settled(opened, failed({ reason: 'timeout' }))
      await pass(opened)
      const { token } = (await read(opened.store)) ?? {}
      same(await claim(opened, {}, once), { kind: 'exhausted', token, reason: 'timeout' })
    },
  },
  {
    promise: 'an exhausted key is held until the time of its retry has come',
    needs: [],
    async run(opened) {
      await arrangeAll(opened, ['failed', 'leased'])
      const once = { ...terms, attemptsMax: 1 }
      const asked = [identity('failed'), { ...identity('leased'), alone: true }]
      assert.deepEqual(await answers(opened, asked, once), ['held', 'held'])
    },
  },
  {
    promise: 'a burial makes an exhausted record dead, and fences whoever held it',
    rule: 'P7',
    needs: [],
    async run(opened) {
      const { store } = opened
      const former = await leased(opened, { alone: true }, brief)
      await pass(opened)
      assert.equal(await store.leases.bury(identity(), former.token, dead()), 'buried')
      assert.equal((await claim(opened)).kind, 'dead')
      assert.ok(((await read(store))?.token ?? 0) > former.token)
      assert.equal(await store.leases.settle(former, completed()), 'fenced')
      assert.deepEqual(await store.leases.renew([former], terms.leaseMs), ['fenced'])
      assert.equal((await read(store))?.state, 'dead')
    },
  },
  {
    promise: 'a burial is refused once the record has changed since the claim saw it',
    rule: 'P7',
    needs: [],
    async run(opened) {
      const { store } = opened
      const former = await leased(opened, { alone: true }, brief)
      await pass(opened)
      await leased(opened, { alone: true }, brief)
      await pass(opened)
      const before = await standing(store)
      assert.equal(await store.leases.bury(identity(), former.token, dead()), 'changed')
      same(await standing(store), before)
    },
  },
  {
    promise: 'of many burials at once one is done',
    rule: 'P7',
    needs: [],
    async run(opened) {
      await arrange(opened, 'failed and due')
      const target = identity('failed and due')
      const token = (await read(opened.store, target))?.token ?? 0
      const asked = Array.from({ length: 8 }, () => opened.store.leases.bury(target, token, dead()))
      const buried = (await Promise.all(asked)).filter((answer) => answer === 'buried')
      assert.equal(buried.length, 1)
    },
  },
  {
    promise:
      'a burial is refused where somebody holds the key, where it is settled, and where it is not',
    rule: 'P7',
    needs: [],
    async run(opened) {
      const kept = ['leased', 'failed', 'completed', 'dead'] as const
      await arrangeAll(opened, kept)
      for (const key of [...kept, 'absent']) {
        const before = await standing(opened.store, identity(key))
        const token = (await read(opened.store, identity(key)))?.token ?? 0
        assert.equal(await opened.store.leases.bury(identity(key), token, dead()), 'changed', key)
        same(await standing(opened.store, identity(key)), before)
      }
    },
  },
]
