// Performs one key through a library, says when the effect is written, and never comes to the settlement.
import { semel } from 'semel'
import { grounds } from './grounds.ts'
import { libraries } from './libraries.ts'

const [on = '', name = '', url = '', schema = ''] = process.argv.slice(2)
const library = libraries.find((one) => one.on === on && one.name === name)
if (library === undefined) throw new TypeError(`there is no library ${name}`)
const { client, say } = await library.open(url)
const points = semel({ group: 'points', store: grounds[library.on](url).store(client, schema) })
// Keeps the process alive while the handler waits.
setInterval(() => undefined, 1_000)
await points.run('A-17', async ({ tx }) => {
  await say(tx, `insert into ${schema}.effects values ('A-17')`)
  process.send?.('written')
  await new Promise(() => undefined)
})
