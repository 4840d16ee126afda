import { SemelError } from '../errors/semel-error.ts'
import { checkedClient, type ZooKeeperClient } from './client.ts'
import { openSession, type Session } from './session.ts'

/** Where the session comes from that locks are taken in. */
export interface Sessions {
  /** @throws SEMEL_LOCK_UNAVAILABLE when the only one there is has ended. */
  current(): Session
  /** Whether another one follows when one has ended. */
  readonly renewed: boolean
  close(): void
}

const closed = 'the lock on zookeeper is closed'

/** The one of the user's own client. It stays open. */
export function givenSession(
  where: string,
  client: ZooKeeperClient,
  commandMsMax: number,
): Sessions {
  const session = openSession(checkedClient(where, client), { commandMsMax, ours: false })
  return {
    renewed: false,
    current() {
      if (!session.over.aborted) return session
      throw new SemelError(
        'SEMEL_LOCK_UNAVAILABLE',
        `${(session.over.reason as Error).message}: give a function that makes clients, and the next lock opens a new one`,
      )
    },
    close: () => session.end(closed),
  }
}

/** One after another, each opened when a lock is wanted. */
export function madeSessions(
  where: string,
  make: () => ZooKeeperClient,
  commandMsMax: number,
): Sessions {
  let session: Session | undefined
  return {
    renewed: true,
    current() {
      if (session !== undefined && !session.over.aborted) return session
      const client = checkedClient(where, make())
      session = openSession(client, { commandMsMax, ours: true })
      client.connect()
      return session
    },
    close: () => session?.end(closed),
  }
}
