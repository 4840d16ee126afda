import { AsyncLocalStorage } from 'node:async_hooks'
import { SemelError } from '../errors/semel-error.ts'
import type { Store } from '../inbox/store.ts'
import type { Strategy } from '../inbox/strategy.ts'
import { isThenable } from './perform.ts'
import type { Task } from './transaction.ts'

/** A handler that runs inside a transaction, as the calls see it that are made inside. */
interface Inside {
  readonly medium: object
  /** The transaction object that somebody began with; those of nested handlers are other faces of it. */
  readonly root: object
  /** Of the calls inside a nested handler; what the root's own handler calls stands in the line of its root. */
  readonly line: Line | undefined
  readonly outer: Inside | undefined
  /** Its signal aborts when the handler is left behind. */
  readonly context: { readonly signal: AbortSignal }
  over: boolean
}

/** Savepoints of one transaction end in the opposite order of their beginning: one after another. */
interface Line {
  last: Promise<unknown>
  /** Calls that are under way or wait. */
  calls: number
}

const around = new AsyncLocalStorage<Inside>()
/** Whose face a transaction object of a handler is. */
const roots = new WeakMap<object, object>()
const lines = new WeakMap<object, Line>()

/** What the store's transactions commit to: two stores of one file are one. */
function mediumOf(store: Store): object {
  return store.medium ?? store
}

/** The transaction object that its caller began with. */
export function rootOf(tx: object): object {
  return roots.get(tx) ?? tx
}

/**
 * Makes what a handler calls know inside which transaction it runs. A handler without one runs as it is.
 *
 * @param joined What the caller gave to `runIn()`, else the handler's own transaction object is the root.
 */
export function insideTransaction(
  store: Store,
  perform: Task['perform'],
  joined?: object,
): Task['perform'] {
  const medium = mediumOf(store)
  return (context) => {
    if (!('tx' in context)) return perform(context)
    const tx = context.tx as object
    const root = joined === undefined ? tx : rootOf(joined)
    if (root !== tx) roots.set(tx, root)
    const line = joined && newLine()
    const inside = { medium, root, line, outer: around.getStore(), context, over: false }
    return callInside(inside, () => perform(context))
  }
}

/** Waits until no other `runIn()` at the same place of the transaction is under way, then works. */
export async function inTurn<R>(tx: unknown, work: () => Promise<R>): Promise<R> {
  // What is no object is no transaction, and refused by the store.
  const line = lineOf(rootOf(Object(tx)))
  const before = line.last
  const { promise, resolve } = Promise.withResolvers<void>()
  line.last = promise
  line.calls++
  try {
    await before
    return await work()
  } finally {
    line.calls--
    resolve()
  }
}

/**
 * Where a store has one transaction at a time, `run()` inside it would wait for its own caller.
 *
 * @throws SEMEL_RUN_NESTED
 */
export function refuseInside(store: Store, strategy: Strategy): void {
  if (strategy.path === 'lease' || store.capabilities.concurrentTransactions > 1) return
  const medium = mediumOf(store)
  if (liveInside((inside) => inside.medium === medium) === undefined) return
  throw new SemelError(
    'SEMEL_RUN_NESTED',
    `run() is called inside a transaction, and the ${store.name} store has one at a time`,
  )
}

/** Whether this is called by a handler that has a transaction of this store, and has not ended. */
export function isInside(medium: object): boolean {
  return liveInside((inside) => inside.medium === medium) !== undefined
}

function lineOf(root: object): Line {
  const nested = liveInside((one) => one.root === root && one.line !== undefined)
  const line = nested?.line ?? lines.get(root) ?? newLine()
  if (nested === undefined) lines.set(root, line)
  return line
}

function newLine(): Line {
  return { last: Promise.resolve(), calls: 0 }
}

/** The innermost handler around this call, of those that have not ended. */
function liveInside(wanted: (inside: Inside) => boolean): Inside | undefined {
  let inside = around.getStore()
  while (inside !== undefined && (inside.over || inside.context.signal.aborted || !wanted(inside)))
    inside = inside.outer
  return inside
}

/** What a handler has begun and not awaited ends before it does: the other way round both would be mixed. */
function callInside(inside: Inside, call: () => unknown): unknown {
  let value: unknown
  try {
    value = around.run(inside, call)
  } catch (error) {
    value = Promise.reject(error as Error)
  }
  if (isThenable(value) || callsIn(inside) !== undefined) return untilOver(inside, value)
  inside.over = true
  return value
}

async function untilOver(inside: Inside, value: unknown): Promise<unknown> {
  try {
    return await value
  } finally {
    for (let calls = callsIn(inside); calls !== undefined; calls = callsIn(inside)) await calls
    inside.over = true
  }
}

function callsIn({ line, root }: Inside): Promise<unknown> | undefined {
  const { calls = 0, last } = line ?? lines.get(root) ?? {}
  return calls > 0 ? last : undefined
}
