import assert from 'node:assert/strict'
import type { Child, Exit } from '../../src/cli/demo/children.ts'
import { type Draw, pick } from '../../src/cli/demo/random.ts'
import type { Limits } from './given.ts'
import type { Nursery } from './nursery.ts'
import { until } from './until.ts'

export interface Crew {
  /** How many have died by SIGKILL, whoever sent it. */
  deaths(): number
  /** Kills one that consumes, when there is one. */
  killOne(draw: Draw): Promise<void>
  /** What the dead had said. */
  said(): string
  stop(): Promise<void>
}

const stopMsMax = 3_000

/** Starts another consumer whenever one has died, as whoever runs processes does. */
export function keepRunning(
  here: Pick<Nursery, 'start' | 'isConsuming'>,
  processes: number,
  limits: Limits,
): Crew {
  const crew = new Set<Child>()
  const dead: Exit[] = []
  let stopping = false

  function start(): void {
    crew.add(here.start(limits, '', onEnded))
  }
  function onEnded(child: Child, exit: Exit): void {
    crew.delete(child)
    if (stopping) return
    dead.push(exit)
    start()
  }
  for (let started = 0; started < processes; started++) start()

  return {
    deaths: () => dead.length,
    async killOne(draw) {
      const consuming = (): readonly Child[] => [...crew].filter((child) => here.isConsuming(child))
      await until(
        () => consuming().length > 0,
        () => 'no consumer has started',
        15_000,
      )
      await pick(consuming(), draw)?.kill()
    },
    said: () => dead.map(({ said }) => said).join(''),
    async stop() {
      stopping = true
      const last = await Promise.all([...crew].map((child) => child.stop(stopMsMax)))
      for (const { signal, code, said } of dead)
        assert.equal(signal, 'SIGKILL', `a consumer ended with status ${code}: ${said}`)
      for (const { code, said } of last) assert.equal(code, 0, `a consumer did not stop: ${said}`)
    },
  }
}
