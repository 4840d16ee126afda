import assert from 'node:assert/strict'
import test from 'node:test'
import { faultProxy } from '../../servers/proxy.ts'
import { serverFor } from '../../servers/server.ts'
import { until } from '../until.ts'
import { consumerHere } from './consume-here.ts'
import { databases } from './database.ts'
import { placeIn } from './place.ts'

for (const database of databases.filter(({ name }) => name !== 'mysql'))
  test(`${database.name}: connections that swallow everything hold a consumer up, and not for ever`, async (t) => {
    const found = await serverFor(t, database.server)
    if (found === undefined) return
    const here = await placeIn(t, database, found.url)
    const proxy = await faultProxy(found, t)
    const spoilt = database.open({ ...here.at, url: proxy.url })
    const { consumer } = consumerHere(t, here, spoilt, { performMsMax: 1_000, drainMs: 500 })
    await consumer.start()
    const bodies = Array.from({ length: 200 }, (_, at) => ({ id: `m${at}`, rows: [at % 20] }))
    await here.send(bodies.slice(0, 50))
    await here.settled(20_000)
    proxy.blackHole()
    await here.send(bodies.slice(50))
    // Whatever is asked about them is swallowed.
    await until(
      () => consumer.status().inHand > 0,
      () => 'some are in hand',
      10_000,
    )
    proxy.heal()
    await here.settled(150_000)
    await here.balance(bodies)
    assert.equal(consumer.status().state, 'running')
  })
