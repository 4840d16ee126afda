import { SemelError } from '../errors/semel-error.ts'
import { isThenable } from '../once/perform.ts'
import { isContention } from './mysql-errors.ts'
import { refuseOurs } from './sql-text.ts'

/** What a handler cannot do with a connection of ours. */
const ours = new Set<PropertyKey>([
  'release',
  'destroy',
  'end',
  'close',
  'reset',
  'beginTransaction',
  'commit',
  'rollback',
  'changeUser',
  'connection',
  'promise',
  Symbol.asyncDispose,
  Symbol.dispose,
])

/** What takes the text of a statement. */
const sending = new Set<PropertyKey>(['query', 'execute', 'prepare', 'unprepare'])

const guarded = new WeakSet<object>()

/** Whether this is what a handler of ours has got. */
export function isGuarded(tx: object): boolean {
  return guarded.has(tx)
}

/**
 * The user's connection, for the time of one handler: what would end the transaction, or outlive it, is refused in
 * front of it (P9). After a deadlock the transaction is gone, after a lock that was waited for too long a statement is
 * missing: whatever the handler makes of that, nothing more is sent, and nothing is committed.
 */
export function guardedConnection<C extends object>(
  connection: C,
  running: { statements: number },
): { readonly tx: C; end(threw?: boolean): void } {
  let over = false
  let spoilt: { readonly cause: unknown } | undefined

  function refuseSpoilt(): void {
    if (spoilt === undefined) return
    const text = 'the transaction cannot be committed: a statement of the handler met another one'
    throw new SemelError('SEMEL_TX_ROLLED_BACK', text, spoilt)
  }
  function watched(answer: unknown): unknown {
    if (!isThenable(answer)) return answer
    running.statements++
    answer.then(
      () => running.statements--,
      (cause: unknown) => {
        running.statements--
        if (isContention(cause)) spoilt = { cause }
      },
    )
    return answer
  }
  function sender(method: (...given: readonly unknown[]) => unknown) {
    return (...given: readonly unknown[]): unknown => {
      if (over) throw refusedLate()
      refuseSpoilt()
      refuseOurs(sqlOf(given[0]))
      return watched(Reflect.apply(method, connection, given))
    }
  }
  const tx = new Proxy(connection, {
    get(target, name) {
      if (ours.has(name)) throw refused(name)
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return sending.has(name) ? sender(value as () => unknown) : value.bind(target)
    },
    has: (target, name) => !ours.has(name) && Reflect.has(target, name),
    set(_, name) {
      throw refused(name)
    },
  })
  guarded.add(tx)
  return {
    tx,
    end(threw) {
      over = true
      if (threw !== true) refuseSpoilt()
    },
  }
}

/** A text, or an object with one. */
function sqlOf(query: unknown): unknown {
  return typeof query === 'object' && query !== null
    ? (query as { readonly sql?: unknown }).sql
    : query
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
