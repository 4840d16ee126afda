import { SemelError } from '../errors/semel-error.ts'
import type { SqlConnection, SqlRow, SqlStatement } from '../sql/client.ts'
import type { RawConnection, RawPool } from '../sql/raw-connection.ts'
import { ours } from '../sql/outside.ts'
import { guardedClient } from './pg-guard.ts'

/** What is used of `pg`'s client. */
export interface PgClient {
  query(query: {
    readonly text: string
    readonly values?: unknown[]
  }): Promise<{ readonly rows: readonly SqlRow[]; readonly command?: string }>
  getTransactionStatus?(): string | null
  readonly connection?: { readonly stream?: { destroy(): unknown } }
}

export interface PgPooled extends PgClient {
  on(event: 'error', listener: (error: Error) => void): unknown
  removeListener(event: 'error', listener: (error: Error) => void): unknown
  release(destroy?: boolean | Error): void
}

/**
 * What is used of `pg`'s `Pool`. Two signatures of `connect`, because `pg` overloads it, and only so the type of
 * the client is found.
 */
export interface PgPool<C extends PgPooled = PgPooled> {
  connect(): Promise<C>
  connect(
    callback: (
      error: Error | undefined,
      client: C | undefined,
      done: (release?: unknown) => void,
    ) => void,
  ): void
  readonly options: { readonly max?: number | undefined; readonly pipeline?: boolean | undefined }
  readonly totalCount: number
}

/** Transactions on `pg`: ours from BEGIN to COMMIT. */
export function pgPool<C extends PgPooled>(pool: PgPool<C>): RawPool<C> {
  return {
    name: 'pg',
    pool,
    connectionsMax: pool.options.max ?? 10,
    interleaves: pool.options.pipeline === true,
    async acquire() {
      return rawConnection(await ours(() => pool.connect()))
    },
    join: (tx) => joined(tx as C),
    close: async () => undefined,
  }
}

function rawConnection<C extends PgPooled>(client: C): RawConnection<C> {
  // Its statements fail with the same error; without a listener it would end the process.
  client.on('error', ignore)
  const running = { statements: 0 }
  let command: string | undefined
  return {
    ...queries(client, (last) => {
      command = last
    }),
    forHandler: (interleaved) => guardedClient(client, running, interleaved),
    isBusy: () => running.statements > 0,
    lastCommand: () => command,
    release(destroy) {
      // Pipelined, it would wait for what is under way.
      if (destroy) client.connection?.stream?.destroy()
      if (!destroy) client.removeListener('error', ignore)
      client.release(destroy)
    },
  }
}

function ignore(): void {}

function queries<C extends PgClient>(
  client: C,
  note: (command: string | undefined) => void = () => undefined,
): Pick<SqlConnection<C>, 'query' | 'script'> {
  return {
    async query({ text, values }: SqlStatement) {
      const { rows, command } = await client.query({ text, values: [...values] })
      note(command)
      return rows
    },
    async script(texts) {
      const answer = await client.query({ text: texts.join(';\n') })
      const answers = Array.isArray(answer) ? (answer as (typeof answer)[]) : [answer]
      note(answers.at(-1)?.command)
      return answers.map(({ rows }) => rows)
    },
  }
}

function joined<C extends PgPooled>(tx: C): SqlConnection<C> {
  if (typeof tx?.query !== 'function')
    throw new SemelError(
      'SEMEL_OPTION_INVALID',
      'runIn needs a client of pg with a transaction open on it',
    )
  const status = tx.getTransactionStatus?.()
  if (status !== undefined && status !== 'T')
    throw new SemelError('SEMEL_TX_OVER', 'there is no open transaction on this client of pg')
  const running = { statements: 0 }
  return { ...queries(tx), script: undefined, forHandler: () => guardedClient(tx, running) }
}
