import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Child,
  type ChildOptions,
  type News,
  startChild,
} from '../../src/cli/demo/children.ts'
import type { Limits } from './given.ts'

/** Consumers in processes of their own. */
export interface Nursery {
  /** What happened in all children, as far as they could tell before they were killed. */
  readonly counted: Readonly<Record<string, number>>
  /** Starts a consumer, which may stand still at a point; it is killed at the end of the test. */
  start(options?: Limits, standAt?: string, onEnded?: ChildOptions['onEnded']): Child
  /** Whether it has begun to consume. */
  isConsuming(child: Child): boolean
  /** Kills all, and lets nobody start another one. */
  end(): Promise<void>
}

/** Children start three times as fast when one of them has compiled everything. */
const compiled = mkdtempSync(join(tmpdir(), 'semel-crash-compiled-'))
process.once('exit', () => rmSync(compiled, { recursive: true, force: true }))
export const env: NodeJS.ProcessEnv = { ...process.env, NODE_COMPILE_CACHE: compiled }

/** `givenOf` says what a child is given, by its own options. */
export function nursery(module: string, givenOf: (options: Limits) => unknown): Nursery {
  const children = new Set<Child>()
  const consuming = new WeakSet<Child>()
  const counted: Record<string, number> = {}
  let over = false
  return {
    counted,
    isConsuming: (child) => consuming.has(child),
    start(options = {}, standAt = '', onEnded = () => undefined) {
      const given = givenOf(options)
      const onNews = (news: News): void => {
        add(counted, news.counted)
        if (news.counted['started'] !== undefined) consuming.add(child)
      }
      const told: ChildOptions['onEnded'] = (ended, exit) => {
        if (!over) onEnded(ended, exit)
      }
      const child = startChild({ module, given, standAt, env, onNews, onEnded: told })
      children.add(child)
      return child
    },
    async end() {
      over = true
      await Promise.all([...children].map((child) => child.kill()))
    },
  }
}

function add(counted: Record<string, number>, news: News['counted']): void {
  for (const [name, times] of Object.entries(news)) counted[name] = (counted[name] ?? 0) + times
}
