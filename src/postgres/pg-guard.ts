import { SemelError } from '../errors/semel-error.ts'
import { isThenable } from '../once/perform.ts'
import type { PgClient } from './pg-pool.ts'
import { kept, restored, settingsIn } from './settings.ts'
import { refuseAlone, refuseOurs } from './sql-text.ts'

/** What a handler cannot do with a connection of ours. */
const ours = new Set<PropertyKey>(['release', 'end', 'connect', 'connection', '_connection'])

/**
 * The user's client, for the time of one handler: what would end the transaction, or outlive it, is refused in front
 * of the connection (P9).
 */
export function guardedClient<C extends PgClient>(
  client: C,
  running: { statements: number },
  interleaved = false,
): { readonly tx: C; end(threw?: boolean): void } {
  let over = false
  /** Of this handler: they would stand for those after it in the same transaction. */
  const settings = new Set<string>()

  function ownOnly(sql: unknown): void {
    for (const name of settingsIn(sql)) {
      if (!settings.has(name)) counted(client.query({ text: kept(name) }))
      settings.add(name)
    }
  }
  function query(...given: readonly unknown[]): unknown {
    try {
      if (over) throw refusedLate()
      refuseOurs(textOf(given[0]))
      if (interleaved) refuseAlone(textOf(given[0]))
    } catch (error) {
      // As pg itself would answer.
      if (givesPromise(given)) return Promise.reject(error as Error)
      throw error
    }
    ownOnly(textOf(given[0]))
    return counted(Reflect.apply(client.query, client, given))
  }
  function counted(answer: unknown): unknown {
    if (!isThenable(answer)) return answer
    running.statements++
    const done = (): void => {
      running.statements--
    }
    answer.then(done, done)
    return answer
  }
  const tx = new Proxy(client, {
    get(target, name) {
      if (name === 'query') return query
      if (ours.has(name)) throw refused(name)
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
    set(_, name) {
      throw refused(name)
    },
  })
  return {
    tx,
    end(threw) {
      over = true
      if (threw === true) return
      if (running.statements === 0) refuseFailed(client)
      if (settings.size > 0) counted(client.query({ text: restored(settings) }))
    },
  }
}

/** An error that the handler has swallowed: everything since is lost, whatever it returned. */
function refuseFailed(client: PgClient): void {
  const status = client.getTransactionStatus?.()
  if (status === undefined || status === null || status === 'T') return
  const why = status === 'E' ? 'a statement of the handler has failed' : 'it was ended inside'
  throw new SemelError('SEMEL_TX_ROLLED_BACK', `the transaction cannot be committed: ${why}`)
}

function givesPromise([query, ...rest]: readonly unknown[]): boolean {
  const submits = typeof (query as { readonly submit?: unknown } | undefined)?.submit === 'function'
  return !submits && typeof rest.at(-1) !== 'function'
}

/** A text, a query with one, or something that submits itself. */
function textOf(query: unknown): unknown {
  if (typeof query !== 'object' || query === null) return query
  const { text, cursor } = query as {
    readonly text?: unknown
    readonly cursor?: { readonly text?: unknown }
  }
  return text ?? cursor?.text
}

function refused(name: PropertyKey): SemelError {
  return new SemelError(
    'SEMEL_TX_OURS',
    `a handler cannot use ${String(name)}: the connection is ours`,
  )
}

function refusedLate(): SemelError {
  return new SemelError('SEMEL_TX_OVER', 'this message has ended, and its transaction with it')
}
