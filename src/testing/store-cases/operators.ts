import assert from 'node:assert/strict'
import { utf8 } from '../../inbox/bytes.ts'
import { bodyFingerprint, fieldsFingerprint } from '../../inbox/fingerprint.ts'
import type { Act } from '../../inbox/inspector.ts'
import type { State } from '../../inbox/record.ts'
import {
  brief,
  claim,
  coded,
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
  read,
  same,
  settled,
  standing,
} from '../store-kit.ts'
import { arrange, arrangeAll, situations } from '../store-situations.ts'
import type { OpenedStore, StoreCase } from '../store-suite.ts'

type Kind = Act['kind']

const allowedIn: Readonly<Record<Kind, readonly State[]>> = {
  redrive: ['dead', 'failed'],
  skip: ['dead', 'failed'],
  release: ['leased'],
  forget: ['leased', 'completed', 'failed', 'dead'],
}
const kinds = Object.keys(allowedIn) as Kind[]

function act(kind: Kind, given: Partial<Act> = {}): Act {
  return { kind, who: 'Zoë', why: 'ticket 4711', ...given }
}

/** What people did to a record, without when. */
async function audited({ store }: OpenedStore, key: string): Promise<readonly object[]> {
  const shown = await store.inspector.show(identity(key))
  return (shown?.audit ?? []).map(({ who, act: kind, why }) => ({ who, act: kind, why }))
}

