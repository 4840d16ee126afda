import { isSemelError, type Store } from 'semel'

/** A store that tells of every error that its transactions and leases throw, by code; otherwise as it was. */
export function witnessed<Tx>(store: Store<Tx>, tell: (code: string) => void): Store<Tx> {
  async function heard<R>(work: Promise<R>): Promise<R> {
    try {
      return await work
    } catch (error) {
      tell(isSemelError(error) ? error.code : 'thrown by a handler')
      throw error
    }
  }
  const { transactions } = store
  return {
    ...store,
    leases: Object.fromEntries(
      Object.entries(store.leases).map(([name, call]) => [
        name,
        (...given: never[]) => heard((call as (...all: never[]) => Promise<unknown>)(...given)),
      ]),
    ) as unknown as Store<Tx>['leases'],
    transactions: transactions && {
      open: (work, terms) => heard(transactions.open(work, terms)),
      join: (tx) => transactions.join(tx),
    },
  }
}
