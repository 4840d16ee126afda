import { SemelError } from '../errors/semel-error.ts'

/** Called once, with an error or with the answer. */
export type Done<Answer> = (error: unknown, answer: Answer) => void

export interface ZooKeeperState {
  readonly name: string
}

export interface ZooKeeperStat {
  /** The transaction that made the node: 64 bits. */
  readonly czxid: Buffer
}

/** What is used of a client of the package `node-zookeeper-client`. */
export interface ZooKeeperClient {
  connect(): void
  close(): void
  getState(): ZooKeeperState
  /** In milliseconds: the wished one, and after the connection that of the server. */
  getSessionTimeout(): number
  on(event: 'state', listener: (state: ZooKeeperState) => void): unknown
  removeListener(event: 'state', listener: (state: ZooKeeperState) => void): unknown
  create(path: string, mode: number, done: Done<string>): void
  mkdirp(path: string, done: Done<unknown>): void
  getChildren(path: string, done: Done<readonly string[]>): void
  getChildren(path: string, watcher: () => void, done: Done<readonly string[]>): void
  setData(path: string, data: Buffer, version: number, done: Done<ZooKeeperStat>): void
  remove(path: string, done: (error: unknown) => void): void
}

/** Its nodes end with the session, and are numbered in the order in which they are made. */
export const ephemeralSequential = 3

/** What an answer may say, in the server's own numbers. */
export const codes = {
  connectionLoss: -4,
  operationTimeout: -7,
  noNode: -101,
  sessionExpired: -112,
  authFailed: -115,
} as const

export function hasCode(error: unknown, ...names: readonly (keyof typeof codes)[]): boolean {
  const code = (error as { readonly code?: unknown } | null)?.code
  return names.some((name) => codes[name] === code)
}

/** Shorter ones end at every pause of a process; of longer ones a dead holder is in the way for too long. */
const sessionMs = { min: 1_000, max: 600_000 }
const used = ['connect', 'close', 'getState', 'getSessionTimeout', 'create', 'setData'] as const

/** @throws SEMEL_OPTION_INVALID for what is no client, or one whose session is too short or too long. */
export function checkedClient(where: string, client: ZooKeeperClient): ZooKeeperClient {
  const given = Object(client) as Record<string, unknown>
  if (used.some((name) => typeof given[name] !== 'function'))
    throw invalid(`${where} takes a client of node-zookeeper-client, or a function that makes one`)
  const wished = client.getSessionTimeout()
  if (wished >= sessionMs.min && wished <= sessionMs.max) return client
  throw invalid(
    `${where}: sessionTimeout of the client is ${String(wished)}; allowed are ${sessionMs.min} to ${sessionMs.max} (ms)`,
  )
}

function invalid(message: string): SemelError {
  return new SemelError('SEMEL_OPTION_INVALID', message)
}

export function isConnected(client: ZooKeeperClient): boolean {
  return client.getState().name === 'SYNC_CONNECTED'
}

/** It does not say so, but what is asked of it then is refused at once; else that waits for the next connection. */
export function ifClosed(client: ZooKeeperClient, then: () => void): void {
  let refused = false
  queueMicrotask(() =>
    client.getChildren('/', (error) => void (refused = hasCode(error, 'connectionLoss'))),
  )
  setImmediate(() => refused && then())
}

/** It throws when it has just begun to connect; then the server ends the session by itself. */
export function closeClient(client: ZooKeeperClient): void {
  try {
    client.close()
  } catch {
    // Nothing that we could do.
  }
}
