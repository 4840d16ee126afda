import assert from 'node:assert/strict'
import type { Delivery, Source } from '../../delivery/source.ts'
import {
  bodyOf,
  consume,
  inOrder,
  nothingComes,
  numbers,
  send,
  sendNumbers,
  subscribed,
  take,
} from '../source-kit.ts'
import { broadcast, type SourceCase, tags } from '../source-suite.ts'

/** Consumes until the rest of the group has nothing more either. */
async function consumeAll(source: Source, all: string[], count: number): Promise<void> {
  while (all.length < count) {
    const pulled = await source.pull(20, AbortSignal.timeout(50))
    all.push(...pulled.map(bodyOf))
    await source.ack(pulled)
  }
}

export const groups: readonly SourceCase[] = [
  {
    promise: 'every group gets every message',
    rule: 'P1',
    needs: [],
    async run(opened) {
      const names = ['points', 'mail', 'Points']
      const sources = await Promise.all(names.map((group) => subscribed(opened, {}, { group })))
      await sendNumbers(opened, 5)
      for (const source of sources)
        assert.deepEqual(inOrder(await consume(opened, source, 5)), numbers(5))
    },
  },
  {
    promise: 'of one group one consumer gets each message',
    needs: [],
    async run(opened) {
      const sources = [await subscribed(opened), await subscribed(opened)]
      await sendNumbers(opened, 10)
      const taken: Delivery[] = []
      for (let round = 0; taken.length < 10 && round < 200; round++)
        for (const source of sources)
          taken.push(...(await source.pull(2, AbortSignal.timeout(opened.quietMs))))
      assert.deepEqual(inOrder(taken), numbers(10))
      for (const source of sources) await nothingComes(opened, source)
    },
  },
  {
    promise: 'a thousand messages go through four consumers of a group, none lost and none twice',
    needs: [],
    async run(opened) {
      const sources = await Promise.all([1, 2, 3, 4].map(() => subscribed(opened)))
      for (let from = 0; from < 1_000; from += 250) await sendNumbers(opened, 250, from)
      const all: string[] = []
      await Promise.all(sources.map((source) => consumeAll(source, all, 1_000)))
      assert.deepEqual(
        all.sort((a, b) => Number(a) - Number(b)),
        numbers(1_000),
      )
    },
  },
  {
    promise: 'an acknowledgement of one group is none of another',
    needs: [],
    async run(opened) {
      const [points, mail] = [
        await subscribed(opened),
        await subscribed(opened, { ending: true }, { group: 'mail' }),
      ]
      await sendNumbers(opened, 2)
      await take(opened, mail, 2)
      await consume(opened, points, 2)
      await opened.crash(mail)
      const next = await subscribed(opened, {}, { group: 'mail' })
      assert.deepEqual(inOrder(await take(opened, next, 2)), numbers(2))
    },
  },
  {
    promise: 'topics do not mix, also where one begins with the name of another or differs in case',
    needs: [],
    async run(opened) {
      const topics = ['orders', 'orders2', 'Orders'].map((name) => opened.topic(name))
      const sources = await Promise.all(topics.map((topic) => subscribed(opened, { topic })))
      await send(opened, ...topics.map((topic) => ({ topic, body: topic })))
      for (const [at, source] of sources.entries()) {
        const [only] = await consume(opened, source, 1)
        assert.equal(only?.message.topic, topics[at])
        await nothingComes(opened, source)
      }
    },
  },
  {
    promise: 'in broadcast each instance gets every message',
    rule: 'P1',
    needs: [broadcast],
    async run(opened) {
      const sources = await Promise.all(
        ['a', 'b', 'c'].map((instance) => subscribed(opened, {}, { instance })),
      )
      await sendNumbers(opened, 4)
      for (const source of sources)
        assert.deepEqual(inOrder(await consume(opened, source, 4)), numbers(4))
    },
  },
  {
    promise: 'an instance that comes back goes on where it was, and gets again what it had in hand',
    needs: [broadcast],
    async run(opened) {
      const instance = 'a'
      const first = await subscribed(opened, { ending: true }, { instance })
      const other = await subscribed(opened, {}, { instance: 'b' })
      await sendNumbers(opened, 3)
      await consume(opened, first, 2)
      await take(opened, first, 1)
      await opened.crash(first)
      await sendNumbers(opened, 1, 3)
      const second = await subscribed(opened, {}, { instance })
      assert.deepEqual(inOrder(await consume(opened, second, 2)), ['2', '3'])
      assert.deepEqual(inOrder(await consume(opened, other, 4)), numbers(4))
    },
  },
  {
    promise: 'a source with a tag gets the messages of that tag, and passes over the others',
    needs: [tags],
    async run(opened) {
      const paid = await subscribed(opened, { tag: 'PAID' })
      await sendTagged(opened)
      assert.deepEqual((await consume(opened, paid, 2)).map(bodyOf), ['"PAID 0"', '"PAID 3"'])
      await nothingComes(opened, paid)
    },
  },
  {
    promise: 'a source with several tags gets the messages of each of them',
    needs: [tags],
    async run(opened) {
      const some = await subscribed(opened, { tag: 'PAID || SENT' })
      const tight = await subscribed(opened, { tag: 'PAID||SENT' }, { group: 'tight' })
      await sendTagged(opened)
      for (const source of [some, tight]) {
        assert.equal((await consume(opened, source, 4)).length, 4)
        await nothingComes(opened, source)
      }
    },
  },
  {
    promise: 'a source with the tag * gets every message, also those without a tag',
    needs: [tags],
    async run(opened) {
      const every = await subscribed(opened, { tag: '*' })
      const plain = await subscribed(opened, {}, { group: 'plain' })
      await sendTagged(opened)
      for (const source of [every, plain]) await consume(opened, source, 7)
    },
  },
  {
    promise: 'groups with different tags do not disturb each other',
    needs: [tags],
    async run(opened) {
      const paid = await subscribed(opened, { tag: 'PAID' }, { group: 'paid' })
      const sent = await subscribed(opened, { tag: 'SENT' }, { group: 'sent' })
      await sendTagged(opened)
      const tagsOf = async (source: Source): Promise<readonly (string | undefined)[]> =>
        (await consume(opened, source, 2)).map(({ message }) => message.tag)
      assert.deepEqual(await tagsOf(paid), ['PAID', 'PAID'])
      assert.deepEqual(await tagsOf(sent), ['SENT', 'SENT'])
    },
  },
]

async function sendTagged(opened: Parameters<typeof send>[0]): Promise<void> {
  const sent = ['PAID', 'SENT', 'paid', 'PAID', 'SENT', 'PAID2', undefined]
  const messages = sent.map((tag, at) => ({ body: `${tag} ${at}`, ...(tag && { tag }) }))
  await send(opened, ...messages)
}
