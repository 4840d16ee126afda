import { SemelError } from '../errors/semel-error.ts'
import { type PostgresJsLine, through } from './postgres-js-line.ts'
import { refuseAlone, refuseOurs } from './sql-text.ts'

/** What a handler cannot do with a transaction of ours; `file` reads what nobody has looked at. */
const ours = new Set<PropertyKey>([
  'begin',
  'close',
  'end',
  'file',
  'largeObject',
  'listen',
  'prepare',
  'release',
  'reserve',
  'subscribe',
])

/** The callable that handlers get. */
interface Callable {
  (first: unknown, ...rest: readonly unknown[]): unknown
  unsafe(text: string, ...rest: readonly unknown[]): PromiseLike<unknown>
}

let savepoints = 0

/**
 * The user's own transaction object, for the time of one handler: what would end the transaction, or outlive it, is
 * refused when it is about to be sent (P9). Queries of `postgres` are sent when somebody waits for them, which may
 * be after their message has ended.
 */
export function guardedSql<Tx>(
  sql: object,
  line: PostgresJsLine,
  interleaved = false,
): { readonly tx: Tx; end(threw?: boolean): void } {
  let over = false
  function check(text: string): void {
    if (over)
      throw new SemelError('SEMEL_TX_OVER', 'this message has ended, and its transaction with it')
    refuseOurs(text)
    if (interleaved) refuseAlone(text)
  }
  const watched = <Q>(query: Q): Q => through(query, line, check)
  const target = sql as Callable
  const face: Callable = new Proxy(target, {
    apply: (_, __, given: Parameters<Callable>) => watched(target(...given)),
    get: (_, name) => {
      const own = instead[name]
      if (own !== undefined) return own
      if (ours.has(name)) throw refused(name)
      return Reflect.get(target, name)
    },
    set(_, name) {
      throw refused(name)
    },
  })
  const instead: Readonly<Record<PropertyKey, unknown>> = {
    unsafe: (...given: Parameters<Callable['unsafe']>) => watched(target.unsafe(...given)),
    // That of `postgres` goes past the transaction.
    notify: (channel: string, payload: string) =>
      face.unsafe('select pg_notify($1, $2)', [channel, payload]),
    savepoint: (...given: readonly unknown[]) => savepoint(face, given.at(-1)),
  }
  return {
    tx: face as Tx,
    end(threw) {
      over = true
      if (threw !== true) line.refuseFailed()
    },
  }
}

/** As `postgres` does it. */
async function savepoint(sql: Callable, work: unknown): Promise<unknown> {
  const name = `semel_handler_${++savepoints}`
  await sql.unsafe(`savepoint ${name}`)
  try {
    const answer = await (work as (sql: unknown) => unknown)(sql)
    const whole = Array.isArray(answer) ? await Promise.all(answer) : answer
    await sql.unsafe(`release savepoint ${name}`)
    return whole
  } catch (error) {
    await sql.unsafe(`rollback to savepoint ${name}`)
    throw error
  }
}

function refused(name: PropertyKey): SemelError {
  return new SemelError(
    'SEMEL_TX_OURS',
    `a handler cannot use ${String(name)}: the transaction is ours`,
  )
}
