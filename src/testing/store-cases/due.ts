import assert from 'node:assert/strict'
import { encodeOrigin } from '../../inbox/identity.ts'
import type { ParkedMessage } from '../../inbox/record.ts'
import {
  answers,
  claim,
  dead,
  failed,
  fingerprint,
  identity,
  origin,
  parkedMessage,
  pass,
  read,
  same,
  settled,
} from '../store-kit.ts'
import { arrange, arrangeAll } from '../store-situations.ts'
import type { StoreCase } from '../store-suite.ts'

export const due: readonly StoreCase[] = [
  {
    promise: 'a taker gets a parked message when it is due, and not before',
    rule: 'P21',
    needs: [],
    async run(opened) {
      const parked = ['parked', 'parked and leased', 'parked and due'] as const
      await arrangeAll(opened, parked)
      const asked = parked.map((key) => ({ ...identity(key), by: 'parked' as const }))
      assert.deepEqual(await answers(opened, asked), ['held', 'held', 'granted'])
    },
  },
  {
    promise: 'due are failed messages whose time has come and those left leased, each with why',
    rule: 'P21',
    needs: [],
    async run(opened) {
      await arrangeAll(opened)
      const found = await opened.store.parking.due(origin, 100)
      assert.ok(
        found.every(({ waitedMs }) => waitedMs > 0),
        'each has waited',
      )
      const seen = found.map((one) => ({ ...one, waitedMs: 0, readable: undefined }))
      const common = { fingerprint, reason: 'failed', waitedMs: 0 }
      same(
        seen.sort((a, b) => Number(a.suspect) - Number(b.suspect)),
        [
          { ...identity('parked and due'), ...common, suspect: false },
          { ...identity('parked and left leased'), ...common, suspect: true },
        ],
      )
    },
  },
  {
    promise:
      'of due messages the one that waits longest is named first, and no more than asked for',
    rule: 'P21',
    needs: [],
    async run(opened) {
      const keys = ['c', 'a', 'b']
      for (const key of keys) {
        await settled(opened, failed({ message: parkedMessage({ id: key }) }), identity(key))
        await pass(opened)
      }
      const { parking: kept } = opened.store
      const named = async (limit: number): Promise<readonly Uint8Array[]> =>
        (await kept.due(origin, limit)).map(({ key }) => key)
      const order = keys.map((key) => identity(key).key)
      same(await named(10), order)
      same(await named(2), order.slice(0, 2))
    },
  },
  {
    promise: 'messages are due to the consumers of their own group, topic and instance alone',
    rule: 'P22',
    needs: [],
    async run(opened) {
      const origins = [
        { group: 'points', topic: 'orders' },
        { group: 'points', topic: 'orders', instance: 'a' },
        { group: 'points', topic: 'orders2' },
        { group: 'mail', topic: 'orders' },
      ]
      for (const [at, one] of origins.entries()) {
        const message = parkedMessage({ origin: encodeOrigin(one) })
        await settled(opened, failed({ message }), identity(`k-${at}`, one.group))
      }
      await pass(opened)
      for (const [at, one] of origins.entries()) {
        const found = await opened.store.parking.due(encodeOrigin(one), 10)
        const keys = found.map(({ key }) => key)
        same(keys, [identity(`k-${at}`).key])
      }
    },
  },
  {
    promise: 'asking what is due claims nothing',
    rule: 'P21',
    needs: [],
    async run(opened) {
      await arrange(opened, 'parked and due')
      const [first] = await opened.store.parking.due(origin, 10)
      assert.ok(first)
      same((await opened.store.parking.due(origin, 10))[0]?.key, first.key)
      assert.equal((await claim(opened, { ...first, by: 'parked' })).kind, 'granted')
      assert.deepEqual(await opened.store.parking.due(origin, 10), [])
    },
  },
  {
    promise: 'a group knows how many messages it has parked, their bytes, and the dead ones apart',
    rule: 'P26',
    needs: [],
    async run(opened) {
      const { store } = opened
      const kept = (size: number): ParkedMessage => parkedMessage({ body: new Uint8Array(size) })
      await settled(opened, failed({ message: kept(100) }), identity('a'))
      await settled(opened, failed({ message: kept(23) }), identity('b'))
      await settled(opened, dead(kept(5_000)), identity('c'))
      await settled(opened, failed({ message: kept(7) }), identity('a', 'mail'))
      await settled(opened, failed(), identity('d'))
      assert.deepEqual(await store.parking.usage('points'), {
        messages: 2,
        bytes: 123,
        dead: 1,
        perLane: 0,
      })
      assert.deepEqual(await store.parking.usage('mail'), {
        messages: 1,
        bytes: 7,
        dead: 0,
        perLane: 0,
      })
      assert.deepEqual(await store.parking.usage('nobody'), {
        messages: 0,
        bytes: 0,
        dead: 0,
        perLane: 0,
      })
    },
  },
  {
    promise: 'a parked message counts as parked also while it is performed',
    rule: 'P4',
    needs: [],
    async run(opened) {
      const { store } = opened
      await arrange(opened, 'parked and leased')
      const bytes = parkedMessage().body.length
      assert.deepEqual(await store.parking.usage('points'), {
        messages: 1,
        bytes,
        dead: 0,
        perLane: 0,
      })
      same((await read(store, identity('parked and leased')))?.origin, origin)
    },
  },
]
