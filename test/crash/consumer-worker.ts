// A consumer in a process of its own, whose messages say what goes wrong with them.
import { createConsumer, eventNames, on, unchecked } from 'semel'
import { sqliteSource, sqliteStore } from 'semel/sqlite'
import { reportToParent } from '../../src/cli/demo/parent.ts'
import { faultySource, faultyStore } from '../../src/testing/faults.ts'
import { type Body, type Given, group, ledgerInsert, topic } from './given.ts'

const { given, reach, count, onStop } = reportToParent()
const { file, holdMs, options } = given as Given

const store = faultyStore(sqliteStore(file), reach)
const consumer = createConsumer({
  group,
  source: faultySource(sqliteSource(file, { topic, holdMs }), reach),
  store,
  body: unchecked<Body>(),
  decode(bytes) {
    const body = JSON.parse(new TextDecoder().decode(bytes)) as Body
    if (body.kills === 'decoder') die('decoder')
    return body
  },
  key: (message) => message.body.id,
  orderedBy: (message) => message.body.lane,
  handler({ body }, { tx, attempt }) {
    // Written first: whatever goes wrong behind it must take it back.
    tx.prepare(ledgerInsert).run(body.id)
    if (attempt <= (body.failures ?? 0)) throw new Error(`fails in attempt ${attempt}`)
    if (body.kills === 'handler') die('handler')
    if (body.blocks === true) block()
  },
  ...options,
})

for (const name of eventNames) on(name, () => count(name))
on('claimed', ({ alone }) => alone && count('claimed alone'))
onStop(async () => {
  await consumer.stop()
  await store.close()
})
await consumer.start()
count('started')
const end = await consumer.ended
if (end !== undefined) throw end.error

function die(where: string): never {
  reach(`dying in the ${where}`)
  return process.kill(process.pid, 'SIGKILL') as never
}

function block(): never {
  for (;;);
}
