import { SemelError } from '../errors/semel-error.ts'
import type { Clock } from '../inbox/clock.ts'
import type { Store, StoreCapabilities } from '../inbox/store.ts'
import type { SqlClient } from './client.ts'
import type { Dialect } from './dialect.ts'
import { namesBy } from './names.ts'
import { run, type SqlParts } from './parts.ts'
import { numberOf } from './rows.ts'
import { sqlGuards } from './sql-guards.ts'
import { sqlInspector } from './sql-inspector.ts'
import { sqlLeases } from './sql-leases.ts'
import { sqlParking } from './sql-parking.ts'
import { sqlRates } from './sql-rates.ts'
import { sqlSteps } from './sql-steps.ts'
import { sqlTransactions } from './transactions.ts'

export interface SqlStoreTerms<Tx> {
  readonly client: SqlClient<Tx>
  readonly dialect: Dialect
  readonly where: string
  readonly named: (sql: string) => string
  readonly clock: Clock | undefined
  /** Begins to watch the user's client; answers what ends that. */
  readonly watch?: (store: () => object) => () => void
  /** Looks at tables and settings with every start; answers in which windows they could lose something. */
  readonly check: (parts: SqlParts<Tx>) => Promise<readonly string[]>
}

/** A store of one dialect over one client. */
export function sqlStore<Tx>(terms: SqlStoreTerms<Tx>): Store<Tx> {
  const { dialect, where, check } = terms
  const closing = { begun: false }
  const client = untilClosed(terms.client, closing, where)
  const parts: SqlParts<Tx> = {
    ...terms,
    client,
    names: namesBy((name) => numberOfName(parts, name)),
  }
  const capabilities = capabilitiesOf(client)
  let windows: readonly string[] = []
  const unwatch = terms.watch?.(() => store)
  const store: Store<Tx> = {
    name: dialect.name,
    capabilities,
    leases: sqlLeases(parts),
    parking: sqlParking(parts),
    inspector: sqlInspector(parts),
    steps: sqlSteps(parts),
    rates: sqlRates(parts),
    guards: dialect.rows && sqlGuards(parts, dialect.rows),
    transactions: sqlTransactions(parts, capabilities.concurrentTransactions),
    medium: undefined,
    get windows() {
      return windows
    },
    async prepare() {
      windows = await check(parts)
    },
    async close() {
      closing.begun = true
      unwatch?.()
      await terms.client.close()
    },
  }
  return store
}

function capabilitiesOf({ connectionsMax = 10, interleaves }: SqlClient): StoreCapabilities {
  return {
    batchMax: 1_000,
    // One connection is left for claims, parked messages and operators.
    concurrentTransactions: Math.max(1, connectionsMax - 1),
    durable: true,
    handlerMayWait: true,
    interleaves,
    timePrecisionMs: 1,
  }
}

async function numberOfName(parts: SqlParts, name: Uint8Array): Promise<number | undefined> {
  const on = { connection: parts.client, parts }
  const { find, add } = parts.dialect.statements.names
  const [known] = await run(on, find, { name })
  if (known === undefined) await run(on, add, { name })
  return numberOf(known?.['id'])
}

function untilClosed<Tx>(
  client: SqlClient<Tx>,
  closing: { readonly begun: boolean },
  where: string,
): SqlClient<Tx> {
  const refuse = (): void => {
    if (closing.begun) throw new SemelError('SEMEL_STORE_CLOSED', `the store on ${where} is closed`)
  }
  return {
    ...client,
    async query(statement) {
      refuse()
      return client.query(statement)
    },
    async transaction(opening, work) {
      refuse()
      return client.transaction(opening, work)
    },
    join(tx) {
      refuse()
      return client.join(tx)
    },
  }
}
