import type { Store } from '../inbox/store.ts'

/** All shards by their names, in the order given. */
export type Shards<Tx = unknown> = ReadonlyMap<string, Store<Tx>>

export function storeOf<Tx>(shards: Shards<Tx>, name: string): Store<Tx> {
  const store = shards.get(name)
  if (store === undefined) throw new TypeError(`there is no shard ${name}`)
  return store
}

/** One call for each shard, all at once; the answers in the order of what was asked. */
export async function spread<Asked, Answer>(
  asked: readonly Asked[],
  names: readonly string[],
  call: (name: string, some: readonly Asked[]) => Promise<readonly Answer[]>,
): Promise<readonly Answer[]> {
  const [first] = names
  if (first === undefined) return []
  if (names.every((name) => name === first)) return call(first, asked)
  const answers: Answer[] = []
  const places = Map.groupBy(asked.keys(), (at) => names[at] as string)
  await Promise.all(
    [...places].map(async ([name, ats]) => {
      const some = await call(
        name,
        ats.map((at) => asked[at] as Asked),
      )
      for (const [index, at] of ats.entries()) answers[at] = some[index] as Answer
    }),
  )
  return answers
}

/** The answers of those that answer; throws when none does. */
export async function whoeverAnswers<Answer>(
  shards: Shards,
  call: (store: Store, name: string) => Promise<Answer>,
): Promise<ReadonlyMap<string, Answer>> {
  const names = [...shards.keys()]
  const settled = await Promise.allSettled([...shards].map(([name, store]) => call(store, name)))
  const answered = new Map<string, Answer>()
  for (const [at, one] of settled.entries())
    if (one.status === 'fulfilled') answered.set(names[at] as string, one.value)
  const failed = settled.find((one) => one.status === 'rejected')
  if (answered.size === 0 && failed !== undefined) throw failed.reason
  return answered
}

export async function eachOf<Answer>(
  shards: Shards,
  call: (store: Store, name: string) => Promise<Answer>,
): Promise<readonly Answer[]> {
  return Promise.all([...shards].map(([name, store]) => call(store, name)))
}
