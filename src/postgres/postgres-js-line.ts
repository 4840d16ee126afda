import { SemelError } from '../errors/semel-error.ts'

/** A query of `postgres`, as it is before it is sent. */
interface PostgresJsQuery extends PromiseLike<unknown> {
  readonly strings: readonly string[]
  readonly args: readonly unknown[]
  handler: Handler
  readonly cursorFn?: unknown
  readonly active: boolean
  reject(error: unknown): void
  cancel(): Promise<unknown> | null | undefined
}

/** Sends it. */
type Handler = ((query: PostgresJsQuery) => void) & { debug?: unknown }

function isQuery(value: unknown): value is PostgresJsQuery {
  if (typeof value !== 'object' || value === null) return false
  const { handler, strings, args } = value as Partial<PostgresJsQuery>
  return typeof handler === 'function' && Array.isArray(strings) && Array.isArray(args)
}

/** A query that is sent through a line, and looked at before; what is no query stays as it is. */
export function through<Q>(query: Q, line: PostgresJsLine, check?: (text: string) => void): Q {
  if (!isQuery(query)) return query
  const { handler } = query
  const send = (sent: PostgresJsQuery): void => {
    try {
      check?.(textOf(sent))
      line.send(sent, handler)
    } catch (error) {
      sent.reject(error)
    }
  }
  query.handler = Object.assign(send, { debug: handler.debug })
  return query
}

/** As it will be sent, fragments included; what is a value is a question mark. */
function textOf({ strings, args }: PostgresJsQuery): string {
  return strings.map((text, at) => (at === 0 ? '' : spelled(args[at - 1])) + text).join('')
}

function spelled(part: unknown): string {
  if (isQuery(part)) return textOf(part)
  return Array.isArray(part) ? part.map(spelled).join(' ') : '?'
}

/** What is under way on one connection, and what became of the last of it. */
export interface PostgresJsLine {
  send(query: PostgresJsQuery, handler: Handler): void
  /** Whether something is under way. */
  isBusy(): boolean
  /** Asks the server to end what it is at. */
  cancel(): Promise<void>
  /** Rejects everything under way, and refuses whatever comes after. */
  cut(error: Error): void
  /**
   * An error that the handler has swallowed: everything since is lost, whatever it returned.
   *
   * @throws SEMEL_TX_ROLLED_BACK
   */
  refuseFailed(): void
}

/**
 * After a connection was lost, `postgres` would send what comes next through a new one, or through one that is in
 * somebody else's transaction by then: nothing is sent any more once it is cut.
 */
export function postgresJsLine(): PostgresJsLine {
  const running = new Set<PostgresJsQuery>()
  let lost: Error | undefined
  let failed = false
  function isBusy(): boolean {
    // A cursor that is read page by page never settles.
    return [...running].some(({ cursorFn, active }) => cursorFn === undefined || active)
  }
  return {
    isBusy,
    send(query, handler) {
      if (lost !== undefined) throw lost
      running.add(query)
      handler(query)
      query.then(
        () => {
          running.delete(query)
          failed = false
        },
        (error: unknown) => {
          running.delete(query)
          // Everything else has not come to the server, or ended the connection.
          if (/^[0-9A-Z]{5}$/.test(String((error as { code?: unknown }).code))) failed = true
        },
      )
    },
    async cancel() {
      const now = [...running].find(({ active }) => active)
      await Promise.resolve(now?.cancel()).catch(() => undefined)
    },
    cut(error) {
      lost = error
      for (const query of running) query.reject(error)
    },
    refuseFailed() {
      if (!failed || isBusy()) return
      throw new SemelError(
        'SEMEL_TX_ROLLED_BACK',
        'the transaction cannot be committed: a statement of the handler has failed',
      )
    },
  }
}