export const operators: readonly StoreCase[] = [
  {
    promise: 'a dead message that is redriven is due now, with no attempts, and runs again',
    rule: 'P31',
    needs: [],
    async run(opened) {
      const { store } = opened
      await arrange(opened, 'dead with its message')
      const target = identity('dead with its message')
      const { token = 0 } = (await read(store, target)) ?? {}
      await store.inspector.act(target, act('redrive'))
      const record = await read(store, target)
      const { state, reason, attempts } = record ?? {}
      same({ state, reason, attempts }, { state: 'failed', reason: 'redriven', attempts: 0 })
      assert.ok((record?.token ?? 0) > token)
      await pass(opened)
      const { lease, message } = await granted(opened, { ...target, by: 'parked' })
      assert.equal(lease.attempt, 1)
      same(message, parkedMessage())
    },
  },
  {
    promise: 'a redrive can mend the body, and with it a fingerprint that is one of the body',
    rule: 'P31',
    needs: [],
    async run(opened) {
      const { store } = opened
      const fields = fieldsFingerprint({ order: 17 })
      const mended = utf8('{"order":18,"mended":true}')
      const message = parkedMessage()
      await settled(opened, dead(message), identity('body'))
      await settled(opened, dead(message), { ...identity('fields'), fingerprint: fields })
      for (const [key, expected] of [
        ['body', bodyFingerprint(mended)],
        ['fields', fields],
      ] as const) {
        await store.inspector.act(identity(key), act('redrive', { body: mended }))
        same((await read(store, identity(key)))?.fingerprint, expected)
        same((await store.inspector.show(identity(key)))?.message, { ...message, body: mended })
      }
    },
  },
  {
    promise: 'a message that is redriven waits anew',
    rule: 'P31',
    needs: [],
    async run(opened) {
      const { store, passTime } = opened
      await arrangeAll(opened, ['parked', 'dead with its message'])
      await passTime(60)
      for (const key of ['parked', 'dead with its message'] as const)
        await store.inspector.act(identity(key), act('redrive'))
      await pass(opened)
      const waited = (await store.parking.due(origin, 10)).map(({ waitedMs }) => waitedMs)
      assert.equal(waited.length, 2)
      assert.ok(
        waited.every((ms) => ms < 60),
        `they have waited ${waited.join(' and ')} ms`,
      )
    },
  },
  {
    promise:
      'a skipped message is completed without a result and without its body, as long as told',
    rule: 'P31',
    needs: [],
    async run(opened) {
      const { store } = opened
      await arrangeAll(opened, ['parked', 'dead with its message'])
      for (const key of ['parked', 'dead with its message'] as const) {
        await store.inspector.act(identity(key), act('skip', { keepMs: longMs }))
        same(await claim(opened, identity(key)), { kind: 'completed', result: undefined })
        const shown = await store.inspector.show(identity(key))
        assert.equal(shown?.message, undefined)
        const leftMs = shown?.record.leftMs ?? 0
        assert.ok(leftMs > longMs / 2 && leftMs <= longMs, `${leftMs} ms are left`)
      }
      const nothing = { messages: 0, bytes: 0, dead: 0, perLane: 0 }
      assert.deepEqual(await store.parking.usage('points'), nothing)
    },
  },
  {
    promise: 'a lease that a person ends is due at once, and its owner is fenced',
    rule: 'P31',
    needs: [],
    async run(opened) {
      const { store } = opened
      const lease = await leased(opened)
      await store.inspector.act(lease, act('release'))
      await pass(opened)
      assert.equal(await store.leases.settle(lease, completed()), 'fenced')
      assert.deepEqual(await store.leases.renew([lease], longMs), ['fenced'])
      const next = await leased(opened)
      assert.ok(next.token > lease.token)
      assert.equal(next.attempt, 2)
    },
  },
  {
    promise: 'a forgotten key is absent, its message too, and takes effect again',
    rule: 'P31',
    needs: [],
    async run(opened) {
      const { store } = opened
      await arrangeAll(opened)
      for (const key of situations) {
        await store.inspector.act(identity(key), act('forget'))
        assert.equal(await read(store, identity(key)), undefined)
        assert.equal(await store.inspector.show(identity(key)), undefined)
        const { lease, message } = await granted(opened, identity(key))
        same({ attempt: lease.attempt, message }, { attempt: 1, message: undefined })
      }
      const nothing = { messages: 0, bytes: 0, dead: 0, perLane: 0 }
      assert.deepEqual(await store.parking.usage('points'), nothing)
    },
  },
  {
    promise: 'an act in a state that does not allow it is refused, and changes nothing',
    rule: 'P31',
    needs: [],
    async run(opened) {
      const { inspector } = opened.store
      await arrangeAll(opened)
      for (const key of situations)
        for (const kind of kinds) {
          const before = await standing(opened.store, identity(key))
          const { state = 'dead' } = (await read(opened.store, identity(key))) ?? {}
          if (allowedIn[kind].includes(state)) continue
          await assert.rejects(
            inspector.act(identity(key), act(kind)),
            coded('SEMEL_RECORD_STATE'),
            `${kind} of what is ${key}`,
          )
          same(await standing(opened.store, identity(key)), before)
          assert.deepEqual(await audited(opened, key), [])
        }
    },
  },
  {
    promise: 'an act on a key without a record is refused, and makes none',
    rule: 'P31',
    needs: [],
    async run({ store }) {
      for (const kind of kinds)
        await assert.rejects(
          store.inspector.act(identity('absent'), act(kind)),
          coded('SEMEL_RECORD_MISSING'),
        )
      assert.equal(await read(store, identity('absent')), undefined)
    },
  },
  {
    promise: 'every act stays on record with who did it and why, also after the key was forgotten',
    rule: 'P31',
    needs: [],
    async run(opened) {
      const { inspector } = opened.store
      await arrange(opened, 'dead', 'k')
      const done: readonly Act[] = [
        act('redrive'),
        act('skip', { who: '名前', why: '' }),
        act('forget', { why: "o'hara; drop" }),
      ]
      for (const one of done) await inspector.act(identity('k'), one)
      await leased(opened, identity('k'))
      const expected = done.map(({ who, kind, why }) => ({ who, act: kind, why }))
      assert.deepEqual(await audited(opened, 'k'), expected)
      assert.deepEqual(await audited(opened, 'other'), [])
    },
  },
  {
    promise:
      'a record is shown with the message that is kept with it, and an absent one not at all',
    needs: [],
    async run(opened) {
      const { inspector } = opened.store
      await arrangeAll(opened, ['parked', 'failed'])
      same((await inspector.show(identity('parked')))?.message, parkedMessage())
      const plain = await inspector.show(identity('failed'))
      assert.equal(plain?.record.state, 'failed')
      assert.equal(plain?.message, undefined)
      assert.equal(await inspector.show(identity('absent')), undefined)
    },
  },
  {
    promise: 'pruning forgets completed records whose own retention has passed, and nothing else',
    rule: 'P32',
    needs: [],
    async run(opened) {
      const { store } = opened
      await arrangeAll(opened)
      await leased(opened, identity('just ended'), brief)
      const outcome = completed('1', 1)
      await store.leases.insert([newRecord({ ...identity('over'), outcome })])
      await settled(opened, failed({ retryInMs: 0 }), identity('failed long ago'))
      await pass(opened)
      assert.equal(await store.inspector.prune(100), 1)
      assert.equal(await read(store, identity('over')), undefined)
      for (const key of [...situations, 'just ended', 'failed long ago'])
        assert.ok(await read(store, identity(key)), `what is ${key} is still there`)
      assert.equal(await store.inspector.prune(100), 0)
    },
  },
  {
    promise: 'two retentions do not prune each other’s records, and pruning keeps to its limit',
    rule: 'P32',
    needs: [],
    async run(opened) {
      const { store } = opened
      const kept = (key: string, keepMs: number): ReturnType<typeof newRecord> =>
        newRecord({ ...identity(key), outcome: completed(undefined, keepMs) })
      const short = Array.from({ length: 7 }, (_, at) => kept(`short-${at}`, 1))
      const long = Array.from({ length: 3 }, (_, at) => kept(`long-${at}`, longMs))
      await store.leases.insert([...short, ...long])
      await pass(opened)
      assert.deepEqual([await store.inspector.prune(5), await store.inspector.prune(5)], [5, 2])
      const states = (await store.leases.read(long)).map((record) => record?.state)
      assert.deepEqual(states, ['completed', 'completed', 'completed'])
      assert.equal((await leased(opened, short[0])).attempt, 1)
    },
  },
]
