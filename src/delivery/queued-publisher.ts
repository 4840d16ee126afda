import { SemelError } from '../errors/semel-error.ts'
import type { EncodedMessage } from './outgoing.ts'
import type { OutgoingMessage, Publisher } from './publisher.ts'

/** Hears of messages that nobody awaited and that were not stored. */
export type SendErrorListener = (error: unknown, message: OutgoingMessage) => void

/** What a broker adds to become a publisher. */
export interface QueuedPublisherParts {
  readonly name: string
  /** Most messages that nobody awaits and that are not stored yet. */
  readonly inFlightMax: number
  readonly onError: SendErrorListener | undefined
  /** Checks and completes a message; throws what is wrong with it. */
  encode(message: OutgoingMessage): EncodedMessage
  /** Stores all of them, in this order; never called again before it has answered. */
  publish(batch: readonly EncodedMessage[]): Promise<void>
  close(): Promise<void>
}

/** Messages that are stored together or not at all. */
interface Sending {
  readonly batch: readonly EncodedMessage[]
  stored(): void
  failed(error: unknown): void
}

/** Most messages that different callers' sends are merged into. */
const mergedMax = 1_000

/**
 * A publisher over one function that stores a batch. Everything sent in one turn of the event loop is stored
 * together, in the order in which it was sent.
 */
export function queuedPublisher(parts: QueuedPublisherParts): Publisher {
  const { name, inFlightMax, onError, encode, close } = parts
  const line = sendingLine(parts)
  let inFlight = 0
  let closed = false
  let unreported: { readonly error: unknown } | undefined

  function encodeOpen(message: OutgoingMessage): EncodedMessage {
    if (closed) throw new SemelError('SEMEL_SOURCE_CLOSED', `the publisher ${name} is closed`)
    return encode(message)
  }

  /** Without an awaiter: counted until it is stored. */
  function post(message: OutgoingMessage, failed: (error: unknown) => void): void {
    const encoded = encodeOpen(message)
    if (inFlight >= inFlightMax)
      throw new SemelError(
        'SEMEL_SEND_OVERFLOW',
        `${inFlight} messages are not stored yet, allowed are ${inFlightMax}`,
      )
    inFlight++
    const stored = (): void => {
      inFlight--
    }
    line.add({ batch: [encoded], stored, failed: (error) => [stored(), failed(error)] })
  }

  function report(error: unknown, message: OutgoingMessage): void {
    unreported ??= { error }
    try {
      onError?.(error, message)
    } catch {
      // A listener that throws must not stop what else is to be sent; flush() reports all the same.
    }
  }

  function throwUnreported(): void {
    const first = unreported
    unreported = undefined
    if (first !== undefined) throw first.error
  }

  const sendBatch = async (messages: readonly OutgoingMessage[]): Promise<readonly string[]> => {
    const batch = messages.map(encodeOpen)
    if (batch.length > 0)
      await new Promise<void>((stored, failed) => line.add({ batch, stored, failed }))
    return batch.map(({ id }) => id)
  }

  return {
    name,
    async send(message) {
      const [id] = await sendBatch([message])
      return id as string
    },
    sendBatch,
    enqueue: (message) => post(message, (error) => report(error, message)),
    sendOneWay(message) {
      try {
        post(message, () => undefined)
      } catch {
        // Sent and forgotten.
      }
    },
    async flush() {
      await line.empty()
      throwUnreported()
    },
    async close() {
      if (closed) return
      closed = true
      await line.empty()
      await close()
      // Who has a listener knows already; who has none must not take this for a clean end.
      if (onError === undefined) throwUnreported()
    },
  }
}

/** One batch after another; what was added meanwhile goes together. */
function sendingLine({ publish }: QueuedPublisherParts): {
  add(sending: Sending): void
  empty(): Promise<void>
} {
  let waiting: Sending[] = []
  let working: Promise<void> | undefined

  async function work(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve))
    while (waiting.length > 0) {
      const count = mergeable(waiting)
      const taken = waiting.slice(0, count)
      waiting = waiting.slice(count)
      await store(taken)
    }
    working = undefined
  }

  async function store(taken: readonly Sending[]): Promise<void> {
    try {
      await publish(taken.flatMap(({ batch }) => batch))
      for (const { stored } of taken) stored()
    } catch (error) {
      for (const { failed } of taken) failed(error)
    }
  }

  return {
    add(sending) {
      waiting.push(sending)
      working ??= work()
    },
    async empty() {
      while (working !== undefined) await working
    },
  }
}

/** How many from the front fit into one batch; the first always does. */
function mergeable(waiting: readonly Sending[]): number {
  let messages = 0
  const end = waiting.findIndex(({ batch }, at) => {
    messages += batch.length
    return at > 0 && messages > mergedMax
  })
  return end < 0 ? waiting.length : end
}
