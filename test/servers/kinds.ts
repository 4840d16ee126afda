import type { Kind, ServerName } from './kind.ts'
import { mariadb } from './kinds/mariadb.ts'
import { mysql } from './kinds/mysql.ts'
import { pgbouncer } from './kinds/pgbouncer.ts'
import { postgres } from './kinds/postgres.ts'
import { redis } from './kinds/redis.ts'
import { zookeeper } from './kinds/zookeeper.ts'

export const kinds: Readonly<Record<ServerName, Kind>> = {
  postgres,
  mariadb,
  mysql,
  redis,
  zookeeper,
  pgbouncer,
}

export const serverNames: readonly ServerName[] = Object.keys(kinds) as ServerName[]
