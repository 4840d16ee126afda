import type { Ask } from '../../src/inbox/decide.ts'
import type { InboxRecord } from '../../src/inbox/record.ts'
import type { Action, Model, World } from './kinds.ts'
import { hasPassed, messageOf, passedMs } from './records.ts'
import { put } from './store.ts'
import { happened, note, spend } from './world.ts'

/** Time passes for each record by itself, in any order; and what people do. */
export function clockActions(model: Model, world: World, out: Action[]): void {
  for (const [at, record] of world.records.entries()) {
    if (record === undefined || at >= model.scenario.messages.length) continue
    if (!hasPassed(record)) passActions(model, world, at, record, out)
    if (record.state === 'completed' && model.scenario.prunes && isForgettable(model, world, at))
      out.push(prune(model, at))
    if (world.budget.person > 0) peoplesActions(model, at, record, out)
  }
}

function passActions(
  model: Model,
  world: World,
  at: number,
  record: InboxRecord,
  out: Action[],
): void {
  const pass = (text: string, fault: boolean): void => {
    out.push({
      fault,
      text: `${text} of A-${at} ends`,
      apply(next) {
        if (fault) spend(next, 'slow')
        happened(model, fault ? 'a lease ends under its owner' : text)
        next.records[at] = { ...record, untilMs: passedMs }
      },
    })
  }
  const waits = record.reason === 'behind' && model.wrong === 'the head wakes its followers'
  if (record.state === 'failed' && !waits) pass('the wait', false)
  if (record.state !== 'leased') return
  if (!isOwned(model, record)) pass('the lease', false)
  else if (world.budget.slow > 0) pass('the lease', true)
}

function isOwned({ claimIds }: Model, { claimId }: InboxRecord): boolean {
  return claimIds.some((of) => of.some((one) => one === claimId))
}

/** Retention outlives whatever can come again; unless broken on purpose. */
function isForgettable({ scenario, wrong }: Model, world: World, at: number): boolean {
  if (wrong === 'retention shorter than redelivery') return true
  const isIts = (message: number): boolean => scenario.messages[message]?.key === at
  const deliveries = scenario.deliveries.every(
    (message, delivery) => !isIts(message) || world.deliveries[delivery]?.state === 'acknowledged',
  )
  const idle = world.processes.every(
    ({ tasks, held }) => held.length === 0 && tasks.every((task) => task === undefined),
  )
  return (
    deliveries &&
    idle &&
    scenario.calls.every((message, call) => !isIts(message) || world.answered[call] === true)
  )
}

function prune(model: Model, at: number): Action {
  return {
    fault: false,
    text: `A-${at} is pruned`,
    apply(next) {
      const record = next.records[at]
      if (record) next.records[at] = { ...record, untilMs: passedMs }
      put(model, next, at, { on: 'prune' })
    },
  }
}

const freeing: readonly Ask[] = [{ on: 'free' }]
const deciding: readonly Ask[] = [
  { on: 'redrive' },
  { on: 'skip', keepMs: 1_000, detail: 'by hand' },
  { on: 'forget' },
]

function peoplesActions(model: Model, at: number, { state }: InboxRecord, out: Action[]): void {
  const acts = state === 'leased' ? freeing : state === 'completed' ? [] : deciding
  for (const act of acts)
    out.push({
      fault: true,
      text: `a person asks for ${act.on} of A-${at}`,
      apply(next) {
        spend(next, 'person')
        put(model, next, at, act)
        if (act.on === 'redrive') note(next, at, { redriven: true })
        if (act.on === 'skip' || act.on === 'forget') note(next, at, { skipped: true })
        if (act.on === 'redrive' && messageOf(model, at).handler === 'fails') next.failsLeft[at] = 0
      },
    })
}
