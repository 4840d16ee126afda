import type { Message } from '../delivery/message.ts'
import { isSemelError, SemelError } from '../errors/semel-error.ts'
import { isTooEarly } from '../errors/steering.ts'
import { monotonicMs } from '../inbox/clock.ts'
import { readableKey } from '../inbox/key.ts'
import { insideTransaction } from '../once/inside.ts'
import { callHandler } from '../once/perform.ts'
import { performWith, type Task, withHandler } from '../once/transaction.ts'
import { namedFailures } from './batch-answer.ts'
import { Blame, blameOne } from './blame.ts'
import type { BatchAnswer } from './consumer-options.ts'
import type { Flow } from './flow.ts'
import { interleaved } from './interleaved.ts'
import type { Batch, Member, Performed } from './members.ts'
import { taskOf } from './work.ts'

type Gear = <M extends Member>(batch: Batch<M>) => Promise<Performed<M>>

/**
 * How handlers run inside a batch, by what the user declares (DESIGN 3). What is neither done nor failed has not
 * begun: the time of the batch was over, or it stands in a lane behind one that failed.
 *
 * @throws Blame when the transaction must be rolled back.
 */
export async function perform<M extends Member>(batch: Batch<M>): Promise<Performed<M>> {
  // All were known: no handler is called with nothing.
  if (batch.members.length === 0) return { done: [], failed: new Map() }
  const beganMs = monotonicMs()
  const performed = await gearOf(batch.run.flow)(batch)
  batch.took.handlersMs = monotonicMs() - beganMs
  return performed
}

function gearOf({ options, store }: Flow): Gear {
  if (options.handlerBatch !== undefined) return allAtOnce
  return isInterleaved({ options, store }) ? interleaved : oneByOne
}

export function isInterleaved({ options, store }: Pick<Flow, 'options' | 'store'>): boolean {
  return options.independentBy !== undefined && store.capabilities.interleaves
}

async function oneByOne<M extends Member>(batch: Batch<M>): Promise<Performed<M>> {
  const untilMs = monotonicMs() + batch.run.flow.limits.batchMsMax
  const done: M[] = []
  const failed = new Map<M, unknown>()
  const closed = new Set<string>()
  for (const member of batch.members) {
    if (done.length + failed.size > 0 && monotonicMs() > untilMs) break
    if (member.lane !== undefined && closed.has(member.lane)) continue
    const failure = await performOne(member, batch)
    if (failure === undefined) done.push(member)
    else failed.set(member, failure.error)
    if (failure !== undefined && member.lane !== undefined) closed.add(member.lane)
  }
  return { done, failed }
}

async function allAtOnce<M extends Member>(batch: Batch<M>): Promise<Performed<M>> {
  const { open, members, run, lost } = batch
  const { options, store, limits } = run.flow
  const handle = (messages: readonly Message<unknown>[]): Task['perform'] =>
    insideTransaction(store, (context) =>
      options.handlerBatch?.(messages as never, context as never),
    )
  return withHandler(open, async (tx) => {
    const failed = await callHandler(
      async ({ signal }) => {
        const { applied, failed } = await guardAll(batch, tx)
        if (failed.size > 0 || applied.length === 0) return failed
        const messages = applied.map(({ message }) => message)
        const answer = await handle(messages)({ key: '', attempt: 1, tx, signal })
        return membersOf(namedFailures(answer), members)
      },
      limits,
      [run.aborting],
      lost,
    )
    // What it did for them is not known to be nothing: all of it is taken back.
    if (failed.size > 0) throw new Blame(failed, false, false)
    return { done: members, failed }
  })
}

/** The guards of all come first: the handler gets those whose rows are theirs. */
async function guardAll<M extends Member>(
  { open, members, run }: Batch<M>,
  tx: unknown,
): Promise<{ readonly applied: readonly M[]; readonly failed: ReadonlyMap<M, unknown> }> {
  const { flow } = run
  if (flow.strategy.guard === undefined) return { applied: members, failed: new Map() }
  const applied: M[] = []
  const failed = new Map<M, unknown>()
  for (const member of members) {
    const { key, readable } = member.identity
    try {
      const passed = await flow.isPassed(member.message, { tx, key: readableKey(key, readable) })
      if (!passed) applied.push(member)
    } catch (error) {
      const contended = open.nobodysFault(error)
      if (contended !== undefined) throw contended
      failed.set(member, error)
      // What the database threw may have ended the transaction for all.
      if (!isTooEarly(error) && !isSemelError(error)) break
    }
  }
  return { applied, failed }
}

function membersOf<M extends Member>(
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
