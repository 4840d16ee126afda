/**
 * Lets so many in at once, the others in the order in which they came. Who holds a connection may need another one
 * for a moment: were all of them given to those who hold, nobody would go on.
 */
export function slots(most: number): <R>(work: () => Promise<R>) => Promise<R> {
  const waiting: (() => void)[] = []
  let free = most
  return async (work) => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) free++
      else next()
    }
  }
}

type Slots = ReturnType<typeof slots>

const shared = new WeakMap<object, Slots>()

/** The same for all stores on one pool. */
export function slotsOf(pool: object, most: number): Slots {
  const made = shared.get(pool) ?? slots(most)
  shared.set(pool, made)
  return made
}
