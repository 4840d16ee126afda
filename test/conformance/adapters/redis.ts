import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import type { Store } from 'semel'
import { type RedisClient, redisStore } from 'semel/redis'
import { manualClock, type OpenedStore, type StoreAdapter } from 'semel/testing'
import { reasonWithout, server } from '../../servers/server.ts'
import { closingAll } from './closing-all.ts'

/** A connected client of one package, and how it ends. */
export interface Connected {
  readonly client: RedisClient
  close(): Promise<void>
}

export type Connect = (url: string) => Promise<Connected>

export const nodeRedis: Connect = async (url) => {
  const client = createClient({ url, socket: { reconnectStrategy: reconnectMs } })
  client.on('error', () => undefined)
  await client.connect()
  return { client, close: async () => client.destroy() }
}

export const ioRedis: Connect = async (url) => {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: reconnectMs })
  client.on('error', () => undefined)
  await client.connect()
  return { client, close: async () => client.disconnect() }
}

const reconnectMs = (): number => 50

export const redisStoreAdapter: StoreAdapter = storeAdapter('redis', nodeRedis)
export const ioredisStoreAdapter: StoreAdapter = storeAdapter('ioredis', ioRedis)

function storeAdapter(name: string, connect: Connect): StoreAdapter {
  return { name, open: () => openStore(connect), notRun: () => reasonWithout('redis') }
}

async function openStore(connect: Connect): Promise<OpenedStore> {
  const found = await server('redis')
  if ('because' in found) throw new Error(found.because)
  const { url } = found
  const prefix = freshPrefix()
  const clients = closingAll()
  const clock = manualClock()
  const opening = async (): Promise<Store> => {
    const { client } = clients.keep(await connect(url))
    const store = redisStore(client, { prefix, persistence: 'none', clock })
    await store.prepare()
    // What the server keeps is tested apart: here a store is opened again on a server that runs on.
    return { ...store, capabilities: { ...store.capabilities, durable: true } }
  }
  const store = await opening()
  return {
    store,
    second: await opening(),
    async passTime(ms) {
      clock.pass(ms)
    },
    async reopen() {
      await store.close()
      return opening()
    },
    async close() {
      await removeAll(url, prefix)
      await clients.close()
    },
  }
}

export function freshPrefix(): string {
  return `semel-test-${randomBytes(6).toString('hex')}:`
}

/** Everything under a prefix, however many tests run beside. */
export async function removeAll(url: string, prefix: string): Promise<void> {
  const client = new Redis(url)
  try {
    let cursor = '0'
    do {
      const [next, names] = await client.scanBuffer(cursor, 'MATCH', `${prefix}*`, 'COUNT', 10_000)
      if (names.length > 0) await client.unlink(...names)
      cursor = String(next)
    } while (cursor !== '0')
  } finally {
    client.disconnect()
  }
}
