import assert from 'node:assert/strict'
import { utf8 } from '../../inbox/bytes.ts'
import type { ParkedMessage } from '../../inbox/record.ts'
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
  longMs,
  newRecord,
  origin,
  parkedMessage,
  pass,
  same,
  settled,
  terms,
} from '../store-kit.ts'
import { arrange, arrangeAll } from '../store-situations.ts'
import type { OpenedStore, StoreCase } from '../store-suite.ts'

const messages: readonly (readonly [name: string, given: Partial<ParkedMessage>])[] = [
  ['as usual', {}],
  ['empty body', { body: new Uint8Array() }],
  ['every byte', { body: Uint8Array.from({ length: 256 }, (_, at) => at) }],
  ['1 MiB', { body: new Uint8Array(1_048_576).fill(0xc3) }],
  ['non-ASCII', { id: 'm-ü', topic: 'käse/漢字', tag: '🧾', key: 'A\u0000\u2028B' }],
  ['headers', { headers: { 'x-名前': 'Zoë "quoted" \\ \n 漢字', empty: '', __proto__x: '1' } }],
  ['bare', { tag: undefined, key: undefined, headers: {}, sentAtMs: undefined }],
  ['lane', { lane: Uint8Array.of(0, 255, 1) }],
]

async function takeParked(opened: OpenedStore, key: string): Promise<ParkedMessage | undefined> {
  return (await granted(opened, { ...identity(key), by: 'parked' })).message
}

