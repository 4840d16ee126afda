import assert from 'node:assert/strict'
import { askOf } from '../../inbox/act.ts'
import type { Claim, ClaimRequest, ClaimTerms } from '../../inbox/claim.ts'
import { claimAnswer } from '../../inbox/claim-answer.ts'
import { type Ask, decide } from '../../inbox/decide.ts'
import { type Identity, identityName } from '../../inbox/identity.ts'
import type { Act } from '../../inbox/inspector.ts'
import type { InboxRecord, Lease, Outcome } from '../../inbox/record.ts'
import type { Store } from '../../inbox/store.ts'
import {
  claimId,
  completed,
  dead,
  failed,
  fingerprint,
  identity,
  longMs,
  otherFingerprint,
  parkedMessage,
  pass,
  read,
  request,
  same,
  shortMs,
} from '../store-kit.ts'
import type { OpenedStore, StoreCase } from '../store-suite.ts'

/** What the table of transitions says the store holds. Everything short has ended at each step. */
class Model {
  readonly #records = new Map<string, InboxRecord>()
  #nowMs = 0

  step(): void {
    this.#nowMs += 10 * shortMs
  }

  get(target: Identity): InboxRecord | undefined {
    return this.#records.get(identityName(target))
  }

  /** Answers the row's answer, and whether it changed anything. */
  ask(target: Identity, ask: Ask): { readonly answer: string; readonly changed: boolean } {
    const name = identityName(target)
    const { row, next, changed } = decide(this.get(target), target, ask, this.#nowMs)
    if (next === undefined) this.#records.delete(name)
    else this.#records.set(name, next)
    return { answer: row.answer, changed }
  }

  claim(asked: ClaimRequest, under: ClaimTerms): Claim {
    const decision = decide(
      this.get(asked),
      asked,
      { on: 'claim', request: asked, terms: under, behind: false },
      this.#nowMs,
    )
    if (decision.next !== undefined) this.#records.set(identityName(asked), decision.next)
    return claimAnswer(decision, asked, this.#nowMs)
  }

  prune(): number {
    const all = [...this.#records.values()]
    return all.filter((record) => this.ask(record, { on: 'prune' }).changed).length
  }
}

interface Turn {
  readonly store: Store
  readonly model: Model
  readonly target: Identity
  readonly leases: Lease[]
  pick<T>(...from: readonly T[]): T
}

/** One step on both sides: what the store answers, and what the model does. */
type Step = (turn: Turn) => Promise<readonly [actual: unknown, expected: unknown]>

const keys = ['a', 'b', 'c'].map((key) => identity(key))
const message = parkedMessage()

const steps: readonly Step[] = [
  claims,
  claims,
  claims,
  async ({ store, model, leases, target, pick }) => {
    const lease = leaseOf(leases, target, pick)
    const outcome = someOutcome(pick)
    const { answer } = model.ask(lease, { on: 'settle', lease, outcome, repeatable: true })
    return [await store.leases.settle(lease, outcome), answer]
  },
  async ({ store, model, leases, target, pick }) => {
    const lease = leaseOf(leases, target, pick)
    const leaseMs = pick(shortMs, longMs)
    const { answer } = model.ask(lease, { on: 'renew', lease, leaseMs })
    return [await store.leases.renew([lease], leaseMs), [answer]]
  },
  async ({ store, model, leases, target, pick }) => {
    const lease = leaseOf(leases, target, pick)
    return [await store.leases.release(lease), model.ask(lease, { on: 'release', lease }).answer]
  },
  async ({ store, model, target, pick }) => {
    const token = (model.get(target)?.token ?? 0) - pick(0, 0, 1)
    const outcome = dead(pick(undefined, message))
    const { answer } = model.ask(target, { on: 'bury', token, outcome })
    return [await store.leases.bury(target, token, outcome), answer]
  },
  async ({ store, model, target, pick }) => {
    const outcome = someOutcome(pick)
    const { changed } = model.ask(target, { on: 'insert', fingerprint, outcome })
    return [await store.leases.insert([{ ...target, fingerprint, outcome }]), [changed]]
  },
  async ({ store, model, target, pick }) => {
    const kind = pick('redrive', 'skip', 'release', 'forget')
    const act: Act = { kind, who: 'Zoë', why: 'history', keepMs: pick(shortMs, longMs) }
    const known = model.get(target) !== undefined
    const { changed } = model.ask(target, askOf(act))
    const answered = await store.inspector.act(target, act).then(() => 'done', codeOf)
    if (changed) return [answered, 'done']
    return [answered, known ? 'SEMEL_RECORD_STATE' : 'SEMEL_RECORD_MISSING']
  },
  async ({ store, model }) => [await store.inspector.prune(100), model.prune()],
]

export const histories: readonly StoreCase[] = [1, 2, 3, 4, 5, 6].map((seed) => ({
  promise: `a random history (seed ${seed}) is answered as the table of transitions says`,
  rule: 'P4',
  needs: [],
  run: (opened) => live(opened, seed),
}))

async function live(opened: OpenedStore, seed: number): Promise<void> {
  const { store } = opened
  const pick = picker(seed)
  const model = new Model()
  const leases: Lease[] = []
  for (let at = 0; at < 120; at++) {
    const where = `step ${at} of seed ${seed}`
    const target = pick(...keys)
    const [actual, expected] = await pick(...steps)({ store, model, target, leases, pick })
    same(actual, expected, where)
    same(essence(await read(store, target)), essence(model.get(target)), where)
    await pass(opened)
    model.step()
  }
}

async function claims(turn: Turn): Promise<readonly [unknown, unknown]> {
  const { store, model, target, leases, pick } = turn
  const former = pick(claimId(), leaseOf(leases, target, pick).claimId)
  const asked = request({
    ...target,
    fingerprint: pick(fingerprint, fingerprint, fingerprint, otherFingerprint),
    claimId: pick(claimId(), former),
    alone: pick(true, false),
    by: pick('delivery', 'parked', 'run'),
  })
  const under = { leaseMs: pick(shortMs, longMs), attemptsMax: pick(2, 5, 16) }
  const expected = model.claim(asked, under)
  const [answer] = await store.leases.claim([asked], under)
  if (answer?.kind === 'granted') leases.push(answer.lease)
  return [answered(answer), answered(expected)]
}

/** Without what is told by the clock, and without the message, of which the model knows nothing. */
function answered(claim: Claim | undefined): unknown {
  return { ...claim, leftMs: undefined, message: undefined }
}

function essence(record: InboxRecord | undefined): unknown {
  if (record === undefined) return undefined
  const { state, token, attempts, result, reason, origin } = record
  const print = record.fingerprint
  const alone = state === 'leased' && record.alone
  return { state, token, attempts, alone, result, reason, origin, fingerprint: print }
}

/** A lease that somebody has or had, or one that nobody ever had. */
function leaseOf(leases: readonly Lease[], target: Identity, pick: Turn['pick']): Lease {
  const ghost = { ...target, claimId: claimId(), token: 1, attempt: 1 }
  const own = leases.filter(({ key }) => key === target.key)
  return pick(own.at(-1), own.at(-1), own.at(-2), ghost) ?? ghost
}

function someOutcome(pick: Turn['pick']): Outcome {
  return pick<Outcome>(
    completed('1', pick(shortMs, longMs)),
    completed(undefined),
    failed({ retryInMs: pick(shortMs, longMs), counted: pick(true, false) }),
    failed({ message, counted: pick(true, false) }),
    dead(pick(undefined, message)),
  )
}

/** The same choices for the same seed, on every machine. */
function picker(seed: number): Turn['pick'] {
  let state = seed
  return (...from) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return from[Math.floor((state / 2 ** 32) * from.length)] as (typeof from)[number]
  }
}

function codeOf(error: unknown): unknown {
  const { code } = error as { readonly code?: unknown }
  assert.ok(code, String(error))
  return code
}
