import { isSemelError, SemelError } from '../errors/semel-error.ts'
import type { Store } from '../inbox/store.ts'

/**
 * A client library of the user's: who names a database in a file has its client installed, and nobody else needs it.
 *
 * @throws SEMEL_CLIENT_MISSING
 */
export async function importClient<Client>(name: string): Promise<Client> {
  try {
    return (await import(name)) as Client
  } catch (error) {
    if (isSemelError(error) || !isMissing(error, name)) throw error
    throw new SemelError('SEMEL_CLIENT_MISSING', `${name} is not installed`, { cause: error })
  }
}

/** The store over a client that we opened ourselves, and therefore close. */
export function closing<Tx>(store: Store<Tx>, end: () => Promise<unknown>): Store<Tx> {
  return new Proxy(store, {
    get(target, name) {
      if (name !== 'close') return Reflect.get(target, name, target)
      return async () => {
        await target.close()
        await end()
      }
    },
  })
}

function isMissing(error: unknown, name: string): boolean {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
  return code === 'ERR_MODULE_NOT_FOUND' && String(message).includes(`'${name}'`)
}
