// A new member, whose number is the primary key. Redelivered, or sent by two systems, it is one member; and another
// member under the same number is not taken for the first one.
import { createConsumer, type Message, unchecked } from 'semel'
import { memoryPublisher, memoryQueue, memorySource } from 'semel/memory'
import { uniqueRow } from 'semel/strategies'
import { shops } from '../databases.ts'
import { counted, mustBe } from '../events.ts'

interface NewMember {
  readonly no: string
  readonly name: string
  readonly mail: string
  readonly from: string
}

const strategy = uniqueRow({
  table: 'members',
  unique: ['no'],
  same: ['name'],
  of: ({ body }: Message<NewMember>) => ({ no: body.no, name: body.name, mail: body.mail }),
})

for await (const shop of shops(
  'create table members (no varchar(20) primary key, name varchar(40) not null, mail varchar(60) not null unique)',
  'create table welcomes (no varchar(20) not null)',
)) {
  console.log(shop.name)
  const queue = memoryQueue()
  const publisher = memoryPublisher(queue, { topic: 'members' })
  const ada = { no: 'm-1', name: 'Ada', mail: 'ada@example.org', from: 'web' }
  const bob = { no: 'm-2', name: 'Bob', mail: 'bob@example.org', from: 'web' }
  const messages = [
    ada,
    ada,
    { ...ada, from: 'app' },
    { ...ada, name: 'Eve', from: 'app' },
    bob,
    // Another member who took the mail address of Bob: not a duplicate, though a constraint says no.
    { no: 'm-3', name: 'Mallory', mail: bob.mail, from: 'web' },
  ]
  await publisher.sendBatch(messages.map((body) => ({ body: { ...body } })))

  const seen = counted(['applied', 'passed', 'duplicate', 'dead'])
  const consumer = createConsumer({
    group: 'members',
    source: memorySource(queue, { topic: 'members' }),
    store: shop.store,
    body: unchecked<NewMember>(),
    key: ({ body }) => [body.no, body.name, body.from],
    strategy,
    attemptsMax: 1,
    handler: ({ body }, { tx }) => shop.write(tx, 'insert into welcomes values (?)', body.no),
  })
  await consumer.start()
  await seen.reached(messages.length, 'applied', 'passed', 'duplicate', 'dead')
  await consumer.stop()
  await publisher.close()
  seen.stop()

  const members = await shop.rows('select no, name from members order by no')
  const welcomes = await shop.rows('select no from welcomes order by no')
  mustBe(
    'members',
    members.map(({ no, name }) => [no, name]),
    [
      ['m-1', 'Ada'],
      ['m-2', 'Bob'],
    ],
  )
  mustBe(
    'welcomes',
    welcomes.map(({ no }) => no),
    ['m-1', 'm-2'],
  )
  mustBe('dead', seen.counts.dead, 2)
}
