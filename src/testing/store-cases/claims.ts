import assert from 'node:assert/strict'
import type { Claim } from '../../inbox/claim.ts'
import { noFingerprint, fieldsFingerprint } from '../../inbox/fingerprint.ts'
import {
  answers,
  claim,
  claimId,
  completed,
  dead,
  failed,
  fingerprint,
  granted,
  identity,
  leased,
  longMs,
  otherFingerprint,
  read,
  request,
  same,
  settled,
  shortMs,
  standing,
  terms,
} from '../store-kit.ts'
import { arrange, arrangeAll, situations } from '../store-situations.ts'
import { secondHandle, type StoreCase } from '../store-suite.ts'

export const claims: readonly StoreCase[] = [
  {
    promise: 'the first claim of a key is granted, as the first attempt, with a token above zero',
    rule: 'P4',
    needs: [],
    async run(opened) {
      const { lease, message } = await granted(opened)
      assert.equal(lease.attempt, 1)
      assert.ok(lease.token > 0, `the token is ${lease.token}`)
      assert.equal(message, undefined)
      const record = await read(opened.store)
      assert.equal(record?.state, 'leased')
      assert.equal(record?.token, lease.token)
      same(record?.fingerprint, fingerprint)
    },
  },
  {
    promise: 'of many concurrent claims of one key exactly one is granted, and the others are held',
    needs: [],
    async run({ store }) {
      const asked = Array.from({ length: 20 }, () => store.leases.claim([request()], terms))
      assert.deepEqual(tally((await Promise.all(asked)).flat()), { granted: 1, held: 19 })
    },
  },
  {
    promise: 'of many concurrent claims through two handles exactly one is granted for each key',
    needs: [secondHandle],
    async run({ store, second = store }) {
      const keys = Array.from({ length: 50 }, (_, at) => identity(`A-${at}`))
      const asked = [store, second, store, second].map((handle) =>
        handle.leases.claim(
          keys.map((key) => request(key)),
          terms,
        ),
      )
      assert.deepEqual(tally((await Promise.all(asked)).flat()), { granted: 50, held: 150 })
    },
  },
  {
    promise: 'claims in one call are answered in the order in which they are asked',
    needs: [],
    async run(opened) {
      await arrange(opened, 'completed', 'b')
      await arrange(opened, 'dead', 'd')
      await arrange(opened, 'leased', 'a')
      const asked = ['d', 'z', 'a', 'b'].map((key) => request(identity(key)))
      const answered = await opened.store.leases.claim(asked, terms)
      assert.deepEqual(
        answered.map(({ kind }) => kind),
        ['dead', 'granted', 'held', 'completed'],
      )
    },
  },
  {
    promise: 'a key that stands twice in one call is granted once',
    rule: 'P8',
    needs: [],
    async run({ store }) {
      const answered = await store.leases.claim([request(), request()], terms)
      assert.deepEqual(
        answered.map(({ kind }) => kind),
        ['granted', 'held'],
      )
    },
  },
  {
    promise: 'a call takes as many keys as the store says, and answers each',
    needs: [],
    async run({ store }) {
      const size = Math.min(store.capabilities.batchMax, 1_000)
      const asked = Array.from({ length: size }, (_, at) => request(identity(`n-${at}`)))
      assert.deepEqual(tally(await store.leases.claim(asked, terms)), { granted: size })
      assert.deepEqual(tally(await store.leases.claim([], terms)), {})
    },
  },
  {
    promise:
      'our own claim id is granted again while it is leased, with a greater token and no attempt more',
    rule: 'P5',
    needs: [],
    async run(opened) {
      const own = claimId()
      const first = await leased(opened, { claimId: own })
      const again = await leased(opened, { claimId: own })
      assert.ok(again.token > first.token, `${again.token} after ${first.token}`)
      assert.equal(again.attempt, 1)
      assert.equal(await opened.store.leases.settle(first, completed()), 'fenced')
      assert.equal(await opened.store.leases.settle(again, completed()), 'settled')
    },
  },
  {
    promise: 'our own claim id counts no longer once the record is settled',
    rule: 'P5',
    needs: [],
    async run(opened) {
      for (const [key, outcome, kind] of [
        ['completed', completed(), 'completed'],
        ['failed', failed({ retryInMs: longMs }), 'held'],
        ['dead', dead(), 'dead'],
      ] as const) {
        const own = { ...identity(key), claimId: claimId() }
        await settled(opened, outcome, own)
        assert.equal((await claim(opened, own)).kind, kind)
      }
    },
  },
  {
    promise:
      'another fingerprint is mismatched in every state, whoever asks and whatever its claim id',
    rule: 'P5',
    needs: [],
    async run(opened) {
      await arrangeAll(opened)
      for (const key of situations) {
        const record = await read(opened.store, identity(key))
        const other = { ...identity(key), fingerprint: otherFingerprint }
        const own = record?.claimId === undefined ? {} : { claimId: record.claimId }
        const asked = [other, { ...other, ...own }, { ...other, by: 'run' as const, alone: true }]
        assert.deepEqual(await answers(opened, asked), Array(3).fill('mismatched'), key)
      }
    },
  },
  {
    promise: 'a mismatched claim says what fingerprint is known, and changes nothing',
    rule: 'P5',
    needs: [],
    async run(opened) {
      await arrangeAll(opened)
      for (const key of situations) {
        const before = await standing(opened.store, identity(key))
        const answer = await claim(opened, { ...identity(key), fingerprint: otherFingerprint })
        same(answer, { kind: 'mismatched', fingerprint })
        same(await standing(opened.store, identity(key)), before)
      }
    },
  },
  {
    promise: 'fingerprints of different versions are not compared, and the first one stays',
    rule: 'P2',
    needs: [],
    async run(opened) {
      await arrange(opened, 'failed and due')
      await arrange(opened, 'completed')
      for (const other of [noFingerprint, fieldsFingerprint({ order: 18 })]) {
        const late = { ...identity('completed'), fingerprint: other }
        assert.equal((await claim(opened, late)).kind, 'completed')
      }
      await leased(opened, { ...identity('failed and due'), fingerprint: noFingerprint })
      const record = await read(opened.store, identity('failed and due'))
      same(record?.fingerprint, fingerprint)
    },
  },
  {
    promise: 'a completed key is answered with its result, to deliveries and to run()',
    needs: [],
    async run(opened) {
      await arrange(opened, 'completed')
      const known = { kind: 'completed', result: '17' }
      for (const by of ['delivery', 'run'] as const)
        same(await claim(opened, { ...identity('completed'), by }), known)
    },
  },
  {
    promise: 'a dead key is answered with reason and detail, with or without its message',
    needs: [],
    async run(opened) {
      await arrangeAll(opened, ['dead', 'dead with its message'])
      const known = { kind: 'dead', reason: 'permanent', detail: 'no such account' }
      for (const key of ['dead', 'dead with its message'])
        same(await claim(opened, identity(key)), known)
    },
  },
  {
    promise: 'a leased key is held for the rest of its lease, and is free when that is over',
    needs: [],
    async run(opened) {
      const leaseMs = 1_000
      await leased(opened, {}, { ...terms, leaseMs })
      const answer = await claim(opened, { alone: true })
      assert.equal(answer.kind, 'held')
      const { leftMs } = answer as Extract<Claim, { kind: 'held' }>
      assert.ok(leftMs > 0 && leftMs <= leaseMs, `${leftMs} ms of ${leaseMs} are left`)
      await opened.passTime(leftMs + shortMs + opened.store.capabilities.timePrecisionMs)
      assert.equal((await claim(opened, { alone: true })).kind, 'granted')
    },
  },
  {
    promise: 'a failed key is held until its retry is due, and is then granted as the next attempt',
    needs: [],
    async run(opened) {
      await arrangeAll(opened, ['failed', 'failed and due'])
      const answer = await claim(opened, identity('failed'))
      assert.equal(answer.kind, 'held')
      assert.ok((answer as Extract<Claim, { kind: 'held' }>).leftMs > longMs / 2)
      assert.equal((await leased(opened, identity('failed and due'))).attempt, 2)
    },
  },
  {
    promise: 'a taker of parked messages finds nothing where none is kept',
    rule: 'P22',
    needs: [],
    async run(opened) {
      const plain = [
        'leased',
        'left leased',
        'completed',
        'failed',
        'failed and due',
        'dead',
      ] as const
      await arrangeAll(opened, plain)
      for (const key of ['absent', ...plain]) {
        const before = await standing(opened.store, identity(key))
        const taker = { ...identity(key), by: 'parked' as const, alone: true }
        assert.equal((await claim(opened, taker)).kind, 'gone', key)
        same(await standing(opened.store, identity(key)), before)
      }
    },
  },
]

function tally(answered: readonly Claim[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { kind } of answered) counts[kind] = 1 + (counts[kind] ?? 0)
  return counts
}
