import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import type { Kept } from '../../scripts/matrix.ts'
import { adapters } from './adapters/all.ts'

const kept = JSON.parse(
  readFileSync(join(import.meta.dirname, 'kept.json'), 'utf8'),
) as readonly Kept[]

for (const { name, kind, needs } of adapters)
  test(`what docs/guarantees.md says of ${name}, a ${kind}, is what it declares`, async (t) => {
    const said = kept.find((one) => one.adapter === name && one.kind === kind)
    const declared = await needs()
    if (declared === undefined) return t.skip('it cannot be run here')
    assert.deepEqual(
      { passed: said?.passed, skipped: said?.skipped },
      declared,
      'run: npm run conformance -- --save, then npm run generate',
    )
  })
