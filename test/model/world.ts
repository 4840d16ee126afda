import { utf8 } from '../../src/inbox/bytes.ts'
import { bodyFingerprint } from '../../src/inbox/fingerprint.ts'
import { encodeScope, identityOf } from '../../src/inbox/identity.ts'
import type { ParkedMessage } from '../../src/inbox/record.ts'
import type { Ledger, Model, Process, World } from './kinds.ts'
import type { Budget, Scenario } from './scenario-kinds.ts'
import type { Task } from './task-kinds.ts'
import type { Wrong } from './wrong.ts'

const scope = encodeScope({ group: 'g', keyspace: 'orders' })
const origin = utf8('orders')
const lane = utf8('lane')
const noLedger: Ledger = {
  effects: 0,
  intended: false,
  doubt: false,
  redriven: false,
  skipped: false,
}

export function modelOf(
  scenario: Scenario,
  wrong: Wrong | undefined,
  happened: Map<string, number>,
): Model {
  const { messages, processes, slots } = scenario
  const names = [...Array(messages.length * 2).keys()]
  return {
    scenario,
    wrong,
    happened,
    identities: names.map((at) => identityOf(scope, `A-${at}`)),
    fingerprints: messages.map(({ body }) => bodyFingerprint(Uint8Array.of(body))),
    parked: messages.map((message, at) => parkedMessage(at, message.lane, message.body)),
    claimIds: list(processes, (process) => list(slots, (slot) => Uint8Array.of(1, process, slot))),
    ordered: messages.some((message) => message.lane),
  }
}

/** Under the digest of key and body (P3). */
export function digestIdentity({ scenario }: Model, message: number): number {
  return scenario.messages.length + message
}

function parkedMessage(at: number, ordered: boolean, body: number): ParkedMessage {
  const fixed = { tag: undefined, key: undefined, headers: {}, sentAtMs: undefined }
  return {
    ...fixed,
    id: `m${at}`,
    topic: 'orders',
    origin,
    body: Uint8Array.of(body),
    lane: ordered ? lane : undefined,
  }
}

export function initialWorld({ scenario }: Model): World {
  const { messages, deliveries, calls, processes, budget } = scenario
  return {
    records: list(messages.length * 2, () => undefined),
    ledger: list(messages.length * 2, () => noLedger),
    deliveries: deliveries.map(() => ({ state: 'waiting', owner: -1, marked: false, returned: 0 })),
    processes: list(processes, () => freshProcess(scenario)),
    answered: calls.map(() => false),
    failsLeft: messages.map(({ fails }) => fails),
    kills: messages.map(() => 0),
    budget,
    bound: -1,
    violation: undefined,
  }
}

export function freshProcess({ slots }: Scenario): Process {
  return { held: [], tasks: list(slots, () => undefined), warm: false }
}

export function copyOf(world: World): World {
  return {
    records: world.records.slice(),
    ledger: world.ledger.slice(),
    deliveries: world.deliveries.slice(),
    processes: world.processes.slice(),
    answered: world.answered.slice(),
    failsLeft: world.failsLeft.slice(),
    kills: world.kills.slice(),
    budget: world.budget,
    bound: world.bound,
    violation: undefined,
  }
}

export function spend(world: World, fault: keyof Budget): void {
  world.budget = { ...world.budget, [fault]: world.budget[fault] - 1 }
}

export function note(world: World, at: number, seen: Partial<Ledger>): void {
  world.ledger[at] = { ...ledgerAt(world, at), ...seen }
}

export function ledgerAt(world: World, at: number): Ledger {
  return world.ledger[at] ?? noLedger
}

export function processAt(world: World, at: number): Process {
  const process = world.processes[at]
  if (process === undefined) throw new RangeError(`no process ${at}`)
  return process
}

export function setProcess(world: World, at: number, changed: Partial<Process>): void {
  world.processes[at] = { ...processAt(world, at), ...changed }
}

export function setTask(
  world: World,
  { process, slot }: { process: number; slot: number },
  task: Task | undefined,
): void {
  const { tasks } = processAt(world, process)
  setProcess(world, process, { tasks: tasks.with(slot, task) })
}

export function broken(world: World, what: string): void {
  world.violation ??= what
}

export function happened({ happened: counts }: Model, kind: string): void {
  counts.set(kind, (counts.get(kind) ?? 0) + 1)
}

function list<T>(length: number, make: (at: number) => T): T[] {
  return Array.from({ length }, (_, at) => make(at))
}
