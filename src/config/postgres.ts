import type { PgPool } from '../postgres/index.ts'
import { closing, importClient } from './clients.ts'
import type { Technology } from './technologies.ts'

interface Pg {
  readonly default: { readonly Pool: new (options: object) => PgPool & Ended }
}

interface Ended {
  end(): Promise<void>
  on(event: 'error', listener: () => void): unknown
}

/** As many as a consumer with its defaults has transactions, and some for claims and operators. */
const connections = 20

export const postgres: Technology = {
  isFile: false,
  async store(url) {
    const { postgresStore } = await import('../postgres/index.ts')
    const pool = await poolOf(url)
    return closing(postgresStore(pool), () => pool.end())
  },
  async migrate(url) {
    const { migratePostgres } = await import('../postgres/index.ts')
    const pool = await poolOf(url)
    try {
      return await migratePostgres(pool)
    } finally {
      await pool.end()
    }
  },
  async migrations() {
    const { postgresMigrations } = await import('../postgres/index.ts')
    return postgresMigrations
  },
}

async function poolOf(connectionString: string): Promise<PgPool & Ended> {
  const { Pool } = (await importClient<Pg>('pg')).default
  const pool = new Pool({ connectionString, max: connections, pipeline: true })
  // The connections that are idle when the server goes away; whoever asks next is told.
  pool.on('error', () => undefined)
  return pool
}
