import assert from 'node:assert/strict'
import {
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
import { begun, both, charge, mail, mailStep, stepsOf, takenOver } from './steps-kit.ts'

/** When steps go, and when they stay. */
export const stepsLifetime: readonly StoreCase[] = [
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

async function act(
  { store }: OpenedStore,
  kind: 'redrive' | 'skip' | 'forget',
  callAgain = false,
): Promise<void> {
  await store.inspector.act(identity(), { kind, who: 'Zoë', why: 'test', callAgain })
}
