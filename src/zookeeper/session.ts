import { SemelError } from '../errors/semel-error.ts'
import { type Asking, asking, inTime } from './asking.ts'
import {
  closeClient,
  hasCode,
  ifClosed,
  isConnected,
  type ZooKeeperClient,
  type ZooKeeperState,
} from './client.ts'
import { type Watches, watches } from './watches.ts'

/** One session with the servers. Nodes of locks live as long as it. */
export interface Session {
  /** Aborted when it has ended for good, or may not be used any more. */
  readonly over: AbortSignal
  timeoutMs(): number
  ask: Asking['ask']
  /** Waits a while for an answer, and no longer than `signal` lets it. What was asked may still be done later. */
  inTime<Answer>(answer: Promise<Answer>, signal?: AbortSignal): Promise<Answer>
  watch: Watches['watch']
  /** Calls at each connection; answers how to take that back. */
  onConnected(listener: () => void): () => void
  /** Resolves when there is a connection, or the session is over. */
  whenConnected(): Promise<void>
  /** Stops listening. */
  end(why: string): void
}

export interface SessionTerms {
  readonly commandMsMax: number
  /** Whether nobody else uses the client: it is closed with the session, and given up when it hears nothing more. */
  readonly ours: boolean
}

const expired = 'the session has expired'
const refused = 'the server does not accept who we are'
/** States that the client never leaves. */
const endings: Readonly<Record<string, string>> = { EXPIRED: expired, AUTH_FAILED: refused }

export function openSession(client: ZooKeeperClient, terms: SessionTerms): Session {
  const ended = new AbortController()
  const over = ended.signal
  const connected = new Set<() => void>()
  const { ask, silentMs } = asking(client, over, (error) => {
    if (hasCode(error, 'sessionExpired')) end(expired)
    if (hasCode(error, 'authFailed')) end(refused)
  })
  const { watch, end: endWatches } = watches(ask)
  client.on('state', hear)

  function hear({ name }: ZooKeeperState): void {
    const why = endings[name]
    if (why !== undefined) return end(why)
    if (!isConnected(client)) return ifClosed(client, () => end('its client is closed'))
    for (const listener of connected) listener()
  }
  function end(why: string): void {
    if (over.aborted) return
    client.removeListener('state', hear)
    ended.abort(new SemelError('SEMEL_LOCK_UNAVAILABLE', why))
    endWatches()
    for (const listener of connected) listener()
    if (terms.ours) closeClient(client)
  }
  /** The client sends, and never asks whether anybody hears it; nor does it hurry a server that greets nobody. */
  function giveUpSilent(): void {
    if (terms.ours && silentMs() > client.getSessionTimeout())
      end('the server has been silent for longer than a session lasts')
  }
  function onConnected(listener: () => void): () => void {
    connected.add(listener)
    return () => void connected.delete(listener)
  }
  async function whenConnected(): Promise<void> {
    if (over.aborted || isConnected(client)) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const stop = onConnected(resolve)
    await promise
    stop()
  }
  return {
    over,
    timeoutMs: () => client.getSessionTimeout(),
    ask,
    inTime: (answer, signal) => inTime(answer, terms.commandMsMax, giveUpSilent, signal),
    watch,
    onConnected,
    whenConnected,
    end,
  }
}
