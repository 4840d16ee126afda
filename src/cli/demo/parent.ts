import { writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import type { News, Order } from './children.ts'

/** The child's side of `children.ts`. */
export interface Parent {
  /** What the parent gave, as it was. */
  readonly given: unknown
  /** Stands still here, until killed, if the parent has asked for it. Costs nothing otherwise. */
  reach(point: string): void
  /** Tells the parent that something happened, soon. */
  count(what: string): void
  onStop(stop: () => Promise<void>): void
}

/** Where points are written: beside standard input, output, error and the channel of messages. */
const pointsFd = 4
const standingMsMax = 20_000
const newsMs = 50

/** To be called once, first thing. The process ends when its parent has gone. */
export function reportToParent(): Parent {
  let standAt = process.argv[3] ?? ''
  let stop = (): Promise<void> => Promise.resolve()
  let counted: Record<string, number> = {}
  // What is compiled is usually kept at the exit of a process: we may not come to that.
  flushCompileCache()
  // Ctrl-C reaches every process of a terminal; the parent decides what becomes of us.
  process.on('SIGINT', () => undefined)
  process.once('disconnect', () => process.exit(1))
  process.on('message', (order: Order) => {
    if (order.do === 'stand') standAt = order.at
    else leave().catch(() => process.exit(1))
  })

  async function leave(): Promise<void> {
    await stop()
    await new Promise<void>((resolve) => tellCounted(resolve))
    process.exit(0)
  }
  function tellCounted(told: () => void): void {
    const news: News = { counted }
    counted = {}
    if (Object.keys(news.counted).length === 0) told()
    else process.send?.(news, told)
  }
  setInterval(tellCounted, newsMs, () => undefined).unref()

  return {
    given: JSON.parse(process.argv[2] ?? 'null'),
    reach(point) {
      if (point === standAt) standStill(point)
    },
    count(what) {
      counted[what] = (counted[what] ?? 0) + 1
    },
    onStop(work) {
      stop = work
    },
  }
}

/**
 * The whole process stops, also inside a transaction that may not wait. Should the kill not come, because the
 * parent has gone, it ends by itself.
 */
function standStill(point: string): never {
  writeSync(pointsFd, `${point}\n`)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, standingMsMax)
  return process.kill(process.pid, 'SIGKILL') as never
}
