import assert from 'node:assert/strict'
import type { Outcome } from '../../inbox/record.ts'
import {
  brief,
  claim,
  claimId,
  completed,
  dead,
  failed,
  identity,
  leased,
  longMs,
  pass,
  read,
  same,
  settled,
  standing,
  terms,
} from '../store-kit.ts'
import type { StoreCase } from '../store-suite.ts'

export const leases: readonly StoreCase[] = [
  {
    promise: 'a renewed lease lives on beyond its first end',
    needs: [],
    async run(opened) {
      const lease = await leased(opened, {}, brief)
      assert.deepEqual(await opened.store.leases.renew([lease], longMs), ['renewed'])
      await pass(opened)
      assert.equal((await claim(opened, { alone: true })).kind, 'held')
      assert.equal(await opened.store.leases.settle(lease, completed()), 'settled')
    },
  },
  {
    promise: 'a renewal lasts from now, and also shortens a lease',
    needs: [],
    async run(opened) {
      const lease = await leased(opened)
      assert.deepEqual(await opened.store.leases.renew([lease], brief.leaseMs), ['renewed'])
      await pass(opened)
      assert.equal((await claim(opened)).kind, 'suspect')
    },
  },
  {
    promise: 'several renewals in one call are answered in the order in which they are asked',
    needs: [],
    async run(opened) {
      const [a, b, c] = [
        await leased(opened, identity('a')),
        await leased(opened, identity('b')),
        await leased(opened, identity('c')),
      ]
      await opened.store.leases.settle(b, completed())
      const stale = { ...a, token: a.token - 1 }
      assert.deepEqual(await opened.store.leases.renew([c, b, stale, a], longMs), [
        'renewed',
        'fenced',
        'fenced',
        'renewed',
      ])
    },
  },
  {
    promise: 'a former owner can neither renew nor settle nor release, and changes nothing',
    rule: 'P7',
    needs: [],
    async run(opened) {
      const { store } = opened
      const former = await leased(opened, {}, brief)
      await pass(opened)
      const owner = await leased(opened, { alone: true })
      const before = await standing(store)
      assert.deepEqual(await store.leases.renew([former], longMs), ['fenced'])
      for (const outcome of [completed(), failed(), dead()])
        assert.equal(await store.leases.settle(former, outcome), 'fenced')
      assert.equal(await store.leases.release(former), 'fenced')
      same(await standing(store), before)
      assert.equal(await store.leases.settle(owner, completed()), 'settled')
    },
  },
  {
    promise: 'the token alone is not enough: the claim id has to fit as well',
    rule: 'P7',
    needs: [],
    async run(opened) {
      const { store } = opened
      const stranger = { ...(await leased(opened)), claimId: claimId() }
      assert.equal(await store.leases.settle(stranger, completed()), 'fenced')
      assert.deepEqual(await store.leases.renew([stranger], longMs), ['fenced'])
      assert.equal(await store.leases.release(stranger), 'fenced')
      assert.equal((await read(store))?.state, 'leased')
    },
  },
  {
    promise: 'a lease that has ended and that nobody took over can still be renewed and settled',
    needs: [],
    async run(opened) {
      const lease = await leased(opened, {}, brief)
      await pass(opened)
      assert.deepEqual(await opened.store.leases.renew([lease], brief.leaseMs), ['renewed'])
      await pass(opened)
      assert.equal(await opened.store.leases.settle(lease, completed()), 'settled')
    },
  },
  {
    promise: 'the same settlement again is settled again, and another one is fenced',
    rule: 'P7',
    needs: [],
    async run(opened) {
      const { store } = opened
      const outcomes: readonly Outcome[] = [completed('1'), failed({ retryInMs: longMs }), dead()]
      for (const outcome of outcomes) {
        const lease = await settled(opened, outcome, identity(outcome.state))
        const before = await standing(store, lease)
        assert.equal(await store.leases.settle(lease, outcome), 'settled')
        for (const other of outcomes.filter(({ state }) => state !== outcome.state))
          assert.equal(await store.leases.settle(lease, other), 'fenced')
        same(await standing(store, lease), before)
      }
    },
  },
  {
    promise: 'where there is no record, nothing can be renewed, settled or released',
    needs: [],
    async run(opened) {
      const { store } = opened
      const ghost = { ...identity('ghost'), claimId: claimId(), token: 1, attempt: 1 }
      assert.deepEqual(await store.leases.renew([ghost], longMs), ['fenced'])
      assert.equal(await store.leases.settle(ghost, completed()), 'fenced')
      assert.equal(await store.leases.release(ghost), 'fenced')
      assert.equal(await read(store, ghost), undefined)
    },
  },
  {
    promise: 'a settled failure says why, and when it is due',
    needs: [],
    async run(opened) {
      await settled(
        opened,
        failed({ reason: 'timeout', detail: 'Überlast 過負荷', retryInMs: longMs }),
      )
      const record = await read(opened.store)
      assert.equal(record?.state, 'failed')
      assert.equal(record?.reason, 'timeout')
      assert.equal(record?.detail, 'Überlast 過負荷')
      assert.equal(record?.attempts, 1)
      const leftMs = record?.leftMs ?? 0
      assert.ok(leftMs > longMs / 2 && leftMs <= longMs, `${leftMs} ms are left`)
    },
  },
  {
    promise: 'a failure that is nobody’s does not count as an attempt',
    rule: 'P20',
    needs: [],
    async run(opened) {
      await settled(opened, failed({ reason: 'early', counted: false }))
      assert.equal((await read(opened.store))?.attempts, 0)
      await pass(opened)
      assert.equal((await leased(opened)).attempt, 1)
    },
  },
  {
    promise: 'a lease given back before anything started leaves no record of a first attempt',
    needs: [],
    async run(opened) {
      const lease = await leased(opened)
      assert.equal(await opened.store.leases.release(lease), 'released')
      assert.equal(await read(opened.store), undefined)
      assert.equal((await leased(opened)).attempt, 1)
      assert.equal(await opened.store.leases.release(lease), 'fenced')
    },
  },
  {
    promise: 'a lease given back at a later attempt is due at once, and the attempt does not count',
    needs: [],
    async run(opened) {
      const { store } = opened
      await settled(opened, failed())
      await pass(opened)
      const lease = await leased(opened)
      assert.equal(await store.leases.release(lease), 'released')
      const { state, attempts, token = 0, reason } = (await read(store)) ?? {}
      assert.deepEqual(
        { state, attempts, reason },
        { state: 'failed', attempts: 1, reason: 'released' },
      )
      assert.ok(token > lease.token, `the token is ${token} after ${lease.token}`)
      await pass(opened)
      assert.equal((await leased(opened)).attempt, 2)
    },
  },
  {
    promise: 'the token grows with every grant, release and burial of a record',
    rule: 'P4',
    needs: [],
    async run(opened) {
      const { store } = opened
      const own = claimId()
      const tokens = [(await leased(opened, { claimId: own })).token]
      const again = await leased(opened, { claimId: own })
      await store.leases.settle(again, failed())
      await pass(opened)
      const third = await leased(opened)
      await store.leases.release(third)
      tokens.push(again.token, third.token, (await read(store))?.token ?? 0)
      await pass(opened)
      const fourth = await leased(opened, { alone: true }, brief)
      await pass(opened)
      await store.leases.bury(fourth, fourth.token, dead())
      tokens.push(fourth.token, (await read(store))?.token ?? 0)
      assert.deepEqual(
        tokens,
        [...new Set(tokens)].sort((a, b) => a - b),
        'tokens in their order',
      )
    },
  },
  {
    promise: 'records are read in the order in which they are asked, also absent and repeated ones',
    needs: [],
    async run(opened) {
      await settled(opened, completed(), identity('b'))
      await leased(opened, identity('a'), terms)
      const asked = ['b', 'x', 'a', 'b'].map((key) => identity(key))
      const records = await opened.store.leases.read(asked)
      assert.deepEqual(
        records.map((record) => record?.state),
        ['completed', undefined, 'leased', 'completed'],
      )
    },
  },
]
