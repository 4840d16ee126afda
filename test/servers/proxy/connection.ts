import type { Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { ArmedCut } from './cuts.ts'
import type { Answered, Dialogue, Said } from './dialogue.ts'

export type Side = 'client' | 'server'

/** What can go wrong with a connection, or with all of them. */
export interface Faults {
  /** Each chunk, both ways, waits so long from now on; milliseconds. */
  delay(ms: number): void
  /** Everything is swallowed from now on, also the end; the connection stays open, and is never good again. */
  blackHole(): void
  /** Both sides get a reset. */
  reset(): void
  /** That side is told that no more will come; what it still says arrives. */
  halfClose(side: Side): void
}

export interface Connection extends Faults {
  /** How many whole messages the client has sent. */
  messages(): number
  /** Resolves when both sides are closed. */
  readonly closed: Promise<unknown>
}

/** What is wrong with a connection now. */
interface Condition {
  delayMs: number
  swallows: boolean
  severed: boolean
}

/** Forwards whole messages, so that a cut falls between two of them. */
export function connection(
  client: Socket,
  server: Socket,
  { fromClient, fromServer }: Dialogue,
  cutAt: (said: Said) => ArmedCut | undefined,
): Connection {
  const now: Condition = { delayMs: 0, swallows: false, severed: false }
  let count = 0
  let cut: ArmedCut | undefined
  /** The first round whose answer the client does not get. */
  let lastRound = Number.POSITIVE_INFINITY

  /** The server keeps what it has seen, and is done with us before anybody is told. */
  function sever({ happened }: ArmedCut): void {
    now.severed = true
    server.once('close', happened)
    server.end()
    client.resetAndDestroy()
  }
  function hear(said: Said): void {
    if (now.severed || said.round > lastRound) return
    count++
    if (said.reply !== undefined) return void client.write(said.reply)
    const here = cut === undefined ? cutAt(said) : undefined
    if (here?.when === 'before') return sever(here)
    if (here !== undefined) [cut, lastRound] = [here, said.round]
    server.write(said.bytes)
  }
  function answer({ bytes, round, ends }: Answered): void {
    if (now.severed) return
    if (round < lastRound) client.write(bytes)
    else if (cut !== undefined && ends && round === lastRound) sever(cut)
  }
  const toServer = pump(client, server, now, (chunk) => fromClient(chunk).forEach(hear))
  const toClient = pump(server, client, now, (chunk) => fromServer(chunk).forEach(answer))
  return {
    closed: Promise.all([toServer, toClient]),
    messages: () => count,
    delay: (ms) => void (now.delayMs = ms),
    blackHole: () => void (now.swallows = true),
    reset: () => [client, server].forEach((socket) => socket.resetAndDestroy()),
    halfClose: (side) => void (side === 'client' ? client : server).end(),
  }
}

async function pump(
  from: Socket,
  to: Socket,
  now: Readonly<Condition>,
  take: (chunk: Buffer) => void,
): Promise<void> {
  try {
    // A side that ends may still listen.
    for await (const chunk of from.iterator({ destroyOnReturn: false })) {
      if (now.delayMs > 0) await pause(now.delayMs)
      if (!now.swallows) take(chunk as Buffer)
    }
    if (!now.swallows) to.end()
  } catch {
    if (!now.swallows && !now.severed) to.destroy()
  }
}
