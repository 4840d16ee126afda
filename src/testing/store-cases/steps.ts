import assert from 'node:assert/strict'
import type { Lease } from '../../inbox/record.ts'
import type { StepIntent } from '../../inbox/steps.ts'
import type { Store } from '../../inbox/store.ts'
import {
  brief,
  claimId,
  coded,
  completed,
  dead,
  failed,
  identity,
  inTransaction,
  leased,
  longMs,
  pass,
  same,
  settled,
  shortMs,
} from '../store-kit.ts'
import {
  durable,
  type OpenedStore,
  secondHandle,
  type StoreCase,
  transactions,
} from '../store-suite.ts'

const chargeStep = { step: 'charge', kind: 'forwarded-key' } as const
const mailStep = { step: 'mail', kind: 'at-least-once' } as const

/** An attempt to make the call, under an id of its own. */
function charge(): StepIntent {
  return { ...chargeStep, intentId: claimId() }
}

function mail(): StepIntent {
  return { ...mailStep, intentId: claimId() }
}

/** One step with a result, and one without. */
async function begun({ store: { steps } }: OpenedStore, lease: Lease): Promise<void> {
  await steps.begin(lease, charge())
  assert.equal(await steps.finish(lease, 'charge', '{"receipt":17}'), 'recorded')
  await steps.begin(lease, mail())
}

const both = [
  { ...chargeStep, done: true, result: '{"receipt":17}' },
  { ...mailStep, done: false },
]

/** A lease that has ended, and the one of who came after it. */
async function takenOver(opened: OpenedStore): Promise<readonly [Lease, Lease]> {
  const former = await leased(opened, {}, brief)
  await opened.store.steps.begin(former, mail())
  await pass(opened)
  return [former, await leased(opened, { alone: true })]
}

/** What stands in the rows of a store, by name. */
async function stepsOf(store: Store, key = 'A-17'): Promise<readonly unknown[]> {
  const rows = await store.steps.read(identity(key))
  return rows.toSorted((a, b) => (a.step < b.step ? -1 : 1))
}

async function act(
  { store }: OpenedStore,
  kind: 'redrive' | 'skip' | 'forget',
  callAgain = false,
): Promise<void> {
  await store.inspector.act(identity(), { kind, who: 'Zoë', why: 'test', callAgain })
}

export const stepCases: readonly StoreCase[] = [
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
  {
    promise: 'steps stay while their record fails, dies, and is given back',
    needs: [],
    async run(opened) {
      const { leases } = opened.store
      const first = await leased(opened)
      await begun(opened, first)
      await leases.settle(first, failed())
      same(await stepsOf(opened.store), both, 'failed')
      await pass(opened)
      const second = await leased(opened)
      await leases.release(second)
      same(await stepsOf(opened.store), both, 'given back')
      await pass(opened)
      await leases.settle(await leased(opened), dead())
      same(await stepsOf(opened.store), both, 'dead')
    },
  },
  {
    promise: 'steps stay when the lease of a first attempt is given back, though its record goes',
    needs: [],
    async run(opened) {
      const lease = await leased(opened)
      await begun(opened, lease)
      await opened.store.leases.release(lease)
      const again = await leased(opened)
      same((await opened.store.steps.begin(again, mail())).kind, 'open')
    },
  },
  {
    promise: 'steps stay through a redrive; one that calls again takes back what has no result',
    rule: 'P31',
    needs: [],
    async run(opened) {
      const lease = await leased(opened)
      await begun(opened, lease)
      await opened.store.leases.settle(lease, dead(undefined, 'uncertain'))
      await act(opened, 'redrive')
      same(await stepsOf(opened.store), both)
      await act(opened, 'redrive', true)
      same(await stepsOf(opened.store), both.slice(0, 1))
      await pass(opened)
      same(await opened.store.steps.begin(await leased(opened), mail()), { kind: 'begun' })
    },
  },
  {
    promise:
      'steps go with a completion, whichever lease completes, and no other step goes with them',
    needs: [],
    async run(opened) {
      await begun(opened, await leased(opened, identity('B-1')))
      const lease = await leased(opened)
      await begun(opened, lease)
      await opened.store.leases.settle(lease, completed())
      same(await stepsOf(opened.store), [])
      same(await stepsOf(opened.store, 'B-1'), both)
    },
  },
  {
    promise: 'a refused completion takes no steps with it',
    rule: 'P7',
    needs: [],
    async run(opened) {
      const [former] = await takenOver(opened)
      assert.equal(await opened.store.leases.settle(former, completed()), 'fenced')
      same(await stepsOf(opened.store), [{ ...mailStep, done: false }])
    },
  },
  {
    promise: 'steps go with a skip and with a forget',
    rule: 'P31',
    needs: [],
    async run(opened) {
      for (const kind of ['skip', 'forget'] as const) {
        const lease = await leased(opened)
        await begun(opened, lease)
        await opened.store.leases.settle(lease, dead())
        await act(opened, kind)
        same(await stepsOf(opened.store), [], kind)
        if (kind === 'skip') await act(opened, 'forget')
      }
    },
  },
  {
    promise: 'a settlement in a transaction takes the steps with it if it commits, and only then',
    needs: [transactions],
    async run(opened) {
      const lease = await leased(opened)
      await begun(opened, lease)
      const settle = (commits: boolean): Promise<unknown> =>
        inTransaction(opened, async (open) => {
          await open.settle([{ lease, outcome: completed() }])
          if (!commits) throw new Error('rolled back')
        })
      await assert.rejects(settle(false), { message: 'rolled back' })
      same(await stepsOf(opened.store), both)
      await settle(true)
      same(await stepsOf(opened.store), [])
    },
  },
  {
    promise: 'a pruned record leaves no steps behind for the next one of its key',
    rule: 'P32',
    needs: [],
    async run(opened) {
      await settled(opened, completed(undefined, shortMs))
      await pass(opened)
      await opened.store.inspector.prune(10)
      same(await opened.store.steps.begin(await leased(opened), charge()), { kind: 'begun' })
    },
  },
  {
    promise: 'one handle finds the steps that the other one began',
    needs: [secondHandle],
    async run(opened) {
      const { store, second = store } = opened
      const lease = await leased(opened)
      await begun(opened, lease)
      same(await stepsOf(second), both)
      assert.equal(await second.steps.finish(lease, 'mail', undefined), 'recorded')
      same(await store.steps.begin(lease, mail()), { kind: 'done' })
    },
  },
  {
    promise: 'steps outlive the store',
    needs: [durable],
    async run(opened) {
      const lease = await leased(opened, {}, { leaseMs: longMs, attemptsMax: 16 })
      await begun(opened, lease)
      const again = await opened.reopen?.()
      assert.ok(again)
      same(await stepsOf(again), both)
    },
  },
  {
    promise: 'a closed store refuses steps',
    needs: [],
    async run({ store }) {
      const lease = { ...identity(), claimId: claimId(), token: 1, attempt: 1 }
      await store.close()
      await assert.rejects(
        async () => store.steps.begin(lease, charge()),
        coded('SEMEL_STORE_CLOSED'),
      )
      await assert.rejects(
        async () => store.steps.finish(lease, 'charge', '1'),
        coded('SEMEL_STORE_CLOSED'),
      )
      await assert.rejects(async () => store.steps.read(lease), coded('SEMEL_STORE_CLOSED'))
    },
  },
]