export const parking: readonly StoreCase[] = [
  {
    promise: 'a parked message comes back byte for byte: binary, empty, 1 MiB, non-ASCII',
    rule: 'P20',
    needs: [],
    async run(opened) {
      for (const [name, given] of messages) {
        const message = parkedMessage({ id: name, ...given })
        await settled(opened, failed({ message }), identity(name))
        await pass(opened)
        same(await takeParked(opened, name), message, name)
      }
    },
  },
  {
    promise: 'a delivery that meets a parked record is told so, whatever the record waits for',
    rule: 'P6',
    needs: [],
    async run(opened) {
      const parked = [
        'parked',
        'parked and due',
        'parked and leased',
        'parked and left leased',
      ] as const
      await arrangeAll(opened, parked)
      const asked = parked.flatMap((key) => [identity(key), { ...identity(key), alone: true }])
      assert.deepEqual(await answers(opened, asked), Array(8).fill('parked'))
      const once = { ...terms, attemptsMax: 1 }
      assert.deepEqual(await answers(opened, asked, once), Array(8).fill('parked'))
    },
  },
  {
    promise: 'run() is held by a parked record, whatever the record waits for',
    rule: 'P29',
    needs: [],
    async run(opened) {
      const parked = ['parked', 'parked and due', 'parked and left leased'] as const
      await arrangeAll(opened, parked)
      const asked = parked.map((key) => ({ ...identity(key), by: 'run' as const, alone: true }))
      assert.deepEqual(await answers(opened, asked), ['held', 'held', 'held'])
    },
  },
  {
    promise: 'a parked message that was left leased is a suspect to its takers',
    rule: 'P21',
    needs: [],
    async run(opened) {
      await arrange(opened, 'parked and left leased')
      const taker = { ...identity('parked and left leased'), by: 'parked' as const }
      assert.equal((await claim(opened, taker)).kind, 'suspect')
      const { message, lease } = await granted(opened, { ...taker, alone: true })
      same(message, parkedMessage())
      assert.equal(lease.attempt, 2)
    },
  },
  {
    promise: 'a parked message whose attempts are used up is exhausted, and its burial keeps it',
    rule: 'P21',
    needs: [],
    async run(opened) {
      const { store } = opened
      await arrange(opened, 'parked and due')
      const target = identity('parked and due')
      const answer = await claim(opened, { ...target, by: 'parked' }, { ...terms, attemptsMax: 1 })
      assert.equal(answer.kind, 'exhausted')
      const token = answer.kind === 'exhausted' ? answer.token : 0
      assert.equal(await store.leases.bury(target, token, dead()), 'buried')
      const shown = await store.inspector.show(target)
      assert.equal(shown?.record.state, 'dead')
      same(shown?.message, parkedMessage())
    },
  },
  {
    promise: 'a parked message that fails again, or is given back, stays parked',
    rule: 'P4',
    needs: [],
    async run(opened) {
      await arrange(opened, 'parked and due')
      const target = { ...identity('parked and due'), by: 'parked' as const }
      await settled(opened, failed(), target)
      await pass(opened)
      const lease = await leased(opened, target)
      assert.equal(await opened.store.leases.release(lease), 'released')
      await pass(opened)
      same(await takeParked(opened, 'parked and due'), parkedMessage())
    },
  },
  {
    promise: 'a parked message stays when the lease of its first counted attempt is given back',
    rule: 'P4',
    needs: [],
    async run(opened) {
      const message = parkedMessage()
      const outcome = failed({ reason: 'behind', counted: false, message })
      await opened.store.leases.insert([newRecord({ outcome })])
      await pass(opened)
      const lease = await leased(opened, { by: 'parked' })
      assert.equal(lease.attempt, 1)
      assert.equal(await opened.store.leases.release(lease), 'released')
      await pass(opened)
      const again = await granted(opened, { by: 'parked' })
      assert.equal(again.lease.attempt, 1)
      same(again.message, message)
    },
  },
  {
    promise: 'a parked message is dropped when it completes',
    rule: 'P4',
    needs: [],
    async run(opened) {
      await arrange(opened, 'parked and due')
      const target = identity('parked and due')
      await settled(opened, completed(), { ...target, by: 'parked' })
      const shown = await opened.store.inspector.show(target)
      assert.equal(shown?.record.state, 'completed')
      assert.equal(shown?.message, undefined)
      assert.equal((await opened.store.parking.usage('points')).messages, 0)
      assert.equal((await claim(opened, target)).kind, 'completed')
    },
  },
  {
    promise: 'a dead message is kept for people, and is parked no longer',
    rule: 'P4',
    needs: [],
    async run(opened) {
      await arrange(opened, 'parked and due')
      const target = identity('parked and due')
      await settled(opened, dead(), { ...target, by: 'parked' })
      const asked = [
        target,
        { ...target, by: 'parked' as const },
        { ...target, by: 'run' as const },
      ]
      assert.deepEqual(await answers(opened, asked), ['dead', 'gone', 'dead'])
      const shown = await opened.store.inspector.show(target)
      same(shown?.message, parkedMessage())
      assert.deepEqual(await opened.store.parking.due(origin, 10), [])
    },
  },
  {
    promise: 'a message without a claim is parked by an insert, and buried by one',
    rule: 'P3',
    needs: [],
    async run(opened) {
      const { store } = opened
      const early = failed({ reason: 'early', counted: false, message: parkedMessage() })
      const unreadable = dead(parkedMessage({ id: 'm-2' }), 'unreadable')
      const inserted = await store.leases.insert([
        newRecord({ ...identity('early'), outcome: early }),
        newRecord({ ...identity('unreadable'), outcome: unreadable }),
      ])
      assert.deepEqual(inserted, [true, true])
      const records = await store.leases.read([identity('early'), identity('unreadable')])
      assert.deepEqual(
        records.map((record) => record?.attempts),
        [0, 1],
      )
      await pass(opened)
      assert.equal((await takeParked(opened, 'early'))?.id, 'm-1')
      assert.equal((await store.inspector.show(identity('unreadable')))?.message?.id, 'm-2')
    },
  },
  {
    promise: 'a message that is parked by its first failure is known to nobody before that',
    rule: 'P20',
    needs: [],
    async run(opened) {
      const { store } = opened
      const lease = await leased(opened, {}, brief)
      assert.equal((await store.inspector.show(identity()))?.message, undefined)
      const message = parkedMessage({ body: utf8('{}') })
      assert.equal(
        await store.leases.settle(lease, failed({ retryInMs: longMs, message })),
        'settled',
      )
      assert.equal((await store.parking.usage('points')).messages, 1)
      same((await store.inspector.show(identity()))?.message, message)
    },
  },
]
