import type { Question } from '../harness.ts'
import {
  byHand,
  close,
  handler,
  leavesEvery,
  loops,
  type Place,
  plain,
  prepare,
  withSemel,
} from './postgres.ts'

const verify = leavesEvery('payments')

export const postgresIndependent: Question<Place> = {
  name: 'postgres-independent',
  asks: 'What is gained by saying that payments of different accounts touch different rows, on a pipelined pool?',
  contestants: [
    { name: 'plain', consume: byHand(loops, 1, plain), verify: leavesEvery('deliveries') },
    { name: 'semel', consume: withSemel({ handler }), verify },
    {
      name: 'semel-independent',
      consume: withSemel({ handler, independentBy: ({ body }) => body.account }),
      verify,
    },
  ],
  prepare: (deliveries) => prepare(deliveries, true),
  close,
}
