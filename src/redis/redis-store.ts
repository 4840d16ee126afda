import { SemelError } from '../errors/semel-error.ts'
import type { Clock } from '../inbox/clock.ts'
import type { NoTransaction, Store } from '../inbox/store.ts'
import { resolveOptions } from '../options/resolve.ts'
import { runPiece } from './apply.ts'
import { calls } from './calls.ts'
import { type RedisClient, sender } from './client.ts'
import { knownLeases } from './known-leases.ts'
import { introduction, preparing, untilClosed } from './opening.ts'
import { type Persistence, persistenceWindows } from './prepare.ts'
import { redisInspector } from './redis-inspector.ts'
import { redisLeases } from './redis-leases.ts'
import { redisParking } from './redis-parking.ts'
import { redisRates } from './redis-rates.ts'
import { redisSteps } from './redis-steps.ts'
import type { StoreParts } from './store-parts.ts'
import { together } from './together.ts'

export interface RedisStoreOptions {
  /** What all names begin with; without braces. Default: `semel:`. */
  readonly prefix?: string
  /**
   * What the server keeps of what it has acknowledged, after a crash: all of it (`appendfsync always`), all but the
   * last second or two (`everysec`), or nothing. The server is asked at start, and refused if it keeps less.
   * Default: `always`.
   */
  readonly persistence?: Persistence
  /** Why that is believed where the server may not be asked, as some that are rented cannot. */
  readonly uncheckedBecause?: string
  /** How long a command may be without an answer, in milliseconds. Default: 5 000. */
  readonly commandMsMax?: number
  /** Default: the server's. Give one of your own to let leases and retention pass in a test. */
  readonly clock?: Clock
}

/**
 * Remembers in Redis, with the user's own client of `redis` or `ioredis`, connected already. It has no transactions:
 * effects are elsewhere, under a lease.
 *
 * All of a consumer group is on one server of a cluster. The client must be on one connection, never a pool.
 *
 * @throws SEMEL_OPTION_INVALID, SEMEL_OPTION_UNKNOWN
 * @example redisStore(await createClient().connect(), { persistence: 'everysec' })
 */
export function redisStore(
  client: RedisClient,
  options: RedisStoreOptions = {},
): Store<NoTransaction> {
  const where = 'redisStore'
  const others = ['prefix', 'persistence', 'uncheckedBecause', 'clock']
  const { commandMsMax } = resolveOptions(where, options, ['commandMsMax'], others)
  const { persistence = 'always', uncheckedBecause, clock } = options
  const windows = persistenceWindows[persistence]
  if (windows === undefined)
    throw new SemelError(
      'SEMEL_OPTION_INVALID',
      `${where}: persistence is always, everysec or none`,
    )
  const closable = untilClosed(calls(sender(where, client), commandMsMax))
  const prefix = checkedPrefix(where, options.prefix)
  const common = {
    calls: closable.calls,
    prefix,
    clockMs: clock === undefined ? () => '' : () => String(clock.nowMs()),
  }
  const parts: StoreParts = {
    ...common,
    leases: knownLeases(),
    together: together((group, piece) => runPiece(common, group, piece)),
    introduce: introduction(closable.calls, prefix),
  }
  return {
    name: 'redis',
    capabilities: {
      batchMax: 1_000,
      concurrentTransactions: 1,
      durable: persistence !== 'none',
      handlerMayWait: true,
      interleaves: false,
      timePrecisionMs: 1,
    },
    windows:
      uncheckedBecause === undefined
        ? windows
        : [...windows, `redis: not checked, because ${uncheckedBecause}`],
    leases: redisLeases(parts),
    parking: redisParking(parts),
    rates: redisRates(parts),
    inspector: redisInspector(parts),
    steps: redisSteps(parts),
    guards: undefined,
    transactions: undefined,
    medium: undefined,
    prepare: preparing(parts, { persistence, uncheckedBecause }),
    close: async () => closable.close(),
  }
}

/** @throws SEMEL_OPTION_INVALID: braces of its own would scatter a group over a cluster. */
export function checkedPrefix(where: string, prefix = 'semel:'): string {
  if (typeof prefix === 'string' && prefix !== '' && prefix.isWellFormed() && !/[{}]/.test(prefix))
    return prefix
  throw new SemelError('SEMEL_OPTION_INVALID', `${where}: prefix is a text without braces`)
}
