// 200 are deducted from version 1 of an account. The message comes twice, and somebody else made another one from the
// same version: one deduction, one duplicate, one alarm; a newer version is not overwritten.
import { createConsumer, type Message, unchecked } from 'semel'
import { memoryPublisher, memoryQueue, memorySource } from 'semel/memory'
import { version } from 'semel/strategies'
import { shops } from '../databases.ts'
import { counted, mustBe } from '../events.ts'

interface Deduction {
  readonly messageId: string
  readonly id: number
  readonly money: number
  readonly version: number
}

const strategy = version({
  table: 'accounts',
  by: 'last_message',
  of: ({ body }: Message<Deduction>) => ({ id: body.id, version: body.version }),
})

for await (const shop of shops(
  'create table accounts (id integer primary key, money integer not null, version integer not null, last_message varchar(80))',
  'insert into accounts values (1, 1000, 1, null)',
)) {
  console.log(shop.name)
  const queue = memoryQueue()
  const publisher = memoryPublisher(queue, { topic: 'deductions' })
  const deduct = { messageId: 'm-1', id: 1, money: 200, version: 1 }
  const send = (...bodies: Deduction[]): Promise<unknown> =>
    publisher.sendBatch(bodies.map((body) => ({ body: { ...body } })))

  const seen = counted(['applied', 'passed', 'duplicate', 'dead'])
  const consumer = createConsumer({
    group: 'accounts',
    source: memorySource(queue, { topic: 'deductions' }),
    store: shop.store,
    body: unchecked<Deduction>(),
    key: ({ body }) => body.messageId,
    strategy,
    handler: ({ body }, { tx }) =>
      shop.write(tx, 'update accounts set money = money - ? where id = ?', body.money, body.id),
  })
  await consumer.start()
  await send(deduct, deduct)
  await seen.reached(2, 'applied', 'duplicate')
  // Made from version 1 by a third party. "Zero rows, so it was a duplicate" would lose it in silence.
  await send({ ...deduct, messageId: 'm-2', money: 50 })
  await seen.reached(1, 'dead')
  // Its sender reads the account again, and asks anew.
  await send({ ...deduct, messageId: 'm-3', money: 50, version: 2 })
  await seen.reached(2, 'applied')
  // Long after, when the inbox has forgotten: the row still knows who made its version.
  await shop.rows('delete from semel_inbox')
  await send({ ...deduct, messageId: 'm-3', money: 50, version: 2 })
  await seen.reached(1, 'passed')
  await consumer.stop()
  await publisher.close()
  seen.stop()

  const [account] = await shop.rows('select money, version from accounts')
  mustBe('account', [Number(account?.['money']), Number(account?.['version'])], [750, 3])
}
