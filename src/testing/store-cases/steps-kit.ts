import assert from 'node:assert/strict'
import type { Lease } from '../../inbox/record.ts'
import type { RecordedStep, StepIntent } from '../../inbox/steps.ts'
import type { Store } from '../../inbox/store.ts'
import { brief, claimId, identity, leased, pass } from '../store-kit.ts'
import type { OpenedStore } from '../store-suite.ts'

export const chargeStep: Omit<StepIntent, 'intentId'> = { step: 'charge', kind: 'forwarded-key' }
export const mailStep: Omit<StepIntent, 'intentId'> = { step: 'mail', kind: 'at-least-once' }

/** An attempt to make the call, under an id of its own. */
export function charge(): StepIntent {
  return { ...chargeStep, intentId: claimId() }
}

export function mail(): StepIntent {
  return { ...mailStep, intentId: claimId() }
}

/** One step with a result, and one without. */
export async function begun({ store: { steps } }: OpenedStore, lease: Lease): Promise<void> {
  await steps.begin(lease, charge())
  assert.equal(await steps.finish(lease, 'charge', '{"receipt":17}'), 'recorded')
  await steps.begin(lease, mail())
}

/** What {@link begun} leaves. */
export const both: readonly RecordedStep[] = [
  { ...chargeStep, done: true, result: '{"receipt":17}' },
  { ...mailStep, done: false, result: undefined },
]

/** A lease that has ended, and the one of who came after it. */
export async function takenOver(opened: OpenedStore): Promise<readonly [Lease, Lease]> {
  const former = await leased(opened, {}, brief)
  await opened.store.steps.begin(former, mail())
  await pass(opened)
  return [former, await leased(opened, { alone: true })]
}

/** What stands in a store, by name. */
export async function stepsOf(store: Store, key = 'A-17'): Promise<readonly unknown[]> {
  const rows = await store.steps.read(identity(key))
  return rows.toSorted((a, b) => (a.step < b.step ? -1 : 1))
}
