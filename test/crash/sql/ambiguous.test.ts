// The connection is cut in front of a statement, or behind it: the client cannot tell which. What was begun must then
// be found out, and never be taken for a failure, or for done.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { isSemelError, semel } from 'semel'
import { until } from '../until.ts'
import { type Cut, type FaultProxy, faultProxy } from '../../servers/proxy.ts'
import { serverFor } from '../../servers/server.ts'
import { consumerHere } from './consume-here.ts'
import { databases } from './database.ts'
import type { CutAt, Database, Opened } from './kinds.ts'
import { type Body, group } from './given.ts'
import { type Place, placeIn } from './place.ts'
import { limitMs, size } from './sizes.ts'
import { witnessed } from './witness.ts'

/** Of each kind of statement, for each side of it, through each door. */
const cutsOf = ({ share }: Database): number => size(25, 250, share)
const sides = ['before', 'after'] as const

interface Scene {
  readonly here: Place
  readonly proxy: FaultProxy
  /** Behind the proxy. */
  readonly spoilt: Opened
  /** Codes of errors, and how often each was met. */
  met: Readonly<Record<string, number>>
}

for (const database of databases) {
  test(`${database.name}: run() that is cut off and called again has one effect`, async (t) => {
    const scene = await sceneOf(t, database)
    if (scene === undefined) return
    const { claim, commit } = database.cuts
    const done = await cutAll(
      scene,
      cutsOf(database),
      [
        { ...claim, nths: [1] },
        { ...commit, nths: [1] },
      ],
      byRun(scene),
    )
    const effects = await scene.here.balance(done)
    report(database, 'run()', effects, scene)
  })

  test(`${database.name}: a consumer that is cut off has one effect per message, and goes on by itself`, async (t) => {
    const scene = await sceneOf(t, database)
    if (scene === undefined) return
    const { claim, settle, commit } = database.cuts
    const consumer = await consuming(t, scene)
    const done = await cutAll(scene, cutsOf(database), [claim, settle, commit, settle], consumer)
    await scene.here.settled(10_000)
    report(database, 'a consumer', await scene.here.balance(done), scene)
  })

  test(`${database.name}: a transaction that is simply tried again has two effects`, async (t) => {
    const scene = await sceneOf(t, database)
    if (scene === undefined) return
    const { spoilt, here } = scene
    await cutAll(
      scene,
      cutsOf(database),
      [{ ...database.cuts.commit, nths: [1] }],
      async (body) => {
        await spoilt.applyByHand(body).catch(() => spoilt.applyByHand(body))
      },
    )
    const ledger = await here.opened.ledger()
    const twice = ledger.length - new Set(ledger).size
    console.log(`  ${database.name}, by hand: ${twice} of ${2 * cutsOf(database)} have two effects`)
    assert.equal(twice, cutsOf(database))
  })
}

async function sceneOf(t: TestContext, database: Database): Promise<Scene | undefined> {
  const found = await serverFor(t, database.server)
  if (found === undefined) return undefined
  const here = await placeIn(t, database, found.url)
  const proxy = await faultProxy(found, t)
  const spoilt = database.open({ ...here.at, url: proxy.url })
  t.after(() => spoilt.close())
  return { here, proxy, spoilt, met: {} }
}

/** One message after another, each with its cut. */
async function cutAll(
  { proxy }: Scene,
  cuts: number,
  kinds: readonly CutAt[],
  work: (body: Body) => Promise<void>,
): Promise<readonly Body[]> {
  const bodies: Body[] = []
  for (const [kind, { match, nths }] of kinds.entries())
    for (const side of sides)
      for (let at = 0; at < cuts; at++) {
        const body = { id: `${kind} ${side} ${at}`, rows: [at % 5], failures: 1 }
        bodies.push(body)
        const cut = proxy.cut(side, match, nths[at % nths.length])
        await work(body)
        await met(cut, body)
      }
  return bodies
}

async function met(cut: Cut, { id }: Body): Promise<void> {
  await until(
    () => cut.isDone(),
    () => `"${id}" has not met its cut`,
    5_000,
  )
}

/** As a caller does that is told that the same call may succeed later. */
function byRun(scene: Scene): (body: Body) => Promise<void> {
  const { spoilt } = scene
  const met: Record<string, number> = {}
  scene.met = met
  const store = witnessed(spoilt.store, (code) => {
    met[code] = (met[code] ?? 0) + 1
  })
  const once = semel({ group, name: 'by run', store })
  return async (body) => {
    for (let tries = 1; tries <= 5; tries++)
      try {
        await once.run(body.id, async ({ tx }) => {
          await spoilt.apply(tx, body)
          return body.id
        })
        return
      } catch (error) {
        if (!isSemelError(error) || !error.retryable) throw error
      }
    throw new Error(`"${body.id}" was tried too often`)
  }
}

/** Sends, and waits for the effect; every message fails once, so that it goes both paths. */
async function consuming(t: TestContext, scene: Scene): Promise<(body: Body) => Promise<void>> {
  const { here, spoilt } = scene
  const options = { retryDelayMs: 0, pruneEveryMs: 0 }
  const { consumer, met } = consumerHere(t, here, spoilt, options)
  scene.met = met
  await consumer.start()
  return async (body) => {
    await here.send([body])
    await here.settled(limitMs(20_000))
  }
}

function report({ name }: Database, door: string, effects: number, { met }: Scene): void {
  console.log(`  ${name}, ${door}: ${effects} cuts, ${JSON.stringify(met)}`)
  assert.ok(met['SEMEL_OUTCOME_UNKNOWN'], 'no outcome was unknown: this proves nothing')
  assert.ok(met['SEMEL_STORE_UNAVAILABLE'], 'no statement was cut off: this proves nothing')
}
