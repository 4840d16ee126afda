import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import zookeeper, { type Client } from 'node-zookeeper-client'
import { redisLock } from 'semel/redis'
import type { LockAdapter, OpenedLock } from 'semel/testing'
import { zookeeperLock } from 'semel/zookeeper'
import type { Lock } from '../../src/inbox/lock.ts'
import { freshPrefix, ioRedis, nodeRedis, removeAll } from '../conformance/adapters/redis.ts'
import { faultProxy, type FaultProxy } from '../servers/proxy.ts'
import { reasonWithout, type Server, type ServerName, server } from '../servers/server.ts'

/** A lock behind a proxy of its own, and how its connection ends. */
interface Behind {
  readonly lock: Lock
  close(): Promise<void> | void
}

export const redisLockAdapter: LockAdapter = lockAdapter('redis', () => {
  const prefix = freshPrefix()
  const leaseMs = 300
  const connects = [nodeRedis, ioRedis]
  let count = 0
  return {
    outlivesMs: leaseMs,
    async behind(url) {
      const { client, close } = await (connects[count++ % 2] as typeof nodeRedis)(url)
      return { lock: redisLock(client, { prefix, leaseMs, commandMsMax: 100 }), close }
    },
    clear: ({ url }) => removeAll(url, prefix),
  }
})

/** Half of the locks have a client of the user's, half make their own. */
export const zookeeperLockAdapter: LockAdapter = lockAdapter('zookeeper', () => {
  const root = freshRoot()
  let count = 0
  return {
    outlivesMs: sessionMs + tickMs,
    async behind(url) {
      const given = count++ % 2 === 0 ? await connected(url) : undefined
      const lock = zookeeperLock(given ?? (() => clientOf(url)), { root, commandMsMax: 500 })
      return { lock, close: () => given?.close() }
    },
    clear: ({ url }) => removeRoot(url, root),
  }
})

interface Kind {
  readonly outlivesMs: number
  behind(url: string): Promise<Behind>
  clear(found: Server): Promise<void>
}

function lockAdapter(name: ServerName, kind: () => Kind): LockAdapter {
  return { name, open: () => open(name, kind()), notRun: () => reasonWithout(name) }
}

async function open(name: ServerName, kind: Kind): Promise<OpenedLock> {
  const found = await server(name)
  if ('because' in found) throw new Error(found.because)
  const opened = new Map<Lock, { readonly proxy: FaultProxy; readonly behind: Behind }>()
  return {
    outlivesMs: kind.outlivesMs,
    async lock() {
      const proxy = await faultProxy(found)
      const behind = await kind.behind(proxy.url)
      opened.set(behind.lock, { proxy, behind })
      return behind.lock
    },
    async silence(lock) {
      opened.get(lock)?.proxy.blackHole()
    },
    async close() {
      for (const { behind, proxy } of opened.values()) {
        await behind.lock.close()
        await behind.close()
        await proxy.close()
      }
      await kind.clear(found)
    },
  }
}

/** The shortest that the server of the tests gives. */
export const sessionMs = 1_000
export const tickMs = 500

export function clientOf(url: string, given = {}): Client {
  const { host, pathname } = new URL(url)
  return zookeeper.createClient(`${host}${pathname}`, {
    sessionTimeout: sessionMs,
    spinDelay: 50,
    ...given,
  })
}

export async function connected(url: string, given = {}): Promise<Client> {
  const client = clientOf(url, given)
  client.connect()
  await once(client, 'connected')
  return client
}

export function freshRoot(): string {
  return `/semel-test-${randomBytes(6).toString('hex')}/locks`
}

export async function removeRoot(url: string, root: string): Promise<void> {
  const client = await connected(url)
  const top = `/${root.split('/')[1]}`
  await new Promise<void>((resolve) => {
    ;(client as unknown as Recursive).removeRecursive(top, -1, () => resolve())
  })
  client.close()
}

/** Not in the types of the client. */
interface Recursive {
  removeRecursive(path: string, version: number, done: () => void): void
}
