// Consumers in a process of their own, one for each topic, on one pool.
import { eventNames, on } from 'semel'
import { reportToParent } from '../../../src/cli/demo/parent.ts'
import { databaseOf } from './database.ts'
import type { Given } from './given.ts'
import { consumerOf } from './start-consumer.ts'
import { witnessed } from './witness.ts'

const { given, count, onStop } = reportToParent()
const { at, topics, ...rest } = given as Given
const opened = databaseOf(at).open(at)
const store = witnessed(opened.store, count)
const onPerform = (): void => count('performed')
const consumers = topics.map((topic) => consumerOf({ ...rest, opened, store, topic, onPerform }))

for (const name of eventNames) on(name, () => count(name))
on('claimed', ({ alone, attempt }) => {
  if (alone) count('claimed alone')
  if (attempt > 1) count('claimed again')
})
onStop(async () => {
  await Promise.all(consumers.map((consumer) => consumer.stop()))
  await store.close()
  await opened.close()
})
await Promise.all(consumers.map((consumer) => consumer.start()))
count('started')
const end = await Promise.race(consumers.map(({ ended }) => ended))
if (end !== undefined) throw end.error
