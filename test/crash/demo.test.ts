import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { until } from './until.ts'

const bin = join(import.meta.dirname, '..', '..', 'src', 'cli', 'bin.ts')
const homeMade = ['look-up-then-save', 'marker-after', 'marker-before', 'separate-transaction']

test('the demo ends with one line of JSON: semel has zeros, and every home-made way fails', async (t) => {
  const { ended, temp } = demo(t, ['--messages', '400', '--kills', '8', '--seed', '7', '--json'])
  const { code, out, error } = await ended
  assert.equal(code, 0, error)
  const { ways, ...faults } = JSON.parse(out.trimEnd().split('\n').at(-1) ?? '') as Report
  assert.deepEqual(faults, { messages: 400, kills: 8, seed: 7 })
  const failed = ways.filter(({ duplicated, lost, stuck }) => duplicated + lost + stuck > 0)
  assert.deepEqual(
    failed.map(({ way }) => way),
    homeMade,
  )
  const { seconds = 0, ...ours } = ways.find(({ way }) => way === 'semel') ?? {}
  assert.deepEqual(ours, { way: 'semel', effects: 400, duplicated: 0, lost: 0, stuck: 0 })
  assert.ok(seconds > 0)
  assert.deepEqual(readdirSync(temp), [], 'it leaves nothing behind')
})

test('the demo refuses what it cannot do with status 2', async (t) => {
  for (const wrong of [
    ['--messages', '0'],
    ['--kills', '1001'],
    ['--seed', '-1'],
    ['--kills', '2.5'],
  ]) {
    const { code, error } = await demo(t, wrong).ended
    assert.equal(code, 2)
    assert.match(error, /SEMEL_USAGE.*whole numbers from/)
  }
})

test('an interrupted demo takes its consumers and its files with it', async (t) => {
  const { child, ended, temp } = demo(t, [])
  const files = (): readonly string[] => readdirSync(temp, { recursive: true }).map(String)
  await until(
    () => files().some((file) => file.endsWith('.db-wal')),
    () => files().join(),
    15_000,
  )
  child.kill('SIGINT')
  assert.equal((await ended).code, 130)
  assert.deepEqual(files(), [])
})

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly error: string
}

/** The command as a process, with a folder of its own for what it writes. */
function demo(
  t: TestContext,
  words: readonly string[],
): { readonly child: ChildProcess; readonly temp: string; readonly ended: Promise<Ended> } {
  const temp = mkdtempSync(join(tmpdir(), 'semel-crash-demo-'))
  const child = spawn(process.execPath, [bin, 'demo', ...words], {
    env: { ...process.env, TMPDIR: temp },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let error = ''
  child.stdout.on('data', (text: Buffer) => {
    out += text.toString()
  })
  child.stderr.on('data', (text: Buffer) => {
    error += text.toString()
  })
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code) => resolve({ code, out, error }))
  })
  t.after(async () => {
    child.kill('SIGKILL')
    await ended
    rmSync(temp, { recursive: true, force: true })
  })
  return { child, temp, ended }
}

interface Report {
  readonly messages: number
  readonly kills: number
  readonly seed: number
  readonly ways: readonly {
    readonly way: string
    readonly effects: number
    readonly duplicated: number
    readonly lost: number
    readonly stuck: number
    readonly seconds: number
  }[]
}
