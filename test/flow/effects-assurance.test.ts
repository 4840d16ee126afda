import assert from 'node:assert/strict'
import test from 'node:test'
import { atLeastOnce, atMostOnce, checkable, forwardedKey, semel } from 'semel'
import { memoryStore } from 'semel/memory'
import { everyKind, farSide } from './effects-kit.ts'

test('the level is the weakest of what is declared, and reasons and windows are named in words', async () => {
  const { charge, ship, mail, siren } = everyKind(farSide())
  const store = memoryStore()
  const levels = [
    semel({ group: 'g', store, effects: {} }),
    semel({ group: 'g', store, effects: { charge } }),
    semel({ group: 'g', store, effects: { charge, ship } }),
    semel({ group: 'g', store, effects: { charge, mail } }),
    semel({ group: 'g', store, effects: { siren, charge, ship, mail } }),
  ].map(({ assurance }) => assurance.level)
  assert.deepEqual(levels, ['A', 'B', 'B', 'C', 'D'])
  const { because, windows } = semel({
    group: 'g',
    store,
    effects: { charge, ship, mail, siren },
  }).assurance
  assert.deepEqual(because, [
    'charge: the far side refuses a known key for 10000 ms',
    'ship: the far side is asked before a second call',
    'mail: SMTP cannot deduplicate',
    'siren: a second alarm empties the building',
  ])
  for (const name of ['charge', 'ship', 'mail', 'siren'])
    assert.ok(
      windows.some((window) => window.startsWith(`${name}: `)),
      `no window names ${name}`,
    )
  assert.ok(windows.some((window) => window.startsWith('ship, mail: a handler that lives on')))
})

test('a declaration without its reason, or that is none, is refused', () => {
  const store = memoryStore()
  const wrong: readonly (() => unknown)[] = [
    () => atLeastOnce({ because: ' ' }),
    () => atMostOnce({} as never),
    () => atMostOnce({ because: 'x', onDoubt: 'again' as never }),
    () => forwardedKey({ remembersMs: 0 }),
    () => forwardedKey({ remembersMs: Number.POSITIVE_INFINITY }),
    () => checkable(undefined as never),
    () => semel({ group: 'g', store, effects: { charge: {} as never } }),
    () => semel({ group: 'g', store, effects: { charge: { kind: 'constructor' } as never } }),
    () => semel({ group: 'g', store, effects: { 'a/b': forwardedKey({ remembersMs: 1 }) } }),
    () => semel({ group: 'g', store, effects: null as never }),
  ]
  for (const [at, declare] of wrong.entries())
    assert.throws(declare, { code: 'SEMEL_OPTION_INVALID' }, `number ${at}`)
})
