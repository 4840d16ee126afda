import { SemelError } from '../errors/semel-error.ts'
import type { Calls } from './calls.ts'
import { checkServer, type Declared } from './prepare.ts'
import type { StoreParts } from './store-parts.ts'

/** Which layout of records this is: an older semel must not write over a newer one's. */
const layout = '1'

/** The server is asked once, and again after it was not as it must be. */
export function preparing(
  { calls: { command }, calls, prefix }: StoreParts,
  declared: Declared,
): () => Promise<void> {
  let checked: Promise<void> | undefined
  async function check(): Promise<void> {
    const key = `${prefix}layout`
    await checkServer(calls, declared)
    await command('SEMEL_STORE_UNAVAILABLE', key, 'SET', key, layout, 'NX')
    const found = String(await command('SEMEL_STORE_UNAVAILABLE', key, 'GET', key))
    if (found !== layout)
      throw new SemelError(
        'SEMEL_SCHEMA_AHEAD',
        `redis: ${key} is ${found}, known here is ${layout}`,
      )
  }
  return async () => {
    checked ??= check().catch((error: unknown) => {
      checked = undefined
      throw error
    })
    await checked
    await command('SEMEL_STORE_UNAVAILABLE', undefined, 'PING')
  }
}

/** Before the first record of a group, so that no record is there whose group cannot be found. */
export function introduction({ command }: Calls, prefix: string): StoreParts['introduce'] {
  const known = new Set<string>()
  const key = `${prefix}groups`
  return (group) => {
    if (known.has(group)) return undefined
    return command('SEMEL_STORE_UNAVAILABLE', key, 'SADD', key, group).then(
      () => void known.add(group),
    )
  }
}

export function untilClosed(open: Calls): { readonly calls: Calls; close(): void } {
  let closed = false
  async function refuse(): Promise<void> {
    if (closed) throw new SemelError('SEMEL_STORE_CLOSED', 'the store on redis is closed')
  }
  return {
    calls: {
      command: async (...given) => {
        await refuse()
        return open.command(...given)
      },
      script: async (...given) => {
        await refuse()
        return open.script(...given)
      },
    },
    close() {
      closed = true
    },
  }
}
