import test from 'node:test'
import type { Store } from 'semel'
import { storeCases } from 'semel/testing'
import { memoryStoreAdapter } from './adapters/memory.ts'
import {
  type Exhibit,
  inInspector,
  inLeases,
  inRequests,
  inTransactions,
  seenToFail,
} from './museum.ts'

const exhibits: readonly Exhibit<Store>[] = [
  {
    bug: 'who holds a key is looked up first and saved afterwards',
    foundBy: 'exactly one is granted',
    put: inLeases(({ claim, read }) => ({
      async claim(asked, terms) {
        const known = await read(asked)
        await Promise.resolve()
        const claims = await claim(asked, terms)
        return claims.map((one, at) => {
          const { scope, key, claimId } = asked[at] ?? { scope: none, key: none, claimId: none }
          const lease = { scope, key, claimId, token: 1, attempt: 1 }
          if (known[at] !== undefined || one.kind !== 'held') return one
          return { kind: 'granted', lease, message: undefined }
        })
      },
    })),
  },
  {
    bug: 'keys are text under a collation that folds case',
    foundBy: 'differ only in case',
    put: inRequests((request) => ({ ...request, key: folded(request.key, lower) })),
  },
  {
    bug: 'keys are text that a fixed width cuts',
    foundBy: 'told apart by their last byte',
    put: inRequests((request) => ({ ...request, key: request.key.subarray(0, 200) })),
  },
  {
    bug: 'keys are text that ends at a NUL',
    foundBy: 'keys with NUL',
    put: inRequests((request) => ({ ...request, key: folded(request.key, beforeNul) })),
  },
  {
    bug: 'two consumer groups share one key space',
    foundBy: 'groups, tenants',
    put: inRequests((request) => ({ ...request, scope: new Uint8Array([0, 0, 0, 0]) })),
  },
  {
    bug: 'the same key with another payload is taken for a duplicate',
    foundBy: 'another fingerprint',
    put: inRequests((request) => ({ ...request, fingerprint: Uint8Array.of(0) })),
  },
  {
    bug: 'the claim id is the one of the process, not of the delivery',
    foundBy: 'of many concurrent claims of one key',
    put: inRequests((request) => ({ ...request, claimId: Uint8Array.of(1) })),
  },
  {
    bug: 'our own claim counts also after it was settled',
    foundBy: 'counts no longer once',
    put: inLeases(({ claim, read }) => ({
      async claim(asked, terms) {
        const known = await read(asked)
        const claims = await claim(asked, terms)
        return claims.map((one, at) => {
          const { claimId } = known[at] ?? {}
          const {
            scope,
            key,
            claimId: own,
          } = asked[at] ?? { scope: none, key: none, claimId: none }
          if (claimId === undefined || !Buffer.from(claimId).equals(own)) return one
          return {
            kind: 'granted',
            lease: { scope, key, claimId: own, token: 9, attempt: 1 },
            message: undefined,
          }
        })
      },
    })),
  },
  {
    bug: 'every crash counts, also of those that were in flight beside the killer',
    foundBy: 'a crash beside others',
    put: inRequests((request) => ({ ...request, alone: true })),
  },
  {
    bug: 'a takeover is not fenced off from its former owner',
    foundBy: 'a former owner can neither',
    put: inLeases(({ settle, read }) => ({
      async settle(lease, outcome) {
        const [record] = await read([lease])
        const { token = lease.token, claimId = lease.claimId } = record ?? {}
        return settle({ ...lease, token, claimId }, outcome)
      },
    })),
  },
  {
    bug: 'a settlement that was repeated after a lost answer is fenced',
    foundBy: 'the same settlement again is settled',
    put: inLeases(({ settle, read }) => ({
      async settle(lease, outcome) {
        const [record] = await read([lease])
        return record?.state === 'leased' ? settle(lease, outcome) : 'fenced'
      },
    })),
  },
  {
    bug: 'an exhausted message is declared dead without a guard, while a zombie completes it',
    foundBy: 'a burial is refused once',
    put: inLeases(({ bury, read }) => ({
      async bury(identity, token, outcome) {
        const [record] = await read([identity])
        return bury(identity, record?.token ?? token, outcome)
      },
    })),
  },
  {
    bug: 'a lease that is given back counts as an attempt',
    foundBy: 'given back',
    put: inLeases(({ settle }) => ({
      async release(lease) {
        const settled = await settle(lease, {
          state: 'failed',
          reason: 'released',
          detail: '',
          retryInMs: 0,
          counted: true,
          message: undefined,
        })
        return settled === 'settled' ? 'released' : 'fenced'
      },
    })),
  },
  {
    bug: 'an insert overwrites what is there',
    foundBy: 'an insert never changes',
    put: inLeases(({ insert }, { inspector }) => ({
      async insert(records) {
        const act = { kind: 'forget', who: 'bug', why: 'bug' } as const
        for (const record of records) await inspector.act(record, act).catch(() => {})
        return insert(records)
      },
    })),
  },
  {
    bug: 'a failed message loses its body',
    foundBy: 'byte for byte',
    put: inLeases(({ settle }) => ({
      settle: (lease, outcome) =>
        settle(lease, outcome.state === 'completed' ? outcome : { ...outcome, message: undefined }),
    })),
  },
  {
    bug: 'pruning goes by the age of the record, with one retention for all',
    foundBy: 'two retentions',
    put: inInspector(({ list, act }) => ({
      async prune(limit) {
        const old = await list({ state: 'completed', limit })
        for (const one of old) await act(one, { kind: 'forget', who: 'bug', why: 'bug' })
        return old.length
      },
    })),
  },
  {
    bug: 'an operator is told nothing when the act did nothing',
    foundBy: 'an act in a state',
    put: inInspector(({ act }) => ({
      act: (identity, asked) => act(identity, asked).catch(() => {}),
    })),
  },
  {
    bug: 'the record is written in a transaction of its own',
    foundBy: 'leaves no trace',
    put: inTransactions((_, { leases }) => ({ insert: (records) => leases.insert(records) })),
  },
  {
    bug: 'a transaction that a handler ended inside is taken for committed',
    foundBy: 'the seal refuses',
    put: inTransactions(() => ({ seal: async () => {} })),
  },
  {
    bug: 'what is parked in a lane is not seen inside a transaction',
    foundBy: 'inside a transaction it is seen what is parked in a lane',
    put: inTransactions(() => ({ parkedIn: async (lanes) => lanes.map(() => false) })),
  },
  {
    bug: 'a settlement of nothing inside the transaction is taken for one',
    foundBy: 'fenced inside its transaction',
    put: inTransactions(({ settle }) => ({
      async settle(settlements) {
        await settle(settlements)
        return settlements.map(() => 'settled')
      },
    })),
  },
  {
    bug: 'a read inside the transaction goes on seeing an old snapshot',
    foundBy: 'a read sees what others',
    put: inTransactions(({ read }) => {
      const seen = new Map<string, Awaited<ReturnType<typeof read>>>()
      return {
        async read(identities) {
          const name = identities.map(({ key }) => Buffer.from(key).toString('hex')).join()
          const records = seen.get(name) ?? (await read(identities))
          seen.set(name, records)
          return records
        },
      }
    }),
  },
  {
    bug: 'a transaction object lives on after its message',
    foundBy: 'refuses every use after',
    put: inTransactions(({ forHandler }) => ({
      forHandler: () => ({ tx: forHandler().tx, end: () => {} }),
    })),
  },
  {
    bug: 'a store that was closed goes on writing',
    foundBy: 'a closed store refuses',
    put: (store) => ({ ...store, close: async () => {} }),
  },
]

for (const exhibit of exhibits)
  test(`it is noticed when ${exhibit.bug}`, () =>
    seenToFail(storeCases, memoryStoreAdapter, exhibit, (opened, put) => ({
      ...opened,
      store: put(opened.store),
    })))

const none = new Uint8Array()

function folded(key: Uint8Array, fold: (text: string) => string): Uint8Array {
  return new Uint8Array(Buffer.from(fold(Buffer.from(key).toString('latin1')), 'latin1'))
}

function lower(text: string): string {
  return text.toLowerCase()
}

function beforeNul(text: string): string {
  return text.split('\u0000', 1).join('')
}
