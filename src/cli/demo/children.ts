import { type ChildProcess, fork } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

/** A process that can be killed at any moment, or at a named point that it has reached. */
export interface Child {
  readonly pid: number
  /** Resolves when it stands still at this point, waiting to be killed; `over` when it has ended before. */
  standAt(point: string): Promise<'standing' | 'over'>
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<Exit>
  /** Asks it to finish; kills it when that takes longer than `limitMs`. */
  stop(limitMs: number): Promise<Exit>
  readonly ended: Promise<Exit>
}

export interface Exit {
  readonly code: number | null
  readonly signal: string | null
  /** What it wrote to standard error, its end. */
  readonly said: string
}

/** What parent and child tell each other. */
export type Order = { readonly do: 'stand'; readonly at: string } | { readonly do: 'stop' }
export type News = { readonly counted: Readonly<Record<string, number>> }

export interface ChildOptions {
  /** A module that calls `reportToParent()`. */
  readonly module: string
  /** Handed to the module as JSON. */
  readonly given: unknown
  /** Where it stands still from the start on; `standAt` then only waits. Default: nowhere. */
  readonly standAt?: string
  readonly onNews?: (news: News) => void
  readonly onEnded?: (child: Child, exit: Exit) => void
  readonly env?: NodeJS.ProcessEnv
}

const saidMax = 4_000

/** Starts a process of ours. It ends by itself when this one does. */
export function startChild(options: ChildOptions): Child {
  const { module, given, standAt = '', onNews, onEnded, env = process.env } = options
  const child = fork(module, [JSON.stringify(given), standAt], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc', 'pipe'],
    env,
  })
  let said = ''
  child.stderr?.on('data', (text: Buffer) => {
    said = (said + text.toString()).slice(-saidMax)
  })
  if (onNews !== undefined) child.on('message', (news) => onNews(news as News))
  const ended = new Promise<Exit>((resolve) => {
    child.once('error', (error) => resolve({ code: 1, signal: null, said: error.message }))
    child.once('close', (code, signal) => resolve({ code, signal, said }))
  })
  const points = createInterface({ input: child.stdio[4] as Readable })
  const standing = new Promise<'standing'>((resolve) =>
    points.once('line', () => resolve('standing')),
  )
  const kill = (): Promise<Exit> => {
    child.kill('SIGKILL')
    return ended
  }
  const self: Child = {
    pid: child.pid ?? 0,
    ended,
    kill,
    standAt(point) {
      tell(child, { do: 'stand', at: point })
      return Promise.race([standing, ended.then(() => 'over' as const)])
    },
    stop(limitMs) {
      tell(child, { do: 'stop' })
      const late = setTimeout(() => child.kill('SIGKILL'), limitMs)
      return ended.finally(() => clearTimeout(late))
    },
  }
  child.once('close', (code, signal) => onEnded?.(self, { code, signal, said }))
  return self
}

/** One that has just died is told nothing. */
function tell(child: ChildProcess, order: Order): void {
  if (child.connected) child.send(order, () => undefined)
}
