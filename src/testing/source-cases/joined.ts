import assert from 'node:assert/strict'
import type { Delivery, Source } from '../../delivery/source.ts'
import type { OpenTransaction } from '../../inbox/store.ts'
import { bodyOf, nothingComes, send, subscribed, take, takeOne } from '../source-kit.ts'
import { newRecord, read } from '../store-kit.ts'
import { holds, joins, type OpenedSource, type SourceCase } from '../source-suite.ts'

/** Record, effect and acknowledgement in one transaction, which is rolled back where the message is not ours. */
async function performs(
  opened: OpenedSource,
  source: Source,
  deliveries: readonly Delivery[],
  end: () => void = () => {},
): Promise<boolean | undefined> {
  const { store, effects } = partsOf(opened)
  return store.transactions?.open(async (transaction: OpenTransaction<unknown>) => {
    await transaction.insert([newRecord()])
    const { tx, end: over } = transaction.forHandler()
    await effects.write(tx, 'A-17', 'done')
    over()
    const mine = source.within?.ack(deliveries)
    if (mine === false) throw new Error('taken by somebody else')
    end()
    return mine
  })
}

function partsOf({ joined }: OpenedSource): NonNullable<OpenedSource['joined']> {
  assert.ok(joined)
  return joined
}

export const joined: readonly SourceCase[] = [
  {
    promise: 'source and store name the same medium',
    needs: [joins],
    async run(opened) {
      const source = await subscribed(opened)
      assert.equal(source.within?.medium, partsOf(opened).store.medium)
    },
  },
  {
    promise: 'effect, record and acknowledgement are one commit',
    needs: [joins],
    async run(opened) {
      const { store, effects } = partsOf(opened)
      const source = await subscribed(opened, { ending: true })
      await send(opened, { body: 1 })
      assert.equal(await performs(opened, source, await take(opened, source, 1)), true)
      assert.equal(await effects.read('A-17'), 'done')
      assert.equal((await read(store))?.state, 'completed')
      await opened.crash(source)
      await nothingComes(opened, await subscribed(opened))
    },
  },
  {
    promise: 'an acknowledgement that is rolled back is none, like the effect and the record',
    needs: [joins],
    async run(opened) {
      const { store, effects } = partsOf(opened)
      const source = await subscribed(opened, { ending: true })
      await send(opened, { body: 1 })
      const failing = performs(opened, source, await take(opened, source, 1), () => {
        throw new Error('after the acknowledgement')
      })
      await assert.rejects(failing, /after the acknowledgement/)
      assert.equal(await effects.read('A-17'), undefined)
      assert.equal(await read(store), undefined)
      await opened.crash(source)
      assert.equal(bodyOf(await takeOne(opened, await subscribed(opened))), '1')
    },
  },
  {
    promise: 'after a rollback the delivery is still in hand, and can be acknowledged',
    needs: [joins],
    async run(opened) {
      const source = await subscribed(opened)
      await send(opened, { body: 1 })
      const mine = await take(opened, source, 1)
      const failing = performs(opened, source, mine, () => {
        throw new Error('once')
      })
      await assert.rejects(failing, /once/)
      assert.equal(await performs(opened, source, mine), true)
      await nothingComes(opened, source)
    },
  },
  {
    promise: 'inside the transaction it is told when somebody else has the message now',
    rule: 'P7',
    needs: [joins, holds],
    async run(opened) {
      const former = await subscribed(opened, { ending: true })
      await send(opened, { body: 1 })
      const late = await take(opened, former, 1)
      await opened.passTime(opened.holdMs)
      const owner = await subscribed(opened)
      const mine = await take(opened, owner, 1)
      await assert.rejects(performs(opened, former, late), /taken by somebody else/)
      assert.equal(await performs(opened, owner, mine), true)
      await nothingComes(opened, owner)
    },
  },
]
