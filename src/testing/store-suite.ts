import type { Store } from '../inbox/store.ts'
import type { Adapter, Case, Closable, Need } from './suite.ts'

/** One promise of the port `Store`. */
export type StoreCase = Case<OpenedStore>

/** How the suite gets at one store. */
export type StoreAdapter = Adapter<OpenedStore>

/** A fresh store, with what a case needs besides. */
export interface OpenedStore extends Closable {
  /** Prepared already. */
  readonly store: Store
  /** Another handle on the same data, prepared, as another process has it; where there can be one. */
  readonly second?: Store
  /** Waits until the store's clock has gone on by so many milliseconds, or moves it. */
  passTime(ms: number): Promise<void>
  /** Rows of the user's own beside the records; where the store has transactions. */
  readonly effects?: Effects
  /** Begins a transaction as a user would, without the store, and commits or rolls it back after `work`. */
  callersTransaction?<R>(work: (tx: unknown) => Promise<R>): Promise<R>
  /** Closes the store and opens it again on the same data, as after a restart; where it is durable. */
  reopen?(): Promise<Store>
  /** Closes everything that is open and removes the data. */
  close(): Promise<void>
}

/** One table of the user's own, from key to text. */
export interface Effects {
  /** Inside the user's transaction. */
  write(tx: unknown, key: string, value: string): void | Promise<void>
  /** Outside of any: what is committed. */
  read(key: string): Promise<string | undefined>
}

export const transactions: Need<OpenedStore> = {
  name: 'transactions',
  because: 'the store has none',
  declared: ({ store, effects }) => store.transactions !== undefined && effects !== undefined,
}

export const rates: Need<OpenedStore> = {
  name: 'rates',
  because: 'the store does not count starts',
  declared: ({ store }) => store.rates !== undefined,
}

export const waitingHandlers: Need<OpenedStore> = {
  name: 'handlers that wait',
  because: 'nothing else may happen inside a transaction of the store',
  declared: ({ store }) => store.capabilities.handlerMayWait,
}

export const joining: Need<OpenedStore> = {
  name: "the caller's transactions",
  because: 'the store cannot join a transaction that it did not begin',
  declared: ({ callersTransaction }) => callersTransaction !== undefined,
}

export const secondHandle: Need<OpenedStore> = {
  name: 'a second handle',
  because: 'the data live in one process, behind one handle',
  declared: ({ second }) => second !== undefined,
}

export const durable: Need<OpenedStore> = {
  name: 'durable',
  because: 'everything is gone when the store is closed',
  declared: ({ store, reopen }) => store.capabilities.durable && reopen !== undefined,
}
