import test from 'node:test'
import type { Steps, Store } from 'semel'
import { storeCases } from 'semel/testing'
import { memoryStoreAdapter } from '../conformance/adapters/memory.ts'
import { type Exhibit, inInspector, inLeases, seenToFail } from '../conformance/museum.ts'

const cases = storeCases.filter(({ promise }) => /step|intent|result/.test(promise))

function inSteps(patch: (steps: Steps, store: Store) => Partial<Steps>): (store: Store) => Store {
  return (store) => ({ ...store, steps: { ...store.steps, ...patch(store.steps, store) } })
}

const exhibits: readonly Exhibit<Store>[] = [
  {
    bug: 'a step is remembered only once it is done',
    foundBy: 'an intent without a result is open',
    put: inSteps(({ begin, finish }) => {
      const waiting = new Map<string, Parameters<Steps['begin']>[1]>()
      return {
        async begin(_lease, intent) {
          waiting.set(intent.step, intent)
          return { kind: 'begun' }
        },
        async finish(lease, step, result) {
          const intent = waiting.get(step)
          if (intent !== undefined) await begin(lease, intent)
          return finish(lease, step, result)
        },
      }
    }),
  },
  {
    bug: 'an intent is taken by whoever comes, without looking at the token',
    foundBy: 'a fenced intent and a fenced result change nothing',
    put: inSteps(({ begin }, { leases }) => ({
      async begin(lease, intent) {
        const [record] = await leases.read([lease])
        const { token = 0, claimId = lease.claimId } = record ?? {}
        return begin({ ...lease, token, claimId }, intent)
      },
    })),
  },
  {
    bug: 'an intent whose answer was lost is taken for a call that was made',
    foundBy: 'the same intent again',
    put: inSteps(({ begin }) => ({
      begin: (lease, intent) =>
        begin(lease, { ...intent, intentId: crypto.getRandomValues(new Uint8Array(16)) }),
    })),
  },
  {
    bug: 'whoever has the newest intent is taken for the one who began',
    foundBy: 'the own claim asked again',
    put: inSteps(({ begin }) => ({
      begin: (lease, intent) => begin(lease, { ...intent, intentId: lease.claimId }),
    })),
  },
  {
    bug: 'names of steps fold case',
    foundBy: 'differ only in case',
    put: inSteps(({ begin }) => ({
      begin: (lease, intent) => begin(lease, { ...intent, step: intent.step.toLowerCase() }),
    })),
  },
  {
    bug: 'a redrive forgets what was done',
    foundBy: 'steps stay through a redrive',
    put: inInspector(({ act }) => ({
      async act(identity, given) {
        await act(identity, given)
        if (given.kind === 'redrive') await act(identity, { ...given, kind: 'skip' })
      },
    })),
  },
  {
    bug: 'a failure takes the steps with it',
    foundBy: 'while their record fails',
    put: inLeases(({ settle }) => ({
      settle: (lease, outcome) =>
        settle(
          lease,
          outcome.state === 'failed'
            ? { state: 'completed', result: undefined, keepMs: 0 }
            : outcome,
        ),
    })),
  },
]

for (const exhibit of exhibits)
  test(`the cases of steps find that ${exhibit.bug}`, () =>
    seenToFail(cases, memoryStoreAdapter, exhibit, (opened, put) => ({
      ...opened,
      store: put(opened.store),
    })))
