import assert from 'node:assert/strict'
import type { Lease } from '../../inbox/record.ts'
import { brief, claimId, failed, identity, leased, pass, same, shortMs } from '../store-kit.ts'
import type { StoreCase } from '../store-suite.ts'
import { begun, both, charge, chargeStep, mail, mailStep, stepsOf, takenOver } from './steps-kit.ts'

/** What an intent and a result are answered. */
export const steps: readonly StoreCase[] = [
  {
    promise: 'an intent is answered begun once, and a result is handed out to every later attempt',
    rule: 'P12',
    needs: [],
    async run(opened) {
      const { steps, leases } = opened.store
      const lease = await leased(opened)
      same(await steps.begin(lease, charge()), { kind: 'begun' })
      same(await stepsOf(opened.store), [{ ...chargeStep, done: false }])
      assert.equal(await steps.finish(lease, 'charge', '{"receipt":17}'), 'recorded')
      same(await steps.begin(lease, charge()), { kind: 'done', result: '{"receipt":17}' })
      await leases.settle(lease, failed())
      await pass(opened)
      const later = await leased(opened)
      same(await steps.begin(later, charge()), { kind: 'done', result: '{"receipt":17}' })
    },
  },
  {
    promise: 'a step can be done without a result',
    needs: [],
    async run(opened) {
      const { steps } = opened.store
      const lease = await leased(opened)
      await steps.begin(lease, mail())
      await steps.finish(lease, 'mail', undefined)
      same(await steps.begin(lease, mail()), { kind: 'done' })
      same(await stepsOf(opened.store), [{ ...mailStep, done: true }])
    },
  },
  {
    promise:
      'an intent without a result is open to later attempts, and its age counts from the first of them',
    needs: [],
    async run(opened) {
      const { steps, leases } = opened.store
      await steps.begin(await leased(opened, {}, brief), charge())
      await pass(opened)
      const second = await leased(opened, { alone: true }, brief)
      const first = await steps.begin(second, charge())
      assert.equal(first.kind, 'open')
      assert.ok(first.kind === 'open' && first.ageMs >= shortMs, `it is ${JSON.stringify(first)}`)
      await leases.settle(second, failed())
      await opened.passTime(40)
      const later = await steps.begin(await leased(opened), charge())
      assert.ok(
        later.kind === 'open' && later.ageMs >= first.ageMs + 40,
        `it is ${JSON.stringify(later)}`,
      )
    },
  },
  {
    promise: 'the same intent again is answered the same, whether it was the first or a later one',
    rule: 'P7',
    needs: [],
    async run(opened) {
      const { steps } = opened.store
      const former = await leased(opened, {}, brief)
      const first = charge()
      same(await steps.begin(former, first), { kind: 'begun' })
      same(await steps.begin(former, first), { kind: 'begun' })
      await pass(opened)
      const lease = await leased(opened, { alone: true })
      const later = charge()
      const kinds = [await steps.begin(lease, later), await steps.begin(lease, later)].map(
        ({ kind }) => kind,
      )
      assert.deepEqual(kinds, ['open', 'open'])
    },
  },
  {
    promise: 'the own claim asked again finds its intent open: the first grant may have called',
    rule: 'P5',
    needs: [],
    async run(opened) {
      const own = claimId()
      await opened.store.steps.begin(await leased(opened, { claimId: own }), charge())
      const again = await leased(opened, { claimId: own })
      assert.equal((await opened.store.steps.begin(again, charge())).kind, 'open')
    },
  },
  {
    promise: 'of intents of one step at once by two holders the older holder is fenced',
    rule: 'P7',
    needs: [],
    async run(opened) {
      const [former, lease] = await takenOver(opened)
      const { steps } = opened.store
      const answers = await Promise.all([
        steps.begin(former, charge()),
        steps.begin(lease, charge()),
      ])
      assert.deepEqual(
        answers.map(({ kind }) => kind),
        ['fenced', 'begun'],
      )
    },
  },
  {
    promise: 'a fenced intent and a fenced result change nothing',
    rule: 'P7',
    needs: [],
    async run(opened) {
      const [former, lease] = await takenOver(opened)
      const { steps, leases } = opened.store
      const before = await stepsOf(opened.store)
      const stale: readonly Lease[] = [
        former,
        { ...lease, claimId: claimId() },
        { ...lease, token: lease.token + 1 },
      ]
      for (const one of stale) {
        same(await steps.begin(one, charge()), { kind: 'fenced' })
        assert.equal(await steps.finish(one, 'mail', '1'), 'fenced')
      }
      same(await stepsOf(opened.store), before)
      await leases.settle(lease, failed())
      same(await steps.begin(lease, charge()), { kind: 'fenced' })
      assert.equal(await steps.finish(lease, 'mail', '1'), 'fenced')
      same(await stepsOf(opened.store), before)
    },
  },
  {
    promise:
      'a result comes after its intent, the same one again is recorded, and the first one stays',
    rule: 'P7',
    needs: [],
    async run(opened) {
      const { steps } = opened.store
      const lease = await leased(opened)
      assert.equal(await steps.finish(lease, 'charge', '1'), 'fenced')
      same(await stepsOf(opened.store), [])
      await steps.begin(lease, charge())
      for (const result of ['1', '1', '2'])
        assert.equal(await steps.finish(lease, 'charge', result), 'recorded')
      same(await steps.begin(lease, charge()), { kind: 'done', result: '1' })
    },
  },
  {
    promise:
      'steps of other keys, groups and names are others, also where names differ only in case',
    needs: [],
    async run(opened) {
      const { steps } = opened.store
      await begun(opened, await leased(opened))
      for (const other of [identity('a-17'), identity('A-18'), identity('A-17', 'mails')])
        same(await steps.begin(await leased(opened, other), charge()), { kind: 'begun' })
      const lease = await leased(opened, identity('B-1'))
      for (const step of ['ship', 'Ship', 'ship/1', 'ship/é', 'ship/e\u0301'])
        same(
          await steps.begin(lease, { step, kind: 'checkable', intentId: claimId() }),
          { kind: 'begun' },
          step,
        )
      same(await stepsOf(opened.store), both)
    },
  },
]
