// A statement is cut off before the server sees it: no effect. After it has acted: the effect is there. The client
// gets an error in both cases, and cannot tell them apart.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type FaultProxy, faultProxy } from './proxy.ts'
import { type Side, sides } from './proxy-sides.ts'
import { serverFor } from './server.ts'

for (const side of sides) {
  const { name, act, how } = side
  for (const when of ['before', 'after'] as const)
    test(`${name}: cut ${when} ${how}`, async (t) => {
      const bench = await at(t, side)
      if (bench === undefined) return
      const { proxy, client, effects } = bench
      const cut = proxy.cut(when, act)
      await assert.rejects(client.act('cut'))
      await cut.happened
      assert.ok(cut.isDone())
      assert.deepEqual(await effects(), when === 'before' ? [] : ['cut'])
    })

  test(`${name}: the n-th is cut, those before it are answered: ${how}`, async (t) => {
    const bench = await at(t, side)
    if (bench === undefined) return
    const { proxy, client, effects } = bench
    proxy.cut('after', act, 3)
    await client.act('one')
    await client.act('two')
    await assert.rejects(client.act('three'))
    assert.deepEqual(await effects(), ['one', 'three', 'two'])
  })

  test(`${name}: nothing is cut that does not fit, or after healing: ${how}`, async (t) => {
    const bench = await at(t, side)
    if (bench === undefined) return
    const { proxy, client, effects } = bench
    const cuts = [proxy.cut('before', /vacuum/i), proxy.cut('after', () => false)]
    await client.act('one')
    cuts.push(proxy.cut('before', act))
    proxy.heal()
    await client.act('two')
    assert.deepEqual(await effects(), ['one', 'two'])
    assert.deepEqual(
      cuts.map((cut) => cut.isDone()),
      [false, false, false],
    )
  })
}

/** A client behind a proxy, and a look at the effects that goes around it. */
async function at(t: TestContext, { name, open }: Side) {
  const found = await serverFor(t, name)
  if (found === undefined) return undefined
  const proxy: FaultProxy = await faultProxy(found, t)
  const { client, effects, close } = await open(proxy.url, found.url)
  t.after(close)
  return { proxy, client, effects }
}
