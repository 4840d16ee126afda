import type { InboxRecord, Lease } from '../../src/inbox/record.ts'
import { arrivalsOf } from './deliveries.ts'
import type { Model, Process, World } from './kinds.ts'
import { hasPassed } from './records.ts'
import type { Arrival, CarefulMember, CarefulTask, DoorTask, FastTask, Task } from './task-kinds.ts'

/**
 * The name of a state: two with one name behave alike. Tokens and claim ids stand in it only as what can be asked of
 * them (does this task still own its record?), so numbers that only grow make no new states; and processes and the
 * places of their tasks stand sorted, because it matters to nobody which is which.
 */
export function nameOf(model: Model, world: World): string {
  let name = ''
  for (const record of world.records) name += recordName(model, world, record)
  for (const [at, { state, marked, returned }] of world.deliveries.entries())
    name += `${state[0]}${state[1]}${marked ? 1 : 0}${returned}${at}`
  const processes = world.processes
    .map((process, at) => processName(model, world, process, at))
    .sort()
  for (const { effects, intended, doubt, redriven, skipped } of world.ledger)
    name += `${effects}${intended ? 'i' : ''}${doubt ? 'd' : ''}${redriven ? 'r' : ''}${skipped ? 's' : ''},`
  const { crash, lost, taken, slow, person, stop, nack } = world.budget
  const numbers = [world.failsLeft, world.kills, world.answered.map(Number), world.bound]
  const faults = [crash, lost, taken, slow, person, stop, nack]
  return [name, ...processes, ...numbers, faults].join('|')
}

const letters = { leased: 'L', completed: 'C', failed: 'F', dead: 'D' } as const

function recordName(model: Model, world: World, record: InboxRecord | undefined): string {
  if (record === undefined) return '-'
  const { state, attempts, alone, origin, reason, fingerprint } = record
  const flags =
    (alone ? 1 : 0) |
    (hasPassed(record) ? 2 : 0) |
    (origin ? 4 : 0) |
    (isOwned(model, record) ? 8 : 0)
  const why = state === 'failed' && (reason === 'early' || reason === 'behind') ? reason[0] : ''
  const about = model.fingerprints.indexOf(fingerprint)
  return `${letters[state]}${attempts}.${flags}${why}${about < 0 ? '' : about}${placeOf(world, record)};`
}

/** How many stand before it. */
function placeOf({ records }: World, { place }: InboxRecord): string {
  if (place === undefined) return ''
  let before = 0
  for (const record of records) if (record?.place !== undefined && record.place < place) before++
  return `@${before}`
}

function isOwned({ claimIds }: Model, { claimId }: InboxRecord): boolean {
  if (claimId === undefined) return false
  return claimIds.some((of) => of.includes(claimId))
}

function processName(
  model: Model,
  world: World,
  { held, tasks, warm }: Process,
  at: number,
): string {
  const names = tasks.map((task, slot) => taskName(model, world, task, at, slot)).sort()
  const numbers = [...held, ...tasks.flatMap(arrivalsOf)]
    .map(({ number }) => number)
    .sort((a, b) => a - b)
  const rank = (arrival: Arrival): string => arrivalName(world, arrival, at, numbers)
  const cold = model.scenario.deliveryLimit !== undefined && !warm ? 'c' : ''
  return `${held.map(rank).join()}${cold}/${names.join('/')}/${tasks.flatMap(arrivalsOf).map(rank).sort().join()}`
}

function arrivalName(
  world: World,
  { delivery, number, careful, suspect }: Arrival,
  at: number,
  numbers: readonly number[],
): string {
  const { state, owner } = world.deliveries[delivery] ?? {}
  const mine = state === 'out' && owner === at ? '' : '!'
  return `${delivery}${mine}${careful ? 'c' : ''}${suspect ? 's' : ''}${numbers.indexOf(number)}`
}

function taskName(
  model: Model,
  world: World,
  task: Task | undefined,
  at: number,
  slot: number,
): string {
  if (task === undefined) return ''
  const claimed = world.records
    .map((record) =>
      record?.claimId === model.claimIds[at]?.[slot] && record !== undefined ? 1 : 0,
    )
    .join('')
  switch (task.kind) {
    case 'fast':
      return fastName(task)
    case 'careful':
      return carefulName(world, task) + claimed
    case 'door':
      return doorName(model, world, task) + claimed
  }
}

function fastName({ phase, members, broken, blocked, outcome }: FastTask): string {
  const of = members.map(
    ({ arrival, copies, fate }) =>
      `${arrival.delivery}+${copies.map(({ delivery }) => delivery).join()}${fate}`,
  )
  return `f${phase}${of.join()}${broken ? 'x' : ''}${blocked ? 'b' : ''}${outcome?.state ?? ''}`
}

function carefulName(
  world: World,
  { phase, alone, arrival, members, later, behind, outcome, at, token }: CarefulTask,
): string {
  const named = (of: readonly CarefulMember[]): string =>
    of
      .map(
        ({ identity, message, lease, ran }) =>
          `${identity}m${message}${leaseName(world, lease, identity)}${ran ? 'r' : ''}`,
      )
      .join()
  const seen =
    phase === 'bury' ? (world.records[members[0]?.identity ?? 0]?.token === token ? 't' : 'u') : ''
  const why = outcome?.state === 'failed' ? outcome.reason[0] : (outcome?.state ?? '')
  return `c${phase}${alone ? 'a' : ''}${arrival?.delivery ?? 'p'}:${named(members)}+${named(later)}+${named(behind)}${why}${at}${seen}`
}

function doorName(
  { scenario }: Model,
  world: World,
  { phase, call, message, lease, outcome, token }: DoorTask,
): string {
  const key = scenario.messages[message]?.key ?? 0
  const seen = phase === 'bury' ? (world.records[key]?.token === token ? 't' : 'u') : ''
  return `d${phase}${call}${leaseName(world, lease, key)}${outcome?.state ?? ''}${seen}`
}

/** Whether it is still the record's, and what it says of the attempts. */
function leaseName(world: World, lease: Lease | undefined, identity: number): string {
  if (lease === undefined) return ''
  const record = world.records[identity]
  return `${record?.token === lease.token ? '=' : '<'}${lease.attempt}`
}
