import type { Message } from '../delivery/message.ts'
import { SemelError } from '../errors/semel-error.ts'
import { type Bytes, hex } from '../inbox/bytes.ts'
import { monotonicMs } from '../inbox/clock.ts'
import type { Identity } from '../inbox/identity.ts'
import { encodeKey } from '../inbox/key.ts'
import type { OpenTransaction } from '../inbox/store.ts'
import { callHandler } from '../once/perform.ts'
import { performWith } from '../once/transaction.ts'
import { Blame, blameOne } from './blame.ts'
import type { BatchAnswer } from './consumer-options.ts'
import type { Flow } from './flow.ts'
import type { Runtime } from './runtime.ts'
import { taskOf } from './work.ts'

/** One message of a batch, as its handler gets it. */
export interface Member {
  readonly identity: Identity
  /** For maps in process. */
  readonly name: string
  readonly fingerprint: Bytes
  readonly message: Message<unknown>
  /** Undefined: it keeps no order. */
  readonly lane: string | undefined
  /** From 1. */
  readonly attempt: number
}

/** What one round is made for: these members, in one transaction. */
export interface Round<M extends Member> {
  readonly members: readonly M[]
  /** Whether each handler gets a savepoint of its own. */
  readonly guarded: boolean
  /** Whose handler runs now, where they run one after another. */
  readonly now: { member: M | undefined }
  /** Filled in: how long all handlers took together. */
  readonly took: { handlersMs: number }
}

/** What the handlers of a batch came to, in a transaction that can still be committed. */
export interface Performed<M extends Member> {
  readonly done: readonly M[]
  /** Their effects are taken back. */
  readonly failed: ReadonlyMap<M, unknown>
}

/** One batch on its way through the handlers. */
export interface Batch<M extends Member> extends Round<M> {
  readonly open: OpenTransaction<unknown>
  readonly run: Runtime
  /** Abort the handlers: the leases of the batch. */
  readonly lost: readonly AbortSignal[]
}

type Gear = <M extends Member>(batch: Batch<M>) => Promise<Performed<M>>

/**
 * How handlers run inside a batch, by what the user declares (DESIGN 3). What is neither done nor failed has not
 * begun: the time of the batch was over, or it stands in a lane behind one that failed.
 *
 * @throws Blame when the transaction must be rolled back.
 */
export async function perform<M extends Member>(batch: Batch<M>): Promise<Performed<M>> {
  const beganMs = monotonicMs()
  const performed = await gearOf(batch.run.flow)(batch)
  batch.took.handlersMs = monotonicMs() - beganMs
  return performed
}

function gearOf({ options, store }: Flow): Gear {
  if (options.handlerBatch !== undefined) return allAtOnce
  return options.independentBy !== undefined && store.capabilities.interleaves
    ? interleaved
    : oneByOne
}

async function oneByOne<M extends Member>(batch: Batch<M>): Promise<Performed<M>> {
  const untilMs = monotonicMs() + batch.run.flow.limits.batchMsMax
  const done: M[] = []
  const failed = new Map<M, unknown>()
  const closed = new Set<string>()
  for (const member of batch.members) {
    if (done.length > 0 && monotonicMs() > untilMs) break
    if (member.lane !== undefined && closed.has(member.lane)) continue
    const failure = await performOne(member, batch)
    if (failure === undefined) done.push(member)
    else failed.set(member, failure.error)
    if (failure !== undefined && member.lane !== undefined) closed.add(member.lane)
  }
  return { done, failed }
}

/** P11: messages of different values are under way together, started in the order of their values. */
async function interleaved<M extends Member>(batch: Batch<M>): Promise<Performed<M>> {
  const { independentBy } = batch.run.flow.options
  const valued = batch.members.map((member) => {
    const value = independentBy?.(member.message as never)
    return { member, value: hex(encodeKey(value).key) }
  })
  const last = new Map<string, Promise<unknown>>()
  const after = (name: string | undefined): Promise<unknown> =>
    (name === undefined ? undefined : last.get(name)) ?? Promise.resolve()
  const sorted = valued.toSorted((a, b) => (a.value < b.value ? -1 : Number(a.value > b.value)))
  const running = sorted.map(({ member, value }) => {
    const lane = member.lane === undefined ? undefined : `lane ${member.lane}`
    const begin = Promise.all([after(value), after(lane)])
    const over = begin.then(() =>
      performWith(
        batch.open,
        taskOf(member, batch.run),
        limitsOf(batch),
        member.attempt,
        batch.lost,
      ),
    )
    last.set(value, over)
    if (lane !== undefined) last.set(lane, over)
    return over.catch((error: unknown) => {
      throw blameOne(member, error)
    })
  })
  // All have ended before anything is rolled back: what is queued on the connection fails with the first.
  const ended = await Promise.allSettled(running)
  const broken = ended.find(({ status }) => status === 'rejected')
  if (broken?.status === 'rejected') throw broken.reason
  return { done: batch.members, failed: new Map() }
}

async function allAtOnce<M extends Member>(batch: Batch<M>): Promise<Performed<M>> {
  const { open, members, run, lost } = batch
  const { handlerBatch } = run.flow.options
  const messages = members.map(({ message }) => message)
  const { tx, end } = open.forHandler()
  try {
    const failed = await callHandler(
      async ({ signal }) => {
        const answer = await handlerBatch?.(messages as never, { tx, signal })
        return namedIn(answer?.failed ?? [], members)
      },
      limitsOf(batch),
      [run.aborting],
      lost,
    )
    // What it did for them is not known to be nothing: all of it is taken back.
    if (failed.size > 0) throw new Blame(failed, false, false)
    return { done: members, failed }
  } finally {
    end()
  }
}

function namedIn<M extends Member>(
  failed: BatchAnswer<unknown>['failed'],
  members: readonly M[],
): ReadonlyMap<M, unknown> {
  return new Map(
    failed.map(({ message, error }) => {
      const member = members.find((one) => one.message === message)
      if (member === undefined)
        throw new SemelError(
          'SEMEL_BATCH_ANSWER_INVALID',
          'handlerBatch named a failed message that it was not given; name the very objects of its list',
        )
      return [member, error]
    }),
  )
}

/** Undefined: done. A failure that a savepoint contains does not end the batch. */
async function performOne<M extends Member>(
  member: M,
  { open, run, lost, guarded, now }: Batch<M>,
): Promise<{ readonly error: unknown } | undefined> {
  const perform = (): Promise<unknown> =>
    performWith(open, taskOf(member, run), run.flow.limits, member.attempt, lost)
  now.member = member
  try {
    await (guarded ? open.savepoint(perform) : perform())
    return undefined
  } catch (error) {
    const blame = blameOne(member, error)
    if (guarded && blame instanceof Blame && blame.contained)
      return { error: blame.failed.get(member) }
    throw blame
  } finally {
    now.member = undefined
  }
}

function limitsOf<M extends Member>({ run }: Batch<M>): Flow['limits'] {
  return run.flow.limits
}
