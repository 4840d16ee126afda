import type { EncodedMessage } from './outgoing.ts'

/** Messages that are stored together or not at all. */
export interface Sending {
  readonly batch: readonly EncodedMessage[]
  stored(): void
  failed(error: unknown): void
}

export interface SendingLine {
  add(sending: Sending): void
  /** Resolves when everything added before is stored or has failed. */
  passed(): Promise<void>
}

/** Most messages that different callers' sends are merged into. */
const mergedMax = 1_000

/** Stores one batch after another, in the order of adding; what comes meanwhile goes together. */
export function sendingLine(
  publish: (batch: readonly EncodedMessage[]) => Promise<void>,
): SendingLine {
  let waiting: Sending[] = []
  let working: Promise<void> | undefined

  async function work(): Promise<void> {
    // The rest of this turn of the event loop may send more.
    await new Promise<void>((resolve) => setImmediate(resolve))
    while (waiting.length > 0) {
      const count = mergeable(waiting)
      const taken = waiting.slice(0, count)
      waiting = waiting.slice(count)
      await store(taken, publish)
    }
    working = undefined
  }

  function add(sending: Sending): void {
    waiting.push(sending)
    working ??= work()
  }

  return {
    add,
    passed: () =>
      new Promise<void>((resolve) => add({ batch: [], stored: resolve, failed: () => resolve() })),
  }
}

async function store(
  taken: readonly Sending[],
  publish: (batch: readonly EncodedMessage[]) => Promise<void>,
): Promise<void> {
  try {
    const batch = taken.flatMap((sending) => sending.batch)
    if (batch.length > 0) await publish(batch)
  } catch (error) {
    for (const { failed } of taken) failed(error)
    return
  }
  for (const { stored } of taken) stored()
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
