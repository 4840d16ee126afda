import assert from 'node:assert/strict'
import type { OutgoingMessage } from '../delivery/publisher.ts'
import type { Delivery, Source, Subscription } from '../delivery/source.ts'
import { textOf } from '../inbox/bytes.ts'
import type { OpenedSource, SourceChoice } from './source-suite.ts'

export const group = 'points'

export async function subscribed(
  opened: OpenedSource,
  choice: SourceChoice = {},
  subscription: Partial<Subscription> = {},
): Promise<Source> {
  const source = opened.source(choice)
  await source.open({ group, instance: undefined, ...subscription })
  return source
}

/** Sends messages whose bodies are the numbers from `from`. */
export async function sendNumbers(
  opened: OpenedSource,
  count: number,
  from = 0,
  given: Partial<OutgoingMessage> = {},
): Promise<void> {
  const publisher = opened.publisher()
  const bodies = Array.from({ length: count }, (_, at) => ({ body: from + at, ...given }))
  await publisher.sendBatch(bodies)
  await publisher.close()
}

export async function send(opened: OpenedSource, ...messages: OutgoingMessage[]): Promise<void> {
  const publisher = opened.publisher()
  for (const message of messages) await publisher.send(message)
  await publisher.close()
}

/** Pulls until so many have come. */
export async function take(
  { arrivalMs }: OpenedSource,
  source: Source,
  count: number,
): Promise<readonly Delivery[]> {
  const signal = AbortSignal.timeout(arrivalMs)
  const taken: Delivery[] = []
  while (taken.length < count && !signal.aborted)
    taken.push(...(await source.pull(count - taken.length, signal)))
  assert.equal(taken.length, count, `${count} were to come, ${taken.length} have come`)
  return taken
}

export async function takeOne(opened: OpenedSource, source: Source): Promise<Delivery> {
  const [delivery] = await take(opened, source, 1)
  return delivery as Delivery
}

/** Fails if anything comes. */
export async function nothingComes(opened: OpenedSource, source: Source): Promise<void> {
  const pulled = await source.pull(10, AbortSignal.timeout(opened.quietMs))
  assert.deepEqual(pulled.map(bodyOf), [], 'nothing was to come')
}

/** Takes and acknowledges so many. */
export async function consume(
  opened: OpenedSource,
  source: Source,
  count: number,
): Promise<readonly Delivery[]> {
  const taken = await take(opened, source, count)
  await source.ack(taken)
  return taken
}

export function bodyOf({ message }: Delivery): string {
  return textOf(message.body) ?? 'no text'
}

export function numbers(count: number, from = 0): readonly string[] {
  return Array.from({ length: count }, (_, at) => String(from + at))
}

/** The bodies in the order of their numbers. */
export function inOrder(deliveries: readonly Delivery[]): readonly string[] {
  return deliveries.map(bodyOf).sort((a, b) => Number(a) - Number(b))
}
