type Method = (...values: readonly unknown[]) => unknown

/** What everything that a handler gets hold of has in common. */
export interface Guard {
  /** Throws once the handler has ended. */
  refuseOver(): void
  /** Throws also when there is no transaction any more. */
  refuseOutside(): void
  /** What the handler may see of what a method answered. */
  outward(value: unknown): unknown
  /** Open iterators would keep the transaction from ending. */
  readonly iterators: Set<Iterator<unknown>>
}

export type Call = (name: PropertyKey, method: Method, values: readonly unknown[]) => unknown

/** Asked for by the language itself, also of what has ended: `await`, inspection. */
const silent: readonly PropertyKey[] = ['then', 'constructor']

/**
 * Every method goes through `call`, with the real object as `this`: native methods accept no other. The target is
 * an empty object of the same class, since a proxy must repeat some properties of its target as they are.
 */
export function guarded<T extends object>(real: T, { refuseOver, outward }: Guard, call: Call): T {
  const methods = new Map<PropertyKey, Method>()
  return new Proxy(Object.create(Object.getPrototypeOf(real)) as T, {
    get(_target, name) {
      const value: unknown = Reflect.get(real, name, real)
      if (silent.includes(name)) return value
      if (typeof value !== 'function' && typeof name === 'symbol') return value
      refuseOver()
      if (typeof value !== 'function') return outward(value)
      const known = methods.get(name)
      if (known !== undefined) return known
      const method: Method = (...values) => call(name, value as Method, values)
      methods.set(name, method)
      return method
    },
    has: (_target, name) => Reflect.has(real, name),
    set(_target, name, value) {
      refuseOver()
      return Reflect.set(real, name, value, real)
    },
  })
}

export function guardedStatement(statement: object, guard: Guard): object {
  const proxy: object = guarded(statement, guard, (name, method, values) => {
    guard.refuseOutside()
    const answer = Reflect.apply(method, statement, values)
    if (answer === statement) return proxy
    if (name === 'iterate') return guardedIterator(answer as Iterator<unknown>, guard)
    return guard.outward(answer)
  })
  return proxy
}

/** What `transaction()` of better-sqlite3 answers, with its variants; inside ours it is a savepoint. */
export function guardedFunction(method: Method, guard: Guard): Method {
  const wrapper: Method = (...values) => {
    guard.refuseOutside()
    return guard.outward(method(...values))
  }
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(method)))
    if (typeof value === 'function' && name !== 'prototype')
      Object.defineProperty(wrapper, name, { get: () => guardedFunction(value, guard) })
  return wrapper
}

function guardedIterator(iterator: Iterator<unknown>, guard: Guard): object {
  guard.iterators.add(iterator)
  return Object.assign(Object.create(Object.getPrototypeOf(iterator)), {
    next() {
      guard.refuseOutside()
      return iterator.next()
    },
    return: (value: unknown) => iterator.return?.(value) ?? { done: true, value },
    [Symbol.iterator](): unknown {
      return this
    },
  })
}
