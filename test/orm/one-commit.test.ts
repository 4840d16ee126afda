import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import test, { type TestContext } from 'node:test'
import type { Store } from 'semel'
import type { MemoryTransaction } from 'semel/memory'
import { type Handler, room } from '../flow/kit.ts'
import { coded } from './coded.ts'
import { house, type House } from './kit.ts'
import { libraries, type Library } from './libraries.ts'

type Work = (home: House, t: TestContext, library: Library) => Promise<void>

const promises = new Map<string, Work>()

function promise(text: string, work: Work): void {
  promises.set(text, work)
}

promise('effect and record are one commit, and a second call is answered', async (home) => {
  const { points, say, effect } = home
  for (const times of [1, 2])
    assert.equal(
      await points.run('A-17', ({ tx }) => give(say(tx, effect('A-17')))),
      30,
      `${times}`,
    )
  assert.deepEqual([await home.effects(), await home.states()], [['A-17'], [2]])
})

promise(
  'a process that is killed between effect and settlement leaves nothing',
  async (home, _, { on, name }) => {
    const worker = fork(
      new URL('crash-worker.ts', import.meta.url),
      [on, name, home.url, home.schema],
      { execArgv: ['--conditions=semel-source'] },
    )
    try {
      await once(worker, 'message', { signal: AbortSignal.timeout(30_000) })
    } finally {
      worker.kill('SIGKILL')
    }
    await once(worker, 'exit')
    assert.deepEqual([await home.effects(), await home.states()], [[], []])
    await home.points.run('A-17', ({ tx }) => give(home.say(tx, home.effect('A-17'))))
    assert.deepEqual([await home.effects(), await home.states()], [['A-17'], [2]])
  },
)

// On MySQL the transaction goes on after most errors, and the rest of it is what the handler wanted.
promise('an error that the handler swallows is not acknowledged', async (home, _, { on }) => {
  if (on === 'mariadb') return
  const { points, say, effect } = home
  const work = points.run('A-17', async ({ tx }) => {
    await say(tx, effect('A-17'))
    await Promise.resolve(say(tx, 'select 1 / 0')).catch(() => undefined)
    return 30
  })
  await assert.rejects(work, coded('SEMEL_TX_ROLLED_BACK'))
  assert.deepEqual([await home.effects(), await home.states()], [[], []])
})

for (const said of [
  'commit',
  'ROLLBACK',
  'begin',
  'select 1; /* now */ commit',
  'rollback and chain',
])
  promise(`a handler cannot say ${said}, and nothing of it is committed`, async (home) => {
    const { points, say, effect } = home
    const work = points.run('A-17', async ({ tx }) => {
      await say(tx, effect('A-17'))
      await say(tx, said)
    })
    await assert.rejects(work, coded('SEMEL_TX_OURS'))
    assert.deepEqual([await home.effects(), await home.states()], [[], []])
  })

promise('what the handler throws rolls back, and comes out as it is', async (home) => {
  const mine = new Error('out of stock')
  const work = home.points.run('A-17', async ({ tx }) => {
    await home.say(tx, home.effect('A-17'))
    throw mine
  })
  assert.equal(await work.catch((error: unknown) => error), mine)
  assert.deepEqual([await home.effects(), await home.states()], [[], []])
})

promise('runIn() commits and rolls back with the transaction of its caller', async (home) => {
  const { points, say, effect, transaction } = home
  const within = (key: string, fails: boolean): Promise<unknown> =>
    transaction(async (tx) => {
      await say(tx, effect(`caller of ${key}`))
      await points.runIn(tx, key, (context) => give(say(context.tx, effect(key))))
      if (fails) throw new Error('the caller thinks better of it')
    })
  await assert.rejects(within('A-17', true), /thinks better/)
  assert.deepEqual([await home.effects(), await home.states()], [[], []])
  await within('A-17', false)
  assert.deepEqual([await home.effects(), await home.states()], [['A-17', 'caller of A-17'], [2]])
})

promise('runIn() refuses what is no transaction of the library', async (home) => {
  for (const wrong of [{}, 'tx'])
    await assert.rejects(
      home.points.runIn(wrong, 'A-17', () => 1),
      coded('SEMEL_OPTION_INVALID'),
    )
})

promise(
  'messages of a batch take effect once each, also beside one that fails',
  async (home, t, { on }) => {
    const { say, effect, store } = home
    const r = room(t, store as Store<MemoryTransaction>)
    for (let at = 0; at < 20; at++) await r.send({ id: `A-${at}` })
    const handler = async (
      message: { readonly body: unknown },
      { tx }: { readonly tx: unknown },
    ) => {
      const { id } = message.body as { readonly id: string }
      await say(tx, effect(id))
      if (id !== 'A-7') return
      await Promise.resolve(say(tx, 'select 1 / 0 from nowhere')).catch(() => undefined)
      if (on === 'mariadb') throw new Error('not on this one')
    }
    await r.consume(handler as Handler, { attemptsMax: 1 })
    await r.happened('applied', 19)
    await r.happened('dead', 1)
    const expected = Array.from({ length: 20 }, (_, at) => `A-${at}`).filter((id) => id !== 'A-7')
    assert.deepEqual((await home.effects()).toSorted(), expected.toSorted())
  },
)
for (const library of libraries)
  test(`${library.name} on ${library.on}`, { timeout: 120_000 }, async (t) => {
    const home = await house(t, library)
    if (home === undefined) return
    for (const [text, work] of promises) {
      await t.test(text, (inner) => work(home, inner, library))
      await home.clear()
    }
  })

async function give(said: PromiseLike<unknown>): Promise<number> {
  await said
  return 30
}
