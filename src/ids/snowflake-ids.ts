import { setTimeout as pause } from 'node:timers/promises'
import { isSemelError } from '../errors/semel-error.ts'
import type { Store } from '../inbox/store.ts'
import { type KeptLease, leaseKeeper } from '../once/lease-keeper.ts'
import { resolveOptions } from '../options/resolve.ts'
import type { IdGenerator } from './id-generator.ts'
import { mint } from './mint.ts'
import { claimNumber, restNumber, spanOf, type WorkerNumber } from './worker-number.ts'

export interface SnowflakeOptions {
  /** How long a worker number is ours without being renewed, in milliseconds. Default: 30 000. */
  readonly leaseMs?: number
}

export interface SnowflakeIds extends IdGenerator<bigint> {
  /**
   * @throws SEMEL_ID_REFUSED while it has no worker number whose time covers now: after a pause longer than the
   * lease, while the store cannot be reached, and after its clock stepped back far. It gets one again by itself.
   */
  next(): bigint
  /** Gives the number back. Until then it is renewed, and keeps the process alive. */
  close(): Promise<void>
}

/** A number in hand, and its renewal. */
interface Held {
  readonly number: WorkerNumber
  readonly kept: KeptLease
}

/**
 * Snowflakes: 41 bits of milliseconds since 2025 by the clock of the store, 10 bits of worker number, 12 bits of
 * sequence, as bigint. The number is leased from the store, so that of all who share the store no two have one.
 *
 * @throws SEMEL_ID_NUMBERS_USED when 1,024 workers run, SEMEL_OPTION_INVALID, SEMEL_STORE_…
 * @example
 * const ids = await snowflakeIds(sqliteStore('shop.db'))
 * await publisher.send({ body: { orderId: ids.next() } })
 * await ids.close()
 */
export async function snowflakeIds(
  store: Store,
  given: SnowflakeOptions = {},
): Promise<SnowflakeIds> {
  const { leaseMs } = resolveOptions('snowflakeIds', given, ['leaseMs'], [])
  const { leases } = store
  const marginMs = leaseMs / 3
  const keeper = leaseKeeper(leases, leaseMs)
  const ids = mint()
  const closing = new AbortController()
  let held: Held | undefined
  let replacing: Promise<void> | undefined
  let closed: Promise<void> | undefined

  async function acquire(): Promise<void> {
    const number = await claimNumber(store, leaseMs)
    const kept = keeper.keep(number.lease, number.sinceMs, () => void adjust(mine))
    const mine: Held = { number, kept }
    held = mine
    kept.signal.addEventListener('abort', () => replace(mine, kept.signal.reason))
    try {
      const span = await spanOf(leases, number, marginMs)
      if (span !== undefined && held === mine) ids.use(span)
    } catch (error) {
      kept.release()
      held = undefined
      throw error
    }
  }

  /** After each renewal: the time of the number goes on, by what the store says. */
  async function adjust(mine: Held): Promise<void> {
    const span = await spanOf(leases, mine.number, marginMs).catch(() => undefined)
    if (span === undefined || held !== mine) return
    // Its clock stepped back behind what was named: the number waits until that has passed again.
    if (span.belowMs + marginMs <= (ids.usedMs() ?? 0)) {
      await restNumber(leases, mine.number, ids.usedMs(), marginMs).catch(() => undefined)
      return replace(mine, new Error('the clock of the store stepped back'))
    }
    ids.use(span)
  }

  function replace(lost: Held, why: unknown): void {
    lost.kept.release()
    if (held !== lost) return
    held = undefined
    ids.refuse('its worker number is lost', why)
    replacing = closing.signal.aborted ? undefined : acquireAgain()
  }

  async function acquireAgain(): Promise<void> {
    while (held === undefined && !closing.signal.aborted) {
      try {
        return await acquire()
      } catch (error) {
        ids.refuse('it could get no worker number', error)
        if (isSemelError(error) && !error.retryable) return
        await pause(leaseMs / 6, undefined, closing).catch(() => undefined)
      }
    }
  }

  async function giveBack(): Promise<void> {
    closing.abort()
    ids.refuse('it is closed')
    await replacing
    ids.refuse('it is closed')
    if (held === undefined) return
    const { number, kept } = held
    held = undefined
    kept.release()
    // Not given back, the number is free when its lease has ended.
    await restNumber(leases, number, ids.usedMs(), marginMs).catch(() => undefined)
  }

  await store.prepare()
  await acquire()
  return {
    next: ids.next,
    close: () => (closed ??= giveBack()),
  }
}
