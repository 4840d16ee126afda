import { SemelError } from '../errors/semel-error.ts'
import type { Claim } from '../inbox/claim.ts'
import type { Lease } from '../inbox/record.ts'
import type { Store } from '../inbox/store.ts'
import { askAgain } from './again.ts'
import { type Answer, refusedAnswer } from './answer.ts'
import { type CarefulTerms, claimKey, newClaimId, performGranted } from './careful.ts'
import { checkGuard, type Settled } from './guarded.ts'
import { answerOf } from './known.ts'
import { type LeaseKeeper, leaseKeeper } from './lease-keeper.ts'
import { HandlerFailure } from './perform.ts'
import { performIn, performNew, type Task } from './transaction.ts'

/** What every call through door 1 shares. */
export interface Door {
  readonly store: Store
  readonly strategy: Settled
  readonly terms: CarefulTerms
  readonly keeper: LeaseKeeper
  /** Prepares the store with the first call of any door, and looks at the table; tried again while it fails. */
  ready(tx?: unknown): Promise<void>
}

/** Per store: a door whose first call comes inside a transaction could not wait for it. */
const prepared = new WeakMap<Store, Promise<void>>()

export function openDoor(store: Store, strategy: Settled, terms: CarefulTerms): Door {
  const keeper = leaseKeeper(store.leases, terms.leaseMs)
  let checked = strategy.guard === undefined
  return {
    store,
    strategy,
    terms,
    keeper,
    async ready(tx) {
      await ready(store)
      if (checked) return
      // Inside the caller's transaction, where there is one: another could wait for it.
      await checkGuard(strategy, store, tx)
      checked = true
    },
  }
}

function ready(store: Store): Promise<void> {
  const known = prepared.get(store)
  if (known !== undefined) return known
  const preparing = store.prepare().catch((error: unknown) => {
    prepared.delete(store)
    throw error
  })
  prepared.set(store, preparing)
  return preparing
}

/** One try: the fast path where record and effect can commit together, the careful path for all else (P29). */
export async function tryOnce(door: Door, task: Task): Promise<Answer> {
  const { store, strategy, terms } = door
  if (strategy.path === 'lease' || store.transactions === undefined) return tryCarefully(door, task)
  const { transactions } = store
  const known = strategy.looksFirst === true ? await lookedUp(door, task) : undefined
  if (known !== undefined) return known
  const committed = await unwrapped(askAgain(() => performNew(transactions, task, terms)))
  if (committed.kind === 'applied')
    return { kind: 'completed', result: committed.result, replayed: false }
  const record = committed.kind === 'known' ? committed.record : undefined
  const claim = answerOf(record, requestOf(task), terms)
  return claim === undefined ? tryCarefully(door, task) : answerClaim(door, task, claim, 0)
}

/** Only what is completed, and the same: everything else is decided by the insert. */
async function lookedUp({ store, terms }: Door, task: Task): Promise<Answer | undefined> {
  const [record] = await store.leases.read([task])
  const claim = answerOf(record, requestOf(task), terms)
  return claim?.kind === 'completed' ? refusedAnswer(claim) : undefined
}

/** Performs inside a transaction that the caller commits; never waits while the caller holds locks (P30). */
export async function performInCallers(door: Door, tx: unknown, task: Task): Promise<Answer> {
  const { store, terms } = door
  if (store.transactions === undefined)
    throw new SemelError(
      'SEMEL_TRANSACTIONS_MISSING',
      `the ${store.name} store has no transactions`,
    )
  const transaction = store.transactions.join(tx, task)
  const committed = await unwrapped(
    transaction.savepoint(() => performIn(transaction, task, terms)),
  )
  if (committed.kind === 'applied')
    return { kind: 'completed', result: committed.result, replayed: false }
  const record = committed.kind === 'known' ? committed.record : undefined
  const claim = answerOf(record, requestOf(task), terms)
  if (claim !== undefined && ['completed', 'mismatched', 'dead'].includes(claim.kind))
    return answerClaim(door, task, claim, 0)
  throw new SemelError(
    'SEMEL_RECORD_UNSETTLED',
    `the record is ${record?.state ?? 'being changed'}; runIn does not wait for it`,
  )
}

async function tryCarefully(door: Door, task: Task): Promise<Answer> {
  const { store, terms } = door
  const request = { ...requestOf(task), claimId: newClaimId() }
  const { claim, sinceMs } = await askAgain(() => claimKey(store, request, terms))
  return answerClaim(door, task, claim, sinceMs)
}

async function answerClaim(door: Door, task: Task, claim: Claim, sinceMs: number): Promise<Answer> {
  if (claim.kind === 'granted') return performOnce(door, task, claim.lease, sinceMs)
  if (claim.kind !== 'exhausted') return refusedAnswer(claim)
  const detail = `${door.terms.attemptsMax} attempts used up`
  const outcome = { state: 'dead', reason: claim.reason, detail, message: undefined } as const
  const buried = await door.store.leases.bury(task, claim.token, outcome)
  return buried === 'buried'
    ? { kind: 'dead', reason: `${claim.reason}: ${detail}` }
    : { kind: 'held', retryAfterMs: 0 }
}

async function performOnce(door: Door, task: Task, lease: Lease, sinceMs: number): Promise<Answer> {
  const { store, terms, keeper } = door
  const { path } = door.strategy
  const granted = {
    lease,
    sinceMs,
    message: undefined,
    path,
    counted: true,
    expired: false,
  } as const
  const performed = await performGranted(store, task, granted, keeper, terms)
  switch (performed.kind) {
    case 'applied':
      return { kind: 'completed', result: performed.result, replayed: false }
    case 'fenced':
      throw new SemelError('SEMEL_FENCED', 'the lease was taken over while the handler ran')
    default:
      throw performed.error
  }
}

function requestOf(task: Task): Parameters<typeof answerOf>[1] {
  const { scope, key, readable, fingerprint } = task
  const claimId = new Uint8Array()
  return { scope, key, readable, fingerprint, claimId, alone: false, by: 'run' }
}

/** The caller gets what the function threw, as it was. */
async function unwrapped<R>(work: Promise<R>): Promise<R> {
  try {
    return await work
  } catch (error) {
    throw error instanceof HandlerFailure ? error.error : error
  }
}
