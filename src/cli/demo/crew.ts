import { setTimeout as pause } from 'node:timers/promises'
import { extname, join } from 'node:path'
import { type Child, type Exit, startChild } from './children.ts'
import { type Draw, pick } from './random.ts'

/** Consumers of one way. Who is killed is replaced at once. */
export interface Crew {
  killOne(draw: Draw): Promise<void>
  /** Kills the one that has been here longest as soon as it is at a point, which `work` brings about. */
  killAt(point: string, work: () => Promise<void>): Promise<void>
  stop(): Promise<void>
  /** Kills whoever is left. */
  kill(): Promise<void>
  /** Aborts when consumers end again and again that nobody killed. */
  readonly broken: AbortSignal
}

/** Node runs the worker as it runs this file: from its TypeScript source, or built. */
const module = join(import.meta.dirname, `worker${extname(import.meta.filename)}`)
const consumers = 3
/** A point that is not reached by then is no place to be killed at: it happens anywhere. */
const pointMsMax = 1_000
const stopMsMax = 5_000
const endedMax = 5

export function crew(way: string, file: string, env: NodeJS.ProcessEnv): Crew {
  const broken = new AbortController()
  const members = new Set<Child>()
  let ended = 0
  let closed = false

  function hire(): void {
    if (!closed) members.add(startChild({ module, given: { way, file }, env, onEnded }))
  }
  function onEnded(child: Child, { said }: Exit): void {
    // One that was killed or asked to stop has left the crew before.
    if (!members.delete(child)) return
    if (++ended < endedMax) hire()
    else broken.abort(new Error(`the consumers of ${way} end by themselves: ${said}`))
  }
  for (let hired = 0; hired < consumers; hired++) hire()

  async function replace(child: Child): Promise<void> {
    members.delete(child)
    await child.kill()
    hire()
  }
  function dismiss(): readonly Child[] {
    closed = true
    const last = [...members]
    members.clear()
    return last
  }

  return {
    broken: broken.signal,
    async killOne(draw) {
      const child = pick([...members], draw)
      if (child !== undefined) await replace(child)
    },
    async killAt(point, work) {
      const all = [...members]
      // Whoever comes there first: which one that will be nobody can say.
      const fallen = all.map(async (child) => {
        if ((await child.standAt(point)) === 'standing') await replace(child)
      })
      // Not awaited before the kill: who stands still inside a transaction holds up everybody who writes.
      const working = work()
      const [first] = all
      const anyone = Promise.race(fallen).then(() => true)
      const isOver = await Promise.race([anyone, pause(pointMsMax, false)])
      if (!isOver && first !== undefined) await replace(first)
      // The others go on; one that has come there meanwhile is killed, too.
      await Promise.race([working, ...[...members].map((child) => child.standAt(''))])
      await working
    },
    async stop() {
      await Promise.all(dismiss().map((child) => child.stop(stopMsMax)))
    },
    async kill() {
      await Promise.all(dismiss().map((child) => child.kill()))
    },
  }
}
