import { randomBytes } from 'node:crypto'
import type { Store } from 'semel'
import type { OpenedStore, StoreAdapter } from 'semel/testing'
import { noteWithoutServer } from '../../not-run.ts'
import { type Ground, grounds } from '../../orm/grounds.ts'
import type { Library, Opened } from '../../orm/libraries.ts'
import { server } from '../../servers/server.ts'

/** A store through a library: its handlers write with what the library gives them. */
export function throughLibrary(library: Library): StoreAdapter & { end(): Promise<void> } {
  let begun: Promise<Both> | undefined
  return {
    name: `${library.on}-${library.name}`,
    open: async () => openStore(await (begun ??= openBoth(library))),
    async notRun() {
      const found = await server(library.on)
      if (!('because' in found)) return undefined
      noteWithoutServer(library.on, found.because)
      return found.because
    },
    async end() {
      await (await begun)?.end()
    },
  }
}

/** Two clients of the library, and what the tests themselves do; for all cases, each with a schema of its own. */
interface Both {
  readonly ground: Ground
  readonly opened: Opened
  readonly another: Opened
  end(): Promise<void>
}

async function openBoth(library: Library): Promise<Both> {
  const found = await server(library.on)
  if ('because' in found) throw new Error(found.because)
  const ground = grounds[library.on](found.url)
  const [opened, another] = await Promise.all([library.open(found.url), library.open(found.url)])
  async function end(): Promise<void> {
    await Promise.all([opened.end(), another.end(), ground.end()])
  }
  return { ground, opened, another, end }
}

async function openStore({ ground, opened, another }: Both): Promise<OpenedStore> {
  const place = `semel_test_${randomBytes(6).toString('hex')}`
  const effects = `${place}.effects`
  await ground.make(place)
  await ground.ask(`create table ${effects} (effect varchar(100) primary key, value text not null)`)
  let nowMs = 1_767_225_600_000
  const stores: Store[] = []
  async function open({ client }: Opened): Promise<Store> {
    const store = ground.store(client, place, { nowMs: () => nowMs })
    stores.push(store)
    await store.prepare()
    return store
  }
  const store = await open(opened)
  return {
    store,
    second: await open(another),
    async passTime(ms) {
      nowMs += ms
    },
    effects: {
      async write(tx, key, value) {
        await opened.say(tx, `insert into ${effects} values ('${key}', '${value}')`)
      },
      async read(key) {
        const [row] = await ground.ask(`select value from ${effects} where effect = '${key}'`)
        return row?.['value'] as string | undefined
      },
    },
    callersTransaction: (work) => opened.transaction(work),
    async reopen() {
      await store.close()
      return open(opened)
    },
    async close() {
      await Promise.all(stores.map((one) => one.close()))
      await ground.drop(place)
    },
  }
}
