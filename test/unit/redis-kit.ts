import { randomBytes } from 'node:crypto'
import type { TestContext } from 'node:test'
import type { ClaimRequest, Identity, Outcome, NoTransaction, ParkedMessage, Store } from 'semel'
import { type NodeRedis, type RedisClient, redisStore, type RedisStoreOptions } from 'semel/redis'
import type { Bytes } from '../../src/inbox/bytes.ts'
import { bodyFingerprint } from '../../src/inbox/fingerprint.ts'
import { encodeOrigin, encodeScope, identityOf } from '../../src/inbox/identity.ts'
import type { Key } from '../../src/inbox/key.ts'
import {
  type Connect,
  freshPrefix,
  ioRedis,
  nodeRedis,
  removeAll,
} from '../conformance/adapters/redis.ts'
import { serverFor } from '../servers/server.ts'

/** Both clients, each under its name. */
export const clients: readonly (readonly [name: string, connect: Connect])[] = [
  ['redis', nodeRedis],
  ['ioredis', ioRedis],
]

export interface Shop {
  readonly url: string
  readonly prefix: string
  /** A client of its own, closed after the test. */
  client(connect?: Connect, at?: string): Promise<RedisClient>
  /** A store on these names, without what a server keeps. */
  store(client: RedisClient, options?: RedisStoreOptions): Store<NoTransaction>
}

/** Names that are gone after the test; undefined when the test was skipped for want of a server. */
export async function shop(context: TestContext, on?: string): Promise<Shop | undefined> {
  const url = on ?? (await serverFor(context, 'redis'))?.url
  if (url === undefined) return undefined
  const prefix = freshPrefix()
  const closes: (() => Promise<void>)[] = []
  context.after(async () => {
    for (const close of closes) await close()
    if (on === undefined) await removeAll(url, prefix)
  })
  return {
    url,
    prefix,
    async client(connect = nodeRedis, at = url) {
      const { client, close } = await connect(at)
      closes.push(close)
      return client
    },
    store: (client, options) => redisStore(client, { prefix, persistence: 'none', ...options }),
  }
}

export const body: Bytes = Buffer.from('{"order":17}')
export const fingerprint: Bytes = bodyFingerprint(body)
export const origin: Bytes = encodeOrigin({ group: 'points', topic: 'orders' })

export function identity(key: Key, group = 'points'): Identity {
  return identityOf(encodeScope({ group, keyspace: 'orders' }), key)
}

export function request(key: Key, given: Partial<ClaimRequest> = {}): ClaimRequest {
  const claimId = randomBytes(16)
  return { ...identity(key), fingerprint, claimId, alone: false, by: 'delivery', ...given }
}

export const terms = { leaseMs: 600_000, attemptsMax: 16 }

export function completed(result?: string): Outcome {
  return { state: 'completed', result, keepMs: 600_000 }
}

export function message(given: Partial<ParkedMessage> = {}): ParkedMessage {
  const common = { origin, id: 'm-1', topic: 'orders', headers: {}, body }
  return {
    ...common,
    tag: undefined,
    key: undefined,
    sentAtMs: undefined,
    lane: undefined,
    ...given,
  }
}

export function failed(given: Partial<Extract<Outcome, { state: 'failed' }>> = {}): Outcome {
  const common = { reason: 'failed', detail: 'out of stock', retryInMs: 0, counted: true } as const
  return { state: 'failed', message: undefined, ...common, ...given }
}

/** A client of `redis` that does something else with each command. */
export function wrapped(
  client: RedisClient,
  send: (words: readonly unknown[], go: () => Promise<unknown>) => Promise<unknown>,
): RedisClient {
  const inner = client as NodeRedis
  const outer: NodeRedis = {
    sendCommand: (words, options) => send(words, () => inner.sendCommand(words, options)),
  }
  return outer
}
