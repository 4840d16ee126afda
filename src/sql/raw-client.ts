import { SemelError } from '../errors/semel-error.ts'
import type {
  SqlClient,
  SqlConnection,
  SqlOpening,
  SqlRow,
  SqlStatement,
  SqlTransaction,
} from './client.ts'
import type { Dialect } from './dialect.ts'

/** A connection of the user's pool, on which we begin and commit ourselves. */
export interface RawConnection<out Tx> extends SqlConnection<Tx> {
  /** Whether a handler has left something under way. */
  isBusy(): boolean
  /** What the server says that it did, of the last statement; undefined where its protocol does not say. */
  lastCommand(): string | undefined
  release(destroy: boolean): void
}

/** A pool of such connections. */
export interface RawPool<out Tx>
  extends Pick<
    SqlClient<Tx>,
    'name' | 'connectionsMax' | 'interleaves' | 'query' | 'join' | 'close'
  > {
  acquire(): Promise<RawConnection<Tx>>
}

/** A client whose transactions are ours from BEGIN to COMMIT, each in one round trip with its neighbour. */
export function rawClient<Tx>(
  pool: RawPool<Tx>,
  { storeError, commitError }: Pick<Dialect, 'storeError' | 'commitError'>,
  where: string,
): SqlClient<Tx> {
  async function acquire(): Promise<RawConnection<Tx>> {
    try {
      return await pool.acquire()
    } catch (error) {
      throw storeError(error, where)
    }
  }
  return {
    ...pool,
    guarded: true,
    async transaction(opening, work) {
      const raw = await acquire()
      const { transaction, commit, rollback } = begun(raw, opening)
      let answer: Awaited<ReturnType<typeof work>>
      try {
        answer = await work(transaction)
      } catch (error) {
        raw.release(!(await rollback()))
        throw error
      }
      try {
        await commit()
      } catch (error) {
        raw.release(true)
        throw commitError(error, where)
      }
      raw.release(raw.isBusy())
      return answer
    },
  }
}

interface Begun<Tx> {
  readonly transaction: SqlTransaction<Tx>
  commit(): Promise<void>
  /** False: the connection is not to be used again. */
  rollback(): Promise<boolean>
}

/** Begins with the first statement, whoever sends it. */
function begun<Tx>(raw: RawConnection<Tx>, opening: SqlOpening): Begun<Tx> {
  const beginning = [opening.begin, ...opening.settings, opening.mark]
  const ending: string[] = []
  let starting: Promise<unknown> | undefined
  let mark = ''

  function noteMark(rows: readonly SqlRow[] | undefined): void {
    mark = String(rows?.[0]?.['mark'] ?? '')
  }
  async function all(texts: readonly string[]): Promise<readonly (readonly SqlRow[])[]> {
    if (raw.script !== undefined) return raw.script(texts)
    const rows: (readonly SqlRow[])[] = []
    for (const text of texts) rows.push(await raw.query({ text, values: [] }))
    return rows
  }
  function start(): Promise<unknown> {
    starting ??= all(beginning).then((rows) => noteMark(rows.at(-1)))
    return starting
  }
  async function script(texts: readonly string[]): Promise<readonly (readonly SqlRow[])[]> {
    if (starting !== undefined) {
      await starting
      return all(texts)
    }
    const together = all([...beginning, ...texts])
    starting = together
    const rows = await together
    noteMark(rows[beginning.length - 1])
    return rows.slice(beginning.length)
  }
  return {
    transaction: {
      async begin() {
        await start()
      },
      async query(statement: SqlStatement) {
        await start()
        return raw.query(statement)
      },
      script: raw.script === undefined ? undefined : script,
      forHandler: () => raw.forHandler(opening.interleaved),
      last: (text) => ending.push(text),
    },
    async commit() {
      if (starting === undefined) return
      await starting
      await all([opening.proof(mark), ...ending, 'commit'])
      const command = raw.lastCommand()
      if (command !== undefined && command !== 'COMMIT')
        throw new SemelError('SEMEL_TX_ROLLED_BACK', `COMMIT answered ${command}`)
    },
    async rollback() {
      if (starting === undefined) return !raw.isBusy()
      try {
        await starting.catch(() => undefined)
        // Who is left behind may still be sending: nobody else gets that connection.
        if (raw.isBusy()) return false
        await raw.query({ text: 'rollback', values: [] })
        return true
      } catch {
        return false
      }
    },
  }
}
