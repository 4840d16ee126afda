import { setTimeout as pause } from 'node:timers/promises'
import { isSemelError } from '../errors/semel-error.ts'
import type { Store } from '../inbox/store.ts'
import { type KeptLease, type LeaseKeeper, leaseKeeper } from '../once/lease-keeper.ts'
import { resolveOptions } from '../options/resolve.ts'
import type { IdGenerator } from './id-generator.ts'
import { type Mint, mint } from './mint.ts'
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

/** What a generator is, from its making to its end. */
interface Life {
  readonly store: Store
  readonly leaseMs: number
  /** Left free at the end of a lease: so far the store's clock may step back unnoticed. */
  readonly marginMs: number
  readonly keeper: LeaseKeeper
  readonly ids: Mint
  readonly closing: AbortController
  held: Held | undefined
  replacing: Promise<void> | undefined
  closed: Promise<void> | undefined
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
  options: SnowflakeOptions = {},
): Promise<SnowflakeIds> {
  const { leaseMs } = resolveOptions('snowflakeIds()', options, ['leaseMs'], [])
  const life: Life = {
    store,
    leaseMs,
    marginMs: leaseMs / 3,
    keeper: leaseKeeper(store.leases, leaseMs),
    ids: mint(),
    closing: new AbortController(),
    held: undefined,
    replacing: undefined,
    closed: undefined,
  }
  await store.prepare()
  await acquire(life)
  return {
    next: life.ids.next,
    close: () => (life.closed ??= giveBack(life)),
  }
}

async function acquire(life: Life): Promise<void> {
  const { store, leaseMs, keeper } = life
  const number = await claimNumber(store, leaseMs)
  const kept = keeper.keep(number.lease, number.sinceMs, () => void adjust(life, mine))
  const mine: Held = { number, kept }
  life.held = mine
  kept.signal.addEventListener('abort', () => replace(life, mine, kept.signal.reason))
  try {
    await follow(life, mine)
  } catch (error) {
    kept.release()
    life.held = undefined
    throw error
  }
}

/** After each renewal: the time of the number goes on, by what the store says. */
async function adjust(life: Life, mine: Held): Promise<void> {
  try {
    await follow(life, mine)
  } catch {
    // The time that it has stays as it is, and ends.
  }
}

async function follow(life: Life, mine: Held): Promise<void> {
  const { store, ids, marginMs } = life
  const span = await spanOf(store.leases, mine.number, marginMs)
  if (span === undefined || life.held !== mine) return
  const usedMs = ids.usedMs() ?? 0
  if (span.belowMs + marginMs > usedMs) return ids.use(span)
  // Its clock stepped back behind what was named: the number waits until that has passed again.
  replace(life, mine, new Error('the clock of the store stepped back'))
  await restNumber(store.leases, mine.number, usedMs, marginMs)
}

function replace(life: Life, lost: Held, why: unknown): void {
  lost.kept.release()
  if (life.held !== lost) return
  life.held = undefined
  life.ids.refuse('its worker number is lost', why)
  if (!life.closing.signal.aborted) life.replacing = acquireAgain(life)
}

async function acquireAgain(life: Life): Promise<void> {
  const { closing, leaseMs, ids } = life
  while (life.held === undefined && !closing.signal.aborted) {
    try {
      await acquire(life)
    } catch (error) {
      ids.refuse('it could get no worker number', error)
      if (isSemelError(error) && !error.retryable) return
      await pause(leaseMs / 6, undefined, closing).catch(() => undefined)
    }
  }
}

async function giveBack(life: Life): Promise<void> {
  const { closing, ids, store, marginMs } = life
  closing.abort()
  await life.replacing
  const usedMs = ids.usedMs()
  ids.refuse('it is closed')
  if (life.held === undefined) return
  const { number, kept } = life.held
  life.held = undefined
  kept.release()
  // Not given back, the number is free when its lease has ended.
  await restNumber(store.leases, number, usedMs, marginMs).catch(() => undefined)
}
