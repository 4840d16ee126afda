import { SemelError } from '../errors/semel-error.ts'
import { emit } from '../events/events.ts'

/** What happens when a handler asks the pool for something, instead of its `tx`: that commits by itself. */
export type Outside = 'report' | 'refuse' | 'allow'

type Method = (...given: readonly unknown[]) => unknown

interface Watched {
  readonly own: ReadonlyMap<string, PropertyDescriptor | undefined>
  readonly watchers: Set<{ readonly isInside: () => boolean; readonly outside: Outside }>
}

const watched = new WeakMap<object, Watched>()

/**
 * Watches a pool of the user's for what handlers send past their transaction. Answers what ends it, and puts the pool
 * back as it was with the last one.
 */
export function watchOutside(
  pool: object,
  methods: readonly string[],
  isInside: () => boolean,
  outside: Outside,
): () => void {
  if (outside === 'allow') return () => undefined
  const { own, watchers } = watched.get(pool) ?? watch(pool, methods)
  const watcher = { isInside, outside }
  watchers.add(watcher)
  return () => {
    watchers.delete(watcher)
    if (watchers.size > 0) return
    watched.delete(pool)
    for (const [name, before] of own)
      if (before === undefined) Reflect.deleteProperty(pool, name)
      else Object.defineProperty(pool, name, before)
  }
}

let oursNow = 0

/** Calls of our own, which are synchronous up to the pool. */
export function ours<R>(call: () => R): R {
  oursNow++
  try {
    return call()
  } finally {
    oursNow--
  }
}

function watch(pool: object, methods: readonly string[]): Watched {
  const watchers: Watched['watchers'] = new Set()
  const own = new Map<string, PropertyDescriptor | undefined>()
  for (const name of methods) {
    const method = Reflect.get(pool, name) as Method
    own.set(name, Object.getOwnPropertyDescriptor(pool, name))
    const value: Method = function (this: unknown, ...given) {
      if (oursNow === 0) for (const watcher of watchers) look(watcher, name)
      return Reflect.apply(method, this, given)
    }
    Object.defineProperty(pool, name, {
      value,
      configurable: true,
      writable: true,
      enumerable: false,
    })
  }
  const made = { own, watchers }
  watched.set(pool, made)
  return made
}

function look(
  { isInside, outside }: { readonly isInside: () => boolean; readonly outside: Outside },
  method: string,
): void {
  if (!isInside()) return
  const message = `a handler calls ${method}() of the pool; only what goes through its tx commits with its record`
  if (outside === 'refuse') throw new SemelError('SEMEL_TX_OUTSIDE', message)
  emit('outside-transaction', () => ({ method, code: 'SEMEL_TX_OUTSIDE' }))
}
