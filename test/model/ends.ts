import { comeAgain } from './deliveries.ts'
import { watchKill } from './effects.ts'
import type { Model, Place, World } from './kinds.ts'
import { forgetClaims } from './store.ts'
import { freshProcess, setTask } from './world.ts'

export function endTask(model: Model, world: World, place: Place): void {
  setTask(world, place, undefined)
  forgetClaims(model, world, place)
}

/** A handler ends its process: everything in it is gone, and what it had in hand comes again. */
export function endProcess(model: Model, world: World, process: number, message: number): void {
  watchKill(model, world, message)
  gone(model, world, process, true)
}

/** `counted`: what it had in hand counts towards the delivery limit of the broker. */
export function gone(model: Model, world: World, process: number, counted: boolean): void {
  comeAgain(model, world, process, counted)
  for (let slot = 0; slot < model.scenario.slots; slot++)
    forgetClaims(model, world, { process, slot })
  world.processes[process] = freshProcess(model.scenario)
}
