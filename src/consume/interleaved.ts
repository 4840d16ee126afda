import { hush } from '../errors/hush.ts'
import { hex } from '../inbox/bytes.ts'
import { encodeKey } from '../inbox/key.ts'
import { performWith } from '../once/transaction.ts'
import { Blame, blameOne } from './blame.ts'
import type { Batch, Member, Performed } from './members.ts'
import { taskOf } from './work.ts'

/**
 * P11: messages of different values are under way together, those of one value or one lane one after another.
 * Without lanes they start in the order of their values, which is then the order in which everybody takes locks.
 *
 * @throws Blame
 */
export async function interleaved<M extends Member>(batch: Batch<M>): Promise<Performed<M>> {
  const { members, run } = batch
  const failed = new Map<M, unknown>()
  /** Their statements came after one that had failed: they run again without whoever sent that. */
  const collateral = new Map<M, unknown>()
  const valued = valuesOf(batch, failed)
  const ordered = members.some(({ lane }) => lane !== undefined)
  const begun = ordered ? valued : valued.toSorted((a, b) => (a.value < b.value ? -1 : 1))
  /** Whether what was begun last under a name is done. */
  const last = new Map<string, Promise<boolean>>()
  let stopped = false
  let broken: { readonly error: unknown } | undefined

  async function performOne(member: M): Promise<boolean> {
    const { attempt } = member
    try {
      await performWith(batch.open, taskOf(member, run), run.flow.limits, attempt, batch.lost)
      return true
    } catch (error) {
      const blame = blameOne(member, error)
      if (!(blame instanceof Blame)) broken ??= { error: blame }
      else
        for (const [one, thrown] of blame.failed)
          (batch.open.isCollateral?.(thrown) === true ? collateral : failed).set(one as M, thrown)
      stopped ||= blame instanceof Blame && blame.stopped
      return false
    }
  }
  const running = begun.map(({ member, value }) => {
    const names = member.lane === undefined ? [value] : [value, `lane ${member.lane}`]
    const before = names.map((name) => last.get(name) ?? Promise.resolve(true))
    const over = Promise.all(before).then((done) => done.every(Boolean) && performOne(member))
    for (const name of names) last.set(name, over)
    return over
  })
  // All have ended before anything is rolled back: what is queued on the connection fails with the first.
  await Promise.all(running)
  if (broken !== undefined) throw broken.error
  if (failed.size > 0) throw new Blame(failed, stopped, false)
  if (collateral.size > 0) throw new Blame(collateral, stopped, false)
  return { done: members, failed }
}

/** Who has no value that can be compared has failed. */
function valuesOf<M extends Member>(
  { members, run }: Batch<M>,
  failed: Map<M, unknown>,
): readonly { readonly member: M; readonly value: string }[] {
  return members.flatMap((member) => {
    try {
      const value = run.flow.options.independentBy?.(member.message as never)
      hush(value)
      return [{ member, value: hex(encodeKey(value).key) }]
    } catch (error) {
      failed.set(member, error)
      return []
    }
  })
}
