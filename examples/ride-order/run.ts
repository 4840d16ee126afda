// A ride goes through its states, whose messages come twice and in any order: each state is reached once, late news are
// ignored, early ones wait.
import { createConsumer, type Message, unchecked } from 'semel'
import { memoryPublisher, memoryQueue, memorySource } from 'semel/memory'
import { stateMachine } from 'semel/strategies'
import { shops } from '../databases.ts'
import { counted, mustBe } from '../events.ts'

const states = ['created', 'assigned', 'departed', 'arrived', 'picked-up', 'finished'] as const

interface RideNews {
  readonly rideId: string
  readonly state: (typeof states)[number]
  readonly at: number
}

const strategy = stateMachine({
  table: 'rides',
  graph: {
    created: ['assigned'],
    assigned: ['departed'],
    departed: ['arrived'],
    arrived: ['picked-up'],
    'picked-up': ['finished'],
    finished: [],
  },
  of: ({ body }: Message<RideNews>) => ({ id: body.rideId, to: body.state }),
})

for await (const shop of shops(
  'create table rides (id varchar(40) primary key, state varchar(20) not null)',
  'create table history (ride_id varchar(40) not null, state varchar(20) not null)',
)) {
  console.log(shop.name)
  const queue = memoryQueue()
  const publisher = memoryPublisher(queue, { topic: 'rides' })
  const news = ['ride-1', 'ride-2', 'ride-3'].flatMap((rideId, ride) =>
    states.map((state, at): RideNews => ({ rideId, state, at: 10 * ride + at })),
  )
  // The last first, and each twice.
  await publisher.sendBatch([...news.toReversed(), ...news].map((body) => ({ body })))

  const seen = counted(['applied', 'passed', 'duplicate', 'dead'], false)
  const consumer = createConsumer({
    group: 'rides',
    source: memorySource(queue, { topic: 'rides' }),
    store: shop.store,
    body: unchecked<RideNews>(),
    key: ({ body }) => [body.rideId, body.state, body.at],
    strategy,
    parkedPollMs: 10,
    retryDelayMs: 10,
    handler: ({ body }, { tx }) =>
      shop.write(tx, 'insert into history values (?, ?)', body.rideId, body.state),
  })
  await consumer.start()
  await seen.reached(2 * news.length, 'applied', 'duplicate')
  // Somebody reports a departure again, with a time of its own: another message, of a state long passed.
  await publisher.send({ body: { rideId: 'ride-1', state: 'departed', at: 99 } })
  await seen.reached(1, 'passed')
  await consumer.stop()
  await publisher.close()
  seen.stop()

  const history = await shop.rows(
    'select ride_id, count(*) as n from history group by ride_id order by ride_id',
  )
  mustBe(
    'reached',
    history.map(({ n }) => Number(n)),
    [6, 6, 6],
  )
  const finished = await shop.rows("select id from rides where state = 'finished'")
  mustBe('finished', finished.length, 3)
  mustBe('ignored', [seen.counts.passed, seen.counts.dead], [1, 0])
}
