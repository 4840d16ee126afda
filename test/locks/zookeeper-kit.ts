import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Client } from 'node-zookeeper-client'
import { zookeeperLock, type ZooKeeperLockOptions } from 'semel/zookeeper'
import type { HeldLock, Lock } from '../../src/inbox/lock.ts'
import { serverFor } from '../servers/server.ts'
import { clientOf, connected, freshRoot, removeRoot } from './adapters.ts'

export const resource = 'account 7'
export const now = { waitMs: 0 }
export const soon = { waitMs: 20_000 }
/** The longest that the server of the tests gives: nothing ends by itself in a test. */
export const longSession = { sessionTimeout: 10_000 }

/** A root of one's own in the shared server, or in another one; all that is opened ends with the test. */
export interface Shop {
  readonly url: string
  readonly root: string
  client(at?: string, given?: object): Promise<Client>
  lock(client: Client | (() => Client), given?: ZooKeeperLockOptions): Lock
  /** What stands in line, of all resources. */
  nodes(): Promise<readonly string[]>
}

export async function shop(t: TestContext, on?: string): Promise<Shop | undefined> {
  const url = on ?? (await serverFor(t, 'zookeeper'))?.url
  if (url === undefined) return undefined
  const root = freshRoot()
  const ends: (() => unknown)[] = []
  t.after(async () => {
    for (const end of ends.reverse()) await end()
    if (on === undefined) await removeRoot(url, root)
  })
  return {
    url,
    root,
    async client(at = url, given = longSession) {
      const client = await connected(at, given)
      ends.push(() => client.close())
      return client
    },
    lock(client, given) {
      const lock = zookeeperLock(client, { root, ...given })
      ends.push(() => lock.close())
      return lock
    },
    nodes: () => nodesUnder(url, root),
  }
}

export function madeAt(url: string, given: object = longSession): () => Client {
  return () => clientOf(url, given)
}

export async function taken(lock: Lock): Promise<HeldLock> {
  const held = await lock.acquire(resource, soon)
  assert.ok(held, 'the lock was not given')
  return held
}

async function nodesUnder(url: string, root: string): Promise<readonly string[]> {
  const client = await connected(url)
  const buckets = await children(client, root)
  const nodes = await Promise.all(buckets.map((bucket) => children(client, `${root}/${bucket}`)))
  client.close()
  return nodes.flat()
}

export function children(client: Client, path: string): Promise<readonly string[]> {
  return new Promise((resolve) => {
    client.getChildren(path, (error, names) => resolve(error ? [] : names))
  })
}
