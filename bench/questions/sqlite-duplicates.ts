import { sqlitePublisher } from 'semel/sqlite'
import type { Contestant, Question } from '../harness.ts'
import { paymentAt, topic } from '../payments.ts'
import {
  consumeWithSemel,
  leavesEvery,
  oneByOne,
  type Place,
  prepare,
  setBased,
  sqlite,
} from './sqlite.ts'

/** Everything has taken effect before, and is sent again. */
async function sentAgain(place: Place): Promise<void> {
  await consumeWithSemel(setBased)(place)
  const publisher = sqlitePublisher(place.file, { topic })
  const all = Array.from({ length: place.deliveries }, (_, at) => paymentAt(at))
  await publisher.sendBatch(all.map((body) => ({ body })))
  await publisher.close()
}

const verify: Contestant<Place>['verify'] = leavesEvery('payments')

export const sqliteDuplicates: Question<Place> = {
  name: 'sqlite-duplicates',
  asks: 'What does a duplicate cost, compared with a first delivery?',
  contestants: [
    { name: 'first, one by one', consume: consumeWithSemel(oneByOne), verify },
    { name: 'first, batch handler', consume: consumeWithSemel(setBased), verify },
    { name: 'duplicates', arrange: sentAgain, consume: consumeWithSemel(setBased), verify },
  ],
  prepare,
  close: sqlite.close,
}
