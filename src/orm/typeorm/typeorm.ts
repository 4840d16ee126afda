import { SemelError } from '../../errors/semel-error.ts'
import type { SqlRow, SqlStatement } from '../../sql/client.ts'
import {
  at,
  bindable,
  type ConnectorOptions,
  connectionsOf,
  type ConnectorTransaction,
  type HandlerGuard,
  needs,
  refuseName,
  type SqlConnector,
} from '../../sql/connector.ts'

/** What is used of an `EntityManager`. */
export interface TypeormManager {
  readonly queryRunner?: object | undefined
}

/** What is used of a `DataSource`. */
export interface TypeormDataSource<out Tx = unknown> {
  transaction(
    isolation: 'READ COMMITTED' | 'REPEATABLE READ' | 'SERIALIZABLE',
    work: (manager: Tx) => Promise<void>,
  ): Promise<void>
  createEntityManager(runner?: never): Tx
}

interface Source<Tx> {
  createQueryRunner(): Runner<Tx>
  createEntityManager(runner: Runner<Tx>): Tx
  transaction(work: (manager: Tx) => Promise<void>): Promise<void>
}

interface Runner<Tx> {
  manager: Tx
  query(
    text: string,
    values: unknown[] | undefined,
    structured: true,
  ): Promise<{ readonly records?: unknown }>
  release(): Promise<void>
}

/**
 * TypeORM 0.3.20 or newer, on PostgreSQL, MySQL and MariaDB: handlers get an `EntityManager`, each a fresh one.
 *
 * @throws SEMEL_OPTION_INVALID
 */
export function typeorm<Tx extends TypeormManager>(
  given: TypeormDataSource<Tx>,
  options: ConnectorOptions = {},
): SqlConnector<Tx> {
  needs(given, ['transaction', 'createQueryRunner', 'createEntityManager'], 'typeorm(dataSource)')
  const source = given as unknown as Source<Tx>
  const told = at(given, 'options.poolSize') ?? at(given, 'options.extra.max')
  return {
    connects: 'sql',
    name: 'typeorm',
    connectionsMax: connectionsOf(options, told),
    async query(statement) {
      const runner = source.createQueryRunner()
      try {
        return await send(runner, statement)
      } finally {
        await runner.release()
      }
    },
    transaction({ isolation }, work) {
      const within = (manager: Tx): Promise<void> => work(over(source, manager))
      if (isolation === undefined) return source.transaction(within)
      return given.transaction(levels[isolation], within)
    },
    join(tx) {
      if (at(tx, 'queryRunner.isTransactionActive') === true) return over(source, tx as Tx)
      throw new SemelError(
        'SEMEL_OPTION_INVALID',
        'runIn needs an EntityManager of TypeORM with a transaction open on it',
      )
    },
  }
}

const levels = {
  'read committed': 'READ COMMITTED',
  'repeatable read': 'REPEATABLE READ',
  serializable: 'SERIALIZABLE',
} as const

function over<Tx extends TypeormManager>(
  source: Source<Tx>,
  manager: Tx,
): ConnectorTransaction<Tx> {
  const runner = manager.queryRunner as Runner<Tx>
  return {
    query: (statement) => send(runner, statement),
    face: (guard) => guarded(source, runner, guard),
  }
}

async function send(
  runner: Pick<Runner<unknown>, 'query'>,
  statement: SqlStatement,
): Promise<readonly SqlRow[]> {
  const values = bindable(statement)
  const { records } = await runner.query(statement.text, values, true)
  return Array.isArray(records) ? (records as readonly SqlRow[]) : []
}

/** A manager over the same connection: everything that it does comes to the runner at last, with its text. */
function guarded<Tx extends TypeormManager>(
  source: Source<Tx>,
  runner: Runner<Tx>,
  { check }: HandlerGuard,
): Tx {
  const { query } = runner
  const face = Object.create(runner, {
    query: {
      value: async (text: string, ...rest: readonly unknown[]) => {
        check(text)
        return Reflect.apply(query, runner, [text, ...rest])
      },
    },
    release: { value: () => refuseName('release') },
    manager: { value: undefined, writable: true },
  }) as Runner<Tx>
  face.manager = source.createEntityManager(face)
  return face.manager
}
