import { SemelError } from '../errors/semel-error.ts'
import type { EncodedMessage } from './outgoing.ts'
import type { OutgoingMessage, Publisher } from './publisher.ts'
import { sendingLine } from './sending-line.ts'

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

/**
 * A publisher over one function that stores a batch. Everything sent in one turn of the event loop is stored
 * together, in the order in which it was sent, whether it is awaited or not.
 */
export function queuedPublisher(parts: QueuedPublisherParts): Publisher {
  const { name, onError } = parts
  const line = sendingLine((batch) => parts.publish(batch))
  const unreported = sendErrors(onError)
  let closed = false

  function encode(message: OutgoingMessage): EncodedMessage {
    if (closed) throw new SemelError('SEMEL_SOURCE_CLOSED', `the publisher ${name} is closed`)
    return parts.encode(message)
  }
  async function sendBatch(messages: readonly OutgoingMessage[]): Promise<readonly string[]> {
    const batch = messages.map(encode)
    await new Promise<void>((stored, failed) => line.add({ batch, stored, failed }))
    return batch.map(({ id }) => id)
  }
  const post = unawaited(parts.inFlightMax, (message, stored, failed) =>
    line.add({ batch: [encode(message)], stored, failed }),
  )

  return {
    name,
    send: async (message) => (await sendBatch([message]))[0] as string,
    sendBatch,
    enqueue: (message) => post(message, (error) => unreported.add(error, message)),
    sendOneWay(message) {
      try {
        post(message, () => undefined)
      } catch {
        // Sent and forgotten.
      }
    },
    async flush() {
      await line.passed()
      unreported.throwFirst()
    },
    async close() {
      if (closed) return
      closed = true
      await line.passed()
      await parts.close()
      // Who listens knows already; who does not must not take this for a clean end.
      if (onError === undefined) unreported.throwFirst()
    },
  }
}

type Post = (message: OutgoingMessage, failed: (error: unknown) => void) => void

/** Counts what nobody awaits, until it is stored or has failed. */
function unawaited(
  inFlightMax: number,
  add: (message: OutgoingMessage, stored: () => void, failed: (error: unknown) => void) => void,
): Post {
  let inFlight = 0
  return (message, failed) => {
    if (inFlight >= inFlightMax)
      throw new SemelError(
        'SEMEL_SEND_OVERFLOW',
        `${inFlight} messages are not stored yet, allowed are ${inFlightMax}`,
      )
    const ended = (): void => {
      inFlight--
    }
    add(message, ended, (error) => {
      ended()
      failed(error)
    })
    inFlight++
  }
}

/** Keeps the first error for whoever flushes next. */
function sendErrors(listener: SendErrorListener | undefined): {
  add(error: unknown, message: OutgoingMessage): void
  throwFirst(): void
} {
  let first: { readonly error: unknown } | undefined
  return {
    add(error, message) {
      first ??= { error }
      try {
        listener?.(error, message)
      } catch {
        // A listener that throws must not stop what else is to be sent; flush() reports all the same.
      }
    },
    throwFirst() {
      const thrown = first
      first = undefined
      if (thrown !== undefined) throw thrown.error
    },
  }
}
