// A consumer with declared effects, in a process of its own; the far side is another one.
import {
  atLeastOnce,
  atMostOnce,
  checkable,
  createConsumer,
  forwardedKey,
  type Steps,
  unchecked,
} from 'semel'
import { sqliteSource, sqliteStore } from 'semel/sqlite'
import { reportToParent } from '../../src/cli/demo/parent.ts'
import { faultyStore } from '../../src/testing/faults.ts'
import { type Given, group, ledgerInsert, topic } from './given.ts'

export interface Receipt {
  readonly receipt: number
}
/** A message: the calls that it asks for, in their order. */
export interface Calls {
  readonly id: string
  readonly calls: readonly Kind[]
}
export type Kind = 'charge' | 'ship' | 'mail' | 'siren'

const { given, reach, count, onStop } = reportToParent()
const { file, holdMs, options, gateway } = given as Given & { readonly gateway: string }

const real = sqliteStore(file)
const steps: Steps = {
  ...real.steps,
  async begin(...asked) {
    reach('before intent')
    return real.steps.begin(...asked)
  },
  async finish(...asked) {
    const recorded = await real.steps.finish(...asked)
    reach('after result')
    return recorded
  },
}
const store = faultyStore({ ...real, steps }, reach)

const consumer = createConsumer({
  group,
  source: sqliteSource(file, { topic, holdMs }),
  store,
  body: unchecked<Calls>(),
  key: (message) => message.body.id,
  effects: {
    charge: forwardedKey({ remembersMs: 3_600_000 }),
    ship: checkable(async (key) => ask('GET', 'ship', key)),
    mail: atLeastOnce({ because: 'a second mail does little harm' }),
    siren: atMostOnce({ because: 'a second alarm empties the building', onDoubt: 'dead' }),
  },
  async handler({ body }, { effects, transaction }) {
    for (const kind of body.calls)
      await effects[kind](async (key) => {
        reach('after intent')
        reach(`${kind} after intent`)
        const answer = await ask('POST', kind, key, body.id)
        reach('after call')
        reach(`${kind} after call`)
        return answer as Receipt
      })
    await transaction((tx) => tx.prepare(ledgerInsert).run(body.id))
  },
  ...options,
})

async function ask(method: string, kind: Kind, key: string, id = ''): Promise<Receipt | null> {
  const response = await fetch(
    `${gateway}/${kind}?${new URLSearchParams({ key, id }).toString()}`,
    { method },
  )
  return (await response.json()) as Receipt | null
}

onStop(async () => {
  await consumer.stop()
  await store.close()
})
await consumer.start()
count('started')
const end = await consumer.ended
if (end !== undefined) throw end.error
