// Users click a campaign again and again; one row each, with the newest time. A click that is delivered late changes
// nothing.
import { createConsumer, type Message, unchecked } from 'semel'
import { memoryPublisher, memoryQueue, memorySource } from 'semel/memory'
import { upsert } from 'semel/strategies'
import { shops } from '../databases.ts'
import { counted, mustBe } from '../events.ts'

interface Click {
  readonly act: string
  readonly user: string
  readonly at: number
}

const strategy = upsert({
  table: 'clicks',
  key: ['act_code', 'usr_id'],
  newest: 'clicked_at',
  of: ({ body }: Message<Click>) => ({
    act_code: body.act,
    usr_id: body.user,
    clicked_at: body.at,
  }),
})

for await (const shop of shops(
  'create table clicks (act_code varchar(40) not null, usr_id varchar(40) not null, clicked_at bigint not null, unique (act_code, usr_id))',
)) {
  console.log(shop.name)
  const queue = memoryQueue()
  const publisher = memoryPublisher(queue, { topic: 'clicks' })
  const hour = 3_600_000
  const at = [1, 5, 3, 5, 2].map((hours) => hours * hour)
  const clicks = ['ada', 'bob'].flatMap((user) =>
    at.map((time) => ({ act: 'spring', user, at: time })),
  )
  await publisher.sendBatch(clicks.map((body) => ({ body })))

  const seen = counted(['applied', 'passed', 'duplicate'])
  const consumer = createConsumer({
    group: 'statistics',
    source: memorySource(queue, { topic: 'clicks' }),
    store: shop.store,
    body: unchecked<Click>(),
    // Of campaign, user and time: the same click twice is one.
    key: strategy.key,
    strategy,
    handler: () => undefined,
  })
  await consumer.start()
  await seen.reached(clicks.length, 'applied', 'passed', 'duplicate')
  // An old click that was lost in a queue for a day.
  await publisher.send({ body: { act: 'spring', user: 'ada', at: 4 * hour } })
  await seen.reached(clicks.length + 1, 'applied', 'passed', 'duplicate')
  await consumer.stop()
  await publisher.close()
  seen.stop()

  const rows = await shop.rows('select usr_id, clicked_at from clicks order by usr_id')
  mustBe(
    'rows',
    rows.map((row) => [row['usr_id'], Number(row['clicked_at']) / hour]),
    [
      ['ada', 5],
      ['bob', 5],
    ],
  )
}
