import type { MysqlPool } from '../mysql/index.ts'
import { closing, importClient } from './clients.ts'
import type { Technology } from './technologies.ts'

interface Mysql2 {
  createPool(options: object): MysqlPool & { end(): Promise<void> }
}

/** As many as a consumer with its defaults has transactions, and some for claims and operators. */
const connections = 20

export const mysql: Technology = {
  isFile: false,
  async store(url) {
    const { mysqlStore } = await import('../mysql/index.ts')
    const pool = await poolOf(url)
    return closing(mysqlStore(pool), () => pool.end())
  },
  async migrate(url) {
    const { migrateMysql } = await import('../mysql/index.ts')
    const pool = await poolOf(url)
    try {
      return await migrateMysql(pool)
    } finally {
      await pool.end()
    }
  },
  async migrations() {
    const { mysqlMigrations } = await import('../mysql/index.ts')
    return mysqlMigrations
  },
}

async function poolOf(url: string): Promise<MysqlPool & { end(): Promise<void> }> {
  const { createPool } = await importClient<Mysql2>('mysql2/promise')
  return createPool({ uri: url.replace(/^mariadb:/, 'mysql:'), connectionLimit: connections })
}
