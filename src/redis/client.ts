import { SemelError } from '../errors/semel-error.ts'
import type { Bytes } from '../inbox/bytes.ts'

/** A word of a command. Bytes stay bytes. */
export type Word = string | Buffer

/** What is used of a client of the package `redis`: connected already, on one connection, never a pool. */
export interface NodeRedis {
  sendCommand(
    words: ReadonlyArray<Word>,
    options?: { readonly typeMapping: object },
  ): Promise<unknown>
}

/** What is used of a cluster of the package `redis`. */
export interface NodeRedisCluster {
  readonly masters: readonly unknown[]
  sendCommand(
    key: Word | undefined,
    readOnly: boolean | undefined,
    words: Word[],
    options?: { readonly typeMapping: object },
  ): Promise<unknown>
}

/** What is used of a client or a cluster of the package `ioredis`. */
export interface IoRedis {
  callBuffer(command: string, ...words: Word[]): Promise<unknown>
}

/** The user's own client. It must reach the server that is written to. */
export type RedisClient = NodeRedis | NodeRedisCluster | IoRedis

/** One command, sent where its key is; texts are answered as bytes. */
export type Send = (
  key: Word | undefined,
  command: string,
  ...words: readonly Word[]
) => Promise<unknown>

/**
 * Tells the clients apart by what they have.
 *
 * @throws SEMEL_OPTION_INVALID
 */
export function sender(where: string, client: RedisClient): Send {
  if (has<IoRedis>(client, 'callBuffer'))
    return (_, command, ...words) => client.callBuffer(command, ...words)
  if (has<NodeRedisCluster>(client, 'masters'))
    return (key, command, ...words) => client.sendCommand(key, false, [command, ...words], asBytes)
  if (has<{ execute: unknown }>(client, 'execute'))
    throw notFit(where, 'a pool of clients: it does not keep the order of commands')
  if (has<NodeRedis>(client, 'sendCommand'))
    return (_, command, ...words) => client.sendCommand([command, ...words], asBytes)
  throw notFit(where, 'no client of redis or ioredis')
}

/** Bulk strings, and verbatim ones: by their first bytes in the protocol. */
const asBytes = { typeMapping: { 36: Buffer, 61: Buffer } }

function has<T>(client: unknown, member: keyof T & string): client is T {
  return typeof client === 'object' && client !== null && member in client
}

function notFit(where: string, what: string): SemelError {
  return new SemelError(
    'SEMEL_OPTION_INVALID',
    `${where} takes a connected client of redis or ioredis; this is ${what}`,
  )
}

/** The same bytes, as clients want them. */
export function buffer(bytes: Bytes): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
