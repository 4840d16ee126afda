import { type Bytes, latin1 } from '../inbox/bytes.ts'

/** Scopes and origins stand in a table of their own, so that a record names its scope in four bytes. */
export interface Names {
  idOf(name: Bytes): Promise<number>
}

/** More of them than anybody has groups, topics and tenants at one time. */
const namesMax = 10_000

/** Never inside a transaction: a name that is rolled back must not be remembered. */
export function namesBy(find: (name: Bytes) => Promise<number | undefined>): Names {
  const known = new Map<string, Promise<number>>()

  async function found(name: Bytes): Promise<number> {
    // The second time it is there: whoever added it meanwhile has committed.
    const id = (await find(name)) ?? (await find(name))
    if (id === undefined) throw new TypeError('a name that was added is not there')
    return id
  }
  return {
    idOf(name) {
      const text = latin1(name)
      const before = known.get(text)
      if (before !== undefined) return before
      if (known.size >= namesMax) known.clear()
      const finding = found(name)
      known.set(text, finding)
      finding.catch(() => known.delete(text))
      return finding
    },
  }
}
