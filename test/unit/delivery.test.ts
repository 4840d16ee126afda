import assert from 'node:assert/strict'
import test from 'node:test'
import { delayLevels, unchecked } from 'semel'

test('there are eighteen delays, each longer than the one before', () => {
  const delays = Object.values(delayLevels)
  assert.equal(delays.length, 18)
  assert.deepEqual(
    delays,
    delays.toSorted((a, b) => a - b),
  )
  assert.equal(new Set(delays).size, 18)
})

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 }

for (const [name, ms] of Object.entries(delayLevels))
  test(`the delay ${name} is as long as its name says`, () => {
    assert.equal(ms, Number.parseInt(name, 10) * (unitMs[name.at(-1) ?? ''] ?? Number.NaN))
  })

test('an unchecked schema passes everything on', async () => {
  const schema = unchecked<{ orderId: string }>()
  const body = { orderId: 7 }
  assert.deepEqual(await schema['~standard'].validate(body), { value: body })
})
