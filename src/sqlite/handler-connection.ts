import { SemelError } from '../errors/semel-error.ts'
import { flagsOf, type SqliteConnection } from './connection.ts'
import { type Guard, guarded, guardedFunction, guardedStatement } from './handler-guard.ts'
import { refuseOurs } from './sql-text.ts'

/** The user's own connection object for one handler. */
export interface HandlerConnection {
  readonly tx: SqliteConnection
  /** Makes every later use of it, and of what was made through it, an error. */
  end(): void
}

/** Methods of either client that would end the transaction, or change the connection beyond it. */
const refusedMethods: readonly PropertyKey[] = [
  'open',
  'close',
  Symbol.dispose,
  'backup',
  'deserialize',
  'unsafeMode',
  'defaultSafeIntegers',
  'setAuthorizer',
  'createTagStore',
]

/** Methods that take SQL, and the statement that it is. */
const statementOf: Readonly<Record<string, (text: unknown) => string>> = {
  exec: String,
  prepare: String,
  pragma: (text) => `pragma ${String(text)}`,
}

/**
 * Stands in front of a connection for the time of one handler. Refuses what would end or outlive the transaction,
 * and everything once SQLite has rolled it back by itself: a statement after that would commit on its own.
 */
export function handlerConnection(raw: SqliteConnection): HandlerConnection {
  const { inTransaction } = flagsOf(raw)
  let over = false
  const guard: Guard = {
    iterators: new Set(),
    refuseOver() {
      if (over)
        throw new SemelError(
          'SEMEL_TX_OVER',
          'the transaction has ended for this handler; await everything that it starts',
        )
    },
    refuseOutside() {
      guard.refuseOver()
      if (!inTransaction())
        throw new SemelError('SEMEL_TX_ROLLED_BACK', 'SQLite has rolled the transaction back')
    },
    outward: (value) => (value === raw ? tx : value),
  }
  const tx: SqliteConnection = guarded(raw, guard, (name, method, values) => {
    guard.refuseOver()
    refuseMethod(name)
    refuseOurs(statementOf[String(name)]?.(values[0]))
    guard.refuseOutside()
    const answer: unknown = Reflect.apply(method, raw, values)
    if (name === 'prepare') return guardedStatement(answer as object, guard)
    if (typeof answer === 'function') return guardedFunction(answer as () => unknown, guard)
    return guard.outward(answer)
  })
  return {
    tx,
    end() {
      over = true
      for (const iterator of guard.iterators) endQuietly(iterator)
    },
  }
}

function refuseMethod(name: PropertyKey): void {
  if (!refusedMethods.includes(name)) return
  throw new SemelError('SEMEL_TX_OURS', `a handler cannot call ${String(name)} of its connection`)
}

function endQuietly(iterator: Iterator<unknown>): void {
  try {
    iterator.return?.()
  } catch {
    // Its connection is closed already.
  }
}
