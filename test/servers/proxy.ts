// A proxy that spoils connections to a server, in front of the real one:
//
//   const proxy = await faultProxy(found, t)
//   await connect(proxy.url)
//   proxy.delay(50)                                  // also blackHole, reset, halfClose: all connections, or one of them
//   const cut = proxy.cut('after', /^commit/i)       // the server has committed, the client never hears of it
//   await assert.rejects(save()); await cut.happened
//
// It knows PostgreSQL, MySQL and MariaDB, Redis, and ZooKeeper by the scheme of the URL. Neither encrypted nor compressed.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import { bytesDialogue } from './proxy/bytes.ts'
import { connection, type Connection, type Faults } from './proxy/connection.ts'
import { type Cut, cutList, type Match } from './proxy/cuts.ts'
import type { Dialogue } from './proxy/dialogue.ts'
import { mysqlDialogue } from './proxy/mysql.ts'
import { postgresDialogue } from './proxy/postgres.ts'
import { redisDialogue } from './proxy/redis.ts'
import { zookeeperDialogue } from './proxy/zookeeper.ts'
import type { Server } from './server.ts'

export type { Connection, Faults } from './proxy/connection.ts'
export type { Cut, Match } from './proxy/cuts.ts'

/** Faults of the proxy are those of all connections, and of new ones until `heal()`. */
export interface FaultProxy extends Faults {
  /** As that of the server, with the port of the proxy. */
  readonly url: string
  readonly port: number
  /** Open ones, oldest first. */
  connections(): readonly Connection[]
  /** Resets new ones at once. */
  refuse(): void
  /**
   * Cuts a connection once, at the n-th message that fits, counted from now over all connections: before the server
   * sees it, or after the server has acted on it and before the client gets the answer.
   */
  cut(when: 'before' | 'after', match: Match, nth?: number): Cut
  /** No fault and no cut from now on; what was swallowed stays lost. */
  heal(): void
  /** Ends it with all its connections. */
  close(): Promise<void>
}

const dialogues: Readonly<Record<string, () => Dialogue>> = {
  'postgres:': postgresDialogue,
  'postgresql:': postgresDialogue,
  'mysql:': mysqlDialogue,
  'redis:': redisDialogue,
  'zookeeper:': zookeeperDialogue,
}

/** A proxy in front of a server, on a port of its own. It is closed after the test, if one is given. */
export async function faultProxy(
  { url, host, port: behind }: Pick<Server, 'url' | 'host' | 'port'>,
  t?: { after(work: () => Promise<void>): unknown },
): Promise<FaultProxy> {
  const dialogueOf = dialogues[new URL(url).protocol] ?? bytesDialogue
  const open = new Map<Connection, readonly Socket[]>()
  const cuts = cutList()
  const healthy = { delayMs: 0, swallows: false, refuses: false }
  let faults = healthy

  const listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    client.on('error', () => {})
    if (faults.refuses) return void client.resetAndDestroy()
    const server = connect({ host, port: behind, allowHalfOpen: true, noDelay: true })
    server.on('error', () => client.resetAndDestroy())
    const one = connection(client, server, dialogueOf(), cuts.at)
    open.set(one, [client, server])
    one.delay(faults.delayMs)
    if (faults.swallows) one.blackHole()
    one.closed.then(
      () => open.delete(one),
      () => open.delete(one),
    )
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  const all = (spoil: (one: Connection) => void): void => [...open.keys()].forEach(spoil)

  const proxy: FaultProxy = {
    url: Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(port) }).href,
    port,
    connections: () => [...open.keys()],
    delay(ms) {
      faults = { ...faults, delayMs: ms }
      all((one) => one.delay(ms))
    },
    blackHole() {
      faults = { ...faults, swallows: true }
      all((one) => one.blackHole())
    },
    reset: () => all((one) => one.reset()),
    halfClose: (side) => all((one) => one.halfClose(side)),
    refuse: () => void (faults = { ...faults, refuses: true }),
    cut: cuts.arm,
    heal() {
      faults = healthy
      cuts.clear()
      all((one) => one.delay(0))
    },
    async close() {
      for (const sockets of open.values()) for (const socket of sockets) socket.destroy()
      listener.close()
      await once(listener, 'close')
    },
  }
  t?.after(() => proxy.close())
  return proxy
}
