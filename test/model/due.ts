import type { Model, World } from './kinds.ts'
import { inLane, isFirst } from './lane.ts'
import { hasPassed, messageAt } from './records.ts'
import type { CarefulMember } from './task-kinds.ts'

/** What a parked task may take now: the first of a lane with those behind it, or what stands in none. */
export function dueMembers(model: Model, world: World): readonly (readonly CarefulMember[])[] {
  const { batch } = model.scenario
  const sets: CarefulMember[][] = []
  for (const [at, record] of world.records.entries()) {
    if (record === undefined || at >= model.scenario.messages.length) continue
    if (!isDueHere(model, record) || !isFirst(model, world, record)) continue
    const chain =
      record.state === 'failed' && record.place !== undefined ? chainOf(model, world) : [at]
    sets.push(chain.slice(0, batch).map((identity) => memberOf(model, world, identity)))
    const others = [...world.records.keys()].filter((other) => other > at && isLoose(world, other))
    if (record.state === 'failed' && record.place === undefined && batch > 1)
      for (const other of others.slice(0, 1))
        sets.push([at, other].map((identity) => memberOf(model, world, identity)))
  }
  return sets
}

function isLoose(world: World, at: number): boolean {
  const record = world.records[at]
  return (
    record?.origin !== undefined &&
    record.state === 'failed' &&
    hasPassed(record) &&
    record.place === undefined
  )
}

function isDueHere({ wrong }: Model, record: NonNullable<World['records'][number]>): boolean {
  const parked =
    record.origin !== undefined && (record.state === 'failed' || record.state === 'leased')
  return (
    parked &&
    hasPassed(record) &&
    (record.state === 'failed' || wrong !== 'due are failed ones only')
  )
}

function chainOf(model: Model, world: World): readonly number[] {
  const chain: number[] = []
  for (const record of inLane(model, world)) {
    if (record.state !== 'failed' || !hasPassed(record)) break
    chain.push(world.records.indexOf(record))
  }
  return chain
}

function memberOf(model: Model, world: World, identity: number): CarefulMember {
  return { identity, message: messageAt(model, world, identity), lease: undefined, ran: false }
}
