import { SemelError } from '../errors/semel-error.ts'
import type { SqlOpening, SqlRow, SqlStatement, SqlTransaction } from './client.ts'
import type { RawConnection } from './raw-connection.ts'
import { textOf } from './rows.ts'

export interface Begun<out Tx> {
  readonly transaction: SqlTransaction<Tx>
  commit(): Promise<void>
  /** False: the connection is not to be used again. */
  rollback(): Promise<boolean>
}

/** Begins with the first statement, whoever sends it. */
export function begun<Tx>(raw: RawConnection<Tx>, opening: SqlOpening): Begun<Tx> {
  const beginning = [opening.begin, ...opening.settings, opening.mark]
  const ending: string[] = []
  let starting: Promise<unknown> | undefined
  let mark = ''

  function noteMark(rows: readonly SqlRow[] | undefined): void {
    mark = textOf(rows?.[0]?.['mark']) ?? ''
  }
  function start(): Promise<unknown> {
    starting ??= sendAll(raw, beginning).then((rows) => noteMark(rows.at(-1)))
    return starting
  }
  async function script(texts: readonly string[]): Promise<readonly (readonly SqlRow[])[]> {
    if (starting !== undefined) {
      await starting
      return sendAll(raw, texts)
    }
    const together = sendAll(raw, [...beginning, ...texts])
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
      await sendAll(raw, [opening.proof(mark), ...ending, 'commit'])
      const command = raw.lastCommand()
      if (command !== undefined && command !== 'COMMIT')
        throw new SemelError('SEMEL_TX_ROLLED_BACK', `COMMIT answered ${command}`)
    },
    async rollback() {
      await starting?.catch(() => undefined)
      // Who is left behind may still be sending: nobody else gets that connection.
      if (raw.isBusy()) return false
      return starting === undefined || rolledBack(raw)
    },
  }
}

type Raw = RawConnection<unknown>

async function sendAll(
  raw: Raw,
  texts: readonly string[],
): Promise<readonly (readonly SqlRow[])[]> {
  if (raw.script !== undefined) return raw.script(texts)
  const rows: (readonly SqlRow[])[] = []
  for (const text of texts) rows.push(await raw.query({ text, values: [] }))
  return rows
}

async function rolledBack(raw: Raw): Promise<boolean> {
  try {
    await raw.query({ text: 'rollback', values: [] })
    return true
  } catch {
    return false
  }
}
