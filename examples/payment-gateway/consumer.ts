// A consumer whose effects are elsewhere. It runs in a process of its own, so that it can be killed.
import { atLeastOnce, createConsumer, forwardedKey, unchecked } from 'semel'
import { sqliteSource, sqliteStore } from 'semel/sqlite'

const [file = '', gateway = ''] = process.argv.slice(2)

const store = sqliteStore(file)
const consumer = createConsumer({
  group: 'payments',
  source: sqliteSource(file, { topic: 'orders', holdMs: 500 }),
  store,
  body: unchecked<{ readonly order: string }>(),
  key: (message) => message.body.order,
  effects: {
    // The provider promises 24 hours: one less, so that a slow call is still inside.
    charge: forwardedKey({ remembersMs: 23 * 3_600_000 }),
    mail: atLeastOnce({
      because: 'SMTP cannot deduplicate, and a second receipt does little harm',
    }),
  },
  // Whoever comes after the crash need not wait for long, and no third order is in the middle of something.
  leaseMs: 500,
  prefetchMax: 2,
  async handler({ body: { order } }, { effects, transaction }) {
    const receipt = await effects.charge((key) => post('/charge', order, key))
    await effects.mail(() => post('/mail', order))
    await transaction((tx) =>
      tx.prepare('insert into booking values (?, ?)').run(order, receipt.id),
    )
  },
})

async function post(path: string, order: string, key = ''): Promise<{ readonly id: string }> {
  const url = `${gateway}${path}?${new URLSearchParams({ order }).toString()}`
  const response = await fetch(url, { method: 'POST', headers: { 'idempotency-key': key } })
  return (await response.json()) as { readonly id: string }
}

const { level, because } = consumer.assurance
console.log(`consumer  assurance ${level}: ${because.join('; ')}`)
process.once('disconnect', () => {
  consumer
    .stop()
    .then(() => store.close())
    .catch(() => process.exit(1))
})
await consumer.start()
