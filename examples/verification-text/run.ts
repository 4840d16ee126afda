// Text messages with verification codes: the effect is at a provider that can neither deduplicate nor be asked. A marker
// makes second texts rare, says in which case one can be sent all the same, and nothing more can be had.
import { createConsumer, unchecked } from 'semel'
import { memoryPublisher, memoryQueue, memorySource } from 'semel/memory'
import { marker } from 'semel/strategies'
import { shops } from '../databases.ts'
import { counted, mustBe } from '../events.ts'

interface WaitingSend {
  readonly textId: string
  readonly phone: string
}

for await (const shop of shops()) {
  console.log(shop.name)
  const queue = memoryQueue()
  const publisher = memoryPublisher(queue, { topic: 'texts' })
  const waiting = Array.from({ length: 50 }, (_, at) => ({
    textId: `text-${at}`,
    phone: `+49 ${at}`,
  }))
  // Two consumers, and every message twice.
  await publisher.sendBatch([...waiting, ...waiting].map((body) => ({ body })))

  const sent = new Map<string, number>()
  let broken = false
  const seen = counted(['applied', 'duplicate', 'dead'], false)
  const consumer = createConsumer({
    group: 'texts',
    source: memorySource(queue, { topic: 'texts' }),
    store: shop.store,
    strategy: marker({ because: 'a second text with the same code annoys, and does no harm' }),
    body: unchecked<WaitingSend>(),
    key: ({ body }) => body.textId,
    retentionMs: 72 * 3_600_000,
    parkedPollMs: 10,
    retryDelayMs: 10,
    async handler({ body }) {
      await new Promise((resolve) => setImmediate(resolve))
      sent.set(body.textId, (sent.get(body.textId) ?? 0) + 1)
      // The one case that the assurance names: gone, and the answer of the provider is lost.
      const isLost = body.textId === 'text-7' && !broken
      broken ||= isLost
      if (isLost) throw new Error('the connection to the provider was cut')
    },
  })
  const { level, windows } = consumer.assurance
  console.log(`  assurance ${level}`)
  for (const window of windows) console.log(`  window    ${window}`)
  await consumer.start()
  await seen.reached(2 * waiting.length, 'applied', 'duplicate')
  await consumer.stop()
  await publisher.close()
  seen.stop()

  const twice = [...sent].filter(([, times]) => times > 1)
  mustBe('texts', [sent.size, seen.counts.dead], [waiting.length, 0])
  mustBe('twice', twice, [['text-7', 2]])
}
