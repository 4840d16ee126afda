// What each strategy guarantees on each database, read off what stores, strategies and effects declare, and what the
// conformance suites said: the blocks of docs/guarantees.md.
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from '../src/inbox/store.ts'
import type { Strategy } from '../src/inbox/strategy.ts'
import { memoryStore } from '../src/memory/index.ts'
import { mysqlStore } from '../src/mysql/index.ts'
import { assure } from '../src/once/assure.ts'
import {
  atLeastOnce,
  atMostOnce,
  checkable,
  type Effects,
  forwardedKey,
} from '../src/once/effects/declarations.ts'
import { beside } from '../src/once/effects/weigh.ts'
import { options } from '../src/options/table.ts'
import { postgresStore } from '../src/postgres/index.ts'
import { redisStore } from '../src/redis/index.ts'
import { sqliteStore } from '../src/sqlite/index.ts'
import {
  inbox,
  marker,
  natural,
  stateMachine,
  uniqueRow,
  upsert,
  version,
} from '../src/strategies/index.ts'

/** What the suites said of one adapter; written by `npm run conformance -- --save`. */
export interface Kept {
  readonly adapter: string
  readonly kind: 'store' | 'source'
  readonly passed: number
  /** Cases that were skipped, by the capability that is declared to be missing. */
  readonly skipped: Readonly<Record<string, number>>
}

const because = 'the reason that you write'
const nothing = async (): Promise<undefined> => undefined

/** Only asked what they declare: nobody connects. */
const stores: readonly (readonly [name: string, store: Store])[] = [
  ['SQLite', sqliteStore(join(tmpdir(), 'nobody-opens-this.db'))],
  ['PostgreSQL', postgresStore(fakePool())],
  ['MariaDB', mysqlStore(fakePool())],
  ['MySQL', mysqlStore(fakePool())],
  ['Redis', redisStore(fakeRedis())],
  ['memory', memoryStore()],
]

const table = 't'
const of = (): never => ({}) as never
const strategies: readonly (readonly [name: string, strategy: Strategy])[] = [
  ['inbox()', inbox()],
  ['uniqueRow({ … })', uniqueRow({ table, unique: ['a'], of })],
  [
    'stateMachine({ … })',
    stateMachine({ table, id: 'a', state: 'b', graph: { x: ['y'], y: [] }, of }),
  ],
  ['version({ … })', version({ table, id: 'a', version: 'b', of })],
  ['upsert({ … })', upsert({ table, key: ['a'], newest: 'b', of })],
  ['natural({ because })', natural({ because })],
  ['marker({ because })', marker({ because })],
]
const effects: readonly (readonly [name: string, effects: Effects])[] = [
  ['forwardedKey({ … })', { effect: forwardedKey({ remembersMs: 86_400_000 }) }],
  ['checkable({ … })', { effect: checkable(nothing) }],
  ['atLeastOnce({ because })', { effect: atLeastOnce({ because }) }],
  ['atMostOnce({ because })', { effect: atMostOnce({ because }) }],
]

/** Of each line: what is written, where its effect is, and the level on each store. */
export function matrixBlock(): string {
  const head = ['you write', 'the effect is', ...stores.map(([name]) => name)]
  const rows = [
    ...strategies.map(([name, strategy]) => [code(name), placeOf(strategy), ...levels(strategy)]),
    ...effects.map(([name, one]) => [
      code(`effects: { mail: ${name} }`),
      'anywhere, through `effects`',
      ...levels(beside('matrix', one, inbox()), one),
    ]),
  ]
  return `${tableOf(head, rows)}\n–: refused at start, because the store has no transactions in which a row could be guarded.\n`
}

/** When a promise does not hold, in the words that are printed at start. */
export function windowsBlock(): string {
  const [, store] = stores[1] ?? []
  if (store === undefined) throw new Error('there is no store')
  const rows = [
    ...strategies.map(([name, strategy]) => [code(name), windowsOf(store, strategy)]),
    ...effects.map(([name, one]) => [
      code(name),
      windowsOf(store, beside('matrix', one, inbox()), one),
    ]),
  ]
  const all = `a message that comes again after its record was forgotten (\`retentionMs\`, ${options.retentionMs.default / 86_400_000} days) takes effect again`
  return `Everywhere: ${all}.\n\n${tableOf(['you write', 'besides'], rows)}`
}

/** What the suites said. */
export function conformanceBlock(root: string): string {
  const kept = JSON.parse(
    readFileSync(join(root, 'test/conformance/kept.json'), 'utf8'),
  ) as readonly Kept[]
  const rows = kept.map(({ adapter, kind, passed, skipped }) => [
    code(adapter),
    kind,
    String(passed),
    Object.entries(skipped)
      .map(([why, cases]) => `${cases} for want of ${why}`)
      .join('; ') || '–',
  ])
  return tableOf(['adapter', 'port', 'promises kept', 'skipped'], rows)
}

function levels(strategy: Strategy, given: Effects = {}): readonly string[] {
  return stores.map(([, store]) => {
    try {
      if (strategy.guard !== undefined && store.guards === undefined) return '–'
      return assure(store, strategy, options.retentionMs.default, given).level
    } catch {
      return '–'
    }
  })
}

function windowsOf(store: Store, strategy: Strategy, given: Effects = {}): string {
  const { windows } = assure(store, strategy, options.retentionMs.default, given)
  const own = windows.filter((text) => !text.includes('retentionMs'))
  return own.length === 0 ? '–' : own.join('; ')
}

function placeOf({ path }: Strategy): string {
  return {
    transaction: 'rows of the same database, through `tx`',
    lease: 'anywhere; the handler gets no `tx`',
    either: 'rows through `tx` where the store has transactions, else anywhere',
  }[path]
}

function code(text: string): string {
  return `\`${text}\``
}

export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('')
}

function fakePool(): never {
  const pool = {
    options: { max: 10 },
    totalCount: 0,
    config: {},
    pool: { config: {}, getConnection: nothing },
  }
  return Object.assign(pool, {
    connect: nothing,
    query: nothing,
    execute: nothing,
    getConnection: nothing,
    end: nothing,
    on: nothing,
  }) as never
}

function fakeRedis(): never {
  return { sendCommand: nothing, isOpen: true, on: nothing } as never
}
