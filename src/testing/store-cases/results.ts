import assert from 'node:assert/strict'
import { decodeResult, encodeResult } from '../../inbox/result.ts'
import {
  answers,
  claim,
  completed,
  identity,
  longMs,
  pass,
  read,
  same,
  settled,
} from '../store-kit.ts'
import type { StoreCase } from '../store-suite.ts'

const results: readonly (readonly [name: string, result: unknown])[] = [
  ['nothing', undefined],
  ['null', null],
  ['false', false],
  ['zero', 0],
  ['empty', ''],
  ['object', { total: 30, lines: [1, { sku: 'A' }], note: null }],
  ['non-ASCII', 'Käse — 漢字 — 🧾 — \u0000 — \u2028'],
  ['quotes', `'"\\;--%_$1?`],
  ['64 KiB', 'x'.repeat(65_534)],
  ['non-ASCII, 64 KiB', '漢'.repeat(21_844)],
]

export const resultCases: readonly StoreCase[] = [
  {
    promise: 'a result comes back equal: nothing, null, empty, non-ASCII, 64 KiB',
    needs: [],
    async run(opened) {
      for (const [name, result] of results) {
        const text = encodeResult(result, 65_536)
        await settled(opened, completed(text), identity(name))
        const answer = await claim(opened, identity(name))
        same(answer, { kind: 'completed', result: text }, name)
        const record = await read(opened.store, identity(name))
        assert.deepEqual(decodeResult(record?.result), result, name)
      }
    },
  },
  {
    promise: 'a completed record is remembered for as long as it was told, each for itself',
    rule: 'P32',
    needs: [],
    async run(opened) {
      await settled(opened, completed(undefined, longMs), identity('long'))
      await settled(opened, completed(undefined, longMs / 10), identity('short'))
      const long = (await read(opened.store, identity('long')))?.leftMs ?? 0
      const short = (await read(opened.store, identity('short')))?.leftMs ?? 0
      assert.ok(long > longMs / 2 && long <= longMs, `${long} ms are left`)
      assert.ok(short > 0 && short <= longMs / 10, `${short} ms are left`)
    },
  },
  {
    promise: 'a completed record that nobody has pruned still answers after its retention',
    rule: 'P32',
    needs: [],
    async run(opened) {
      await settled(opened, completed('17', 1))
      await pass(opened)
      assert.deepEqual(await answers(opened, [{}, { by: 'run' }]), ['completed', 'completed'])
    },
  },
]
