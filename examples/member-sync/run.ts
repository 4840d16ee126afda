// A third party pushes its members every night, some pushes late and some twice: each member is as in the newest push.
import { createConsumer, type Message, unchecked } from 'semel'
import { memoryPublisher, memoryQueue, memorySource } from 'semel/memory'
import { upsert } from 'semel/strategies'
import { shops } from '../databases.ts'
import { counted, mustBe } from '../events.ts'

interface Pushed {
  readonly no: string
  readonly name: string
  readonly level: number
  /** The night of the push, and its number within the night. */
  readonly night: number
  readonly seq: number
}

const strategy = upsert({
  table: 'members',
  key: ['no'],
  newest: 'night',
  tie: 'seq',
  of: ({ body }: Message<Pushed>) => ({ ...body }),
})

for await (const shop of shops(
  'create table members (no varchar(20) primary key, name varchar(40), level integer, night integer, seq integer)',
)) {
  console.log(shop.name)
  const queue = memoryQueue()
  const publisher = memoryPublisher(queue, { topic: 'members' })
  const members = Array.from({ length: 20 }, (_, at) => `m-${at}`)
  const push = (night: number, seq: number): readonly Pushed[] =>
    members.map((no) => ({ no, name: `${no} of night ${night}`, level: seq, night, seq }))
  // The third night comes before the second, and was sent in two parts, the second part first.
  const pushes = [push(1, 1), push(3, 2), push(3, 1), push(2, 1), push(3, 2)].flat()
  await publisher.sendBatch(pushes.map((body) => ({ body: { ...body } })))

  const seen = counted(['applied', 'passed', 'duplicate', 'dead'], false)
  let written = 0
  const consumer = createConsumer({
    group: 'members',
    source: memorySource(queue, { topic: 'members' }),
    store: shop.store,
    body: unchecked<Pushed>(),
    key: strategy.key,
    strategy,
    handlerBatch(messages) {
      written += messages.length
    },
  })
  await consumer.start()
  await seen.reached(pushes.length, 'applied', 'passed', 'duplicate', 'dead')
  await consumer.stop()
  await publisher.close()
  seen.stop()
  console.log(`  written   ${written} of ${pushes.length} pushes`)

  const stale = await shop.rows('select no from members where night <> 3 or seq <> 2')
  const all = await shop.rows('select no from members')
  mustBe('members', [all.length, stale.length, seen.counts.dead], [members.length, 0, 0])
}
