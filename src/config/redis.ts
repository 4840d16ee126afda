import type { RedisClient } from '../redis/index.ts'
import { describeError, SemelError } from '../errors/semel-error.ts'
import { closing, importClient } from './clients.ts'
import type { Technology } from './technologies.ts'

interface Redis {
  createClient(options: object): RedisClient & Connecting
}

interface Connecting {
  on(event: 'error', listener: () => void): unknown
  connect(): Promise<unknown>
  close(): Promise<unknown>
}

const connectMs = 5_000
const reconnectMsMax = 2_000

export const redis: Technology = {
  isFile: false,
  async store(url) {
    const { redisStore } = await import('../redis/index.ts')
    const client = await connected(url)
    return closing(redisStore(client), () => client.close())
  },
}

/** A server that is away at the start is an error; one that goes away later is waited for. */
async function connected(url: string): Promise<RedisClient & Connecting> {
  const { createClient } = await importClient<Redis>('redis')
  let isUp = false
  const reconnectStrategy = (tries: number): number | false =>
    isUp ? Math.min(tries * 50, reconnectMsMax) : false
  const client = createClient({ url, socket: { connectTimeout: connectMs, reconnectStrategy } })
  // Whoever asks next is told.
  client.on('error', () => undefined)
  try {
    await client.connect()
    isUp = true
    return client
  } catch (error) {
    throw new SemelError('SEMEL_STORE_UNAVAILABLE', `redis: ${describeError(error)}`, {
      cause: error,
    })
  }
}
