import assert from 'node:assert/strict'
import test from 'node:test'
import { register, runCases, sourceCases, storeCases } from 'semel/testing'
import { leaseOnlyStoreAdapter, memoryStoreAdapter } from './adapters/memory.ts'

const opened = { close: async () => {} }
const adapter = { name: 'mine', open: async () => opened }
const kept = { promise: 'it is kept', needs: [], run: async () => {} }
const broken = { promise: 'it is broken', needs: [], run: () => Promise.reject(new Error('no')) }
const missing = { name: 'wings', because: 'it has none', declared: () => false }

test('every promise is made once, in both suites', () => {
  for (const cases of [storeCases, sourceCases]) {
    const promises = cases.map(({ promise }) => promise)
    assert.deepEqual(promises, [...new Set(promises)])
  }
})

test('the suites are as large as promised', () => {
  assert.ok(storeCases.length >= 45)
  assert.ok(sourceCases.length >= 35)
})

test('a case that fails, hangs on nothing, or lacks a capability is told apart', async () => {
  const lacking = { ...kept, promise: 'it flies', needs: [missing] }
  const { results } = await runCases([kept, broken, lacking], adapter)
  assert.deepEqual(
    results.map(({ outcome }) => outcome),
    ['passed', 'failed', 'skipped'],
  )
  assert.equal(results[2]?.outcome === 'skipped' && results[2].because, 'wings: it has none')
})

test('an adapter that cannot run here says why, and tries nothing', async () => {
  const away = { ...adapter, notRun: async () => 'no server answers' }
  assert.deepEqual(await runCases([broken], away), {
    adapter: 'mine',
    results: [],
    notRun: 'no server answers',
  })
})

test('every case closes what it opened, also when it fails', async () => {
  let open = 0
  const counting = {
    name: 'counting',
    open: async () => {
      open++
      return { close: async () => void open-- }
    },
  }
  await runCases([kept, broken], counting)
  assert.equal(open, 0)
})

test('an adapter that cannot be opened fails the case', async () => {
  const { results } = await runCases([kept], {
    name: 'shut',
    open: () => Promise.reject(new Error('shut')),
  })
  assert.equal(results[0]?.outcome, 'failed')
})

test('a registered case is one test, named by adapter, promise and rule', async () => {
  const names: string[] = []
  const skipped: string[] = []
  const runs: Promise<void>[] = []
  const lacking = { ...kept, rule: 'P5', needs: [missing] }
  register(
    (name, run) => {
      names.push(name)
      runs.push(run({ skip: (because) => skipped.push(because) }))
    },
    [kept, lacking],
    adapter,
  )
  await Promise.all(runs)
  assert.deepEqual(names, ['mine: it is kept', 'mine: it is kept (P5)'])
  assert.deepEqual(skipped, ['wings: it has none'])
})

test('a store without transactions is asked for none, and a store with them for all', async () => {
  const without = await runCases(storeCases, leaseOnlyStoreAdapter)
  const skipped = without.results.filter(({ outcome }) => outcome === 'skipped').length
  const withThem = await runCases(storeCases, memoryStoreAdapter)
  assert.ok(skipped > withThem.results.filter(({ outcome }) => outcome === 'skipped').length)
})
