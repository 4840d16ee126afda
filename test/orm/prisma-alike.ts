import type { Pool, PoolClient } from 'pg'
import type { PrismaDatabase, PrismaTransaction } from 'semel/orm/prisma'

/** The errors of Prisma's raw statements: its own code, and that of the database beside it. */
class KnownRequestError extends Error {
  readonly code = 'P2010'
  readonly meta: { readonly code: string; readonly message: string }
  constructor(error: Error & { readonly code?: string }) {
    super(`Raw query failed. Code: ${error.code}. Message: ${error.message}`)
    this.meta = { code: String(error.code), message: error.message }
  }
}

export interface AlikeTransaction extends PrismaTransaction {
  $executeRawUnsafe(text: string, ...values: unknown[]): Promise<number>
  $queryRaw(strings: TemplateStringsArray, ...values: unknown[]): Promise<unknown>
}

/**
 * Looks like a `PrismaClient`, by its documentation: Prisma itself needs engines that are downloaded. Bytes come as
 * `Uint8Array`, whole numbers of eight bytes as `bigint`; statements go one at a time.
 */
export function prismaAlike(pool: Pool): PrismaDatabase<AlikeTransaction> & {
  readonly asked: object[]
} {
  const asked: object[] = []
  return {
    asked,
    ...over(pool),
    async $transaction(work, options = {}) {
      asked.push(options)
      const client = await pool.connect()
      let isOpen = true
      const timer = setTimeout(() => (isOpen = false), options.timeout ?? 5_000)
      try {
        await client.query('begin')
        const answer = await work(over(client))
        if (!isOpen) throw Object.assign(new Error('Transaction already closed'), { code: 'P2028' })
        await client.query('commit')
        return answer
      } catch (error) {
        await client.query('rollback')
        throw error
      } finally {
        clearTimeout(timer)
        client.release()
      }
    },
  }
}

function over(client: Pool | PoolClient): AlikeTransaction {
  async function ask(text: string, values: readonly unknown[]): Promise<unknown[]> {
    try {
      const { rows, fields } = await client.query(text, [...values])
      const wide = new Set(fields.filter((one) => one.dataTypeID === 20).map((one) => one.name))
      return rows.map((row) => Object.fromEntries(Object.entries(row).map(prismas(wide))))
    } catch (error) {
      throw new KnownRequestError(error as Error)
    }
  }
  return {
    $queryRawUnsafe: async <T>(text: string, ...values: unknown[]) =>
      (await ask(text, values)) as T,
    $executeRawUnsafe: async (text, ...values) => (await ask(text, values)).length,
    $queryRaw: (strings, ...values) =>
      ask(
        strings.reduce((text, part, at) => `${text}$${at}${part}`),
        values,
      ),
  }
}

function prismas(
  wide: ReadonlySet<string>,
): (column: [string, unknown]) => readonly [string, unknown] {
  return ([name, value]) => {
    if (value instanceof Uint8Array) return [name, new Uint8Array(value)]
    return [name, wide.has(name) && value !== null ? BigInt(value as string) : value]
  }
}
