import { fork } from 'node:child_process'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Child, type News, startChild } from '../../src/cli/demo/children.ts'
import type { Calls, Kind } from './effects-worker.ts'
import { env, holdMs, limits, type Place, place } from './kit.ts'

/** What one message did to the far side: how often each kind took effect. */
export type Happened = Readonly<Partial<Record<Kind, number>>>

export interface GatewayPlace extends Place {
  sendCalls(messages: readonly Calls[]): Promise<void>
  /** Starts a consumer, which may stand still at a point; a short lease for one that is to be killed. */
  startWorker(standAt?: string, leaseMs?: number): Child
  /** By the id of the message. */
  happened(): Promise<ReadonlyMap<string, Happened>>
  /** Messages that are neither completed nor dead. */
  unsettled(messages: number): Promise<number>
}

/** So long that a machine under load does not lose it: then calls would overlap, as their windows say. */
const calmLeaseMs = 5_000

/** A place, with the far side in a process of its own. */
export async function gatewayPlace(t: TestContext): Promise<GatewayPlace> {
  const children = new Set<Child>()
  // Registered first, so that nobody uses the files when they are removed.
  t.after(() => Promise.all([...children].map((child) => child.kill())))
  const here = place(t)
  const consuming = new WeakSet<Child>()
  const far = fork(join(import.meta.dirname, 'effects-gateway-worker.ts'))
  t.after(() => far.kill('SIGKILL'))
  const port = await new Promise<number>((resolve, reject) => {
    far.once('message', (address) => resolve((address as { readonly port: number }).port))
    far.once('error', reject)
  })
  const gateway = `http://127.0.0.1:${port}`
  const module = join(import.meta.dirname, 'effects-worker.ts')
  return {
    ...here,
    sendCalls: (messages) => here.send(messages),
    isConsuming: (child) => consuming.has(child),
    startWorker(standAt = '', leaseMs = calmLeaseMs) {
      const given = { file: here.file, holdMs, gateway, options: { ...limits, leaseMs } }
      const onNews = ({ counted }: News): void => {
        if (counted['started'] !== undefined) consuming.add(child)
      }
      const child = startChild({ module, given, standAt, env, onNews })
      children.add(child)
      return child
    },
    async happened() {
      const response = await fetch(`${gateway}/happened`)
      const all = (await response.json()) as readonly { readonly kind: Kind; readonly id: string }[]
      const byId = Map.groupBy(all, ({ id }) => id)
      return new Map([...byId].map(([id, some]) => [id, counts(some.map(({ kind }) => kind))]))
    },
    async unsettled(messages) {
      const states = [...(await here.records()).values()].map(({ state }) => state)
      return messages - states.filter((state) => state === 'completed' || state === 'dead').length
    },
  }
}

function counts(kinds: readonly Kind[]): Happened {
  const times: Partial<Record<Kind, number>> = {}
  for (const kind of kinds) times[kind] = (times[kind] ?? 0) + 1
  return times
}
