// Runs the conformance suites for every adapter whose server answers:
// `npm run conformance [-- adapter … --json --save]`. Exits with 1 on a failure, with 2 on an unknown adapter. With
// `--save` what was kept is written down for docs/guarantees.md.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect, parseArgs } from 'node:util'
import type { AdapterReport, CaseResult } from 'semel/testing'
import { adapters, type Runnable } from './conformance/adapters/all.ts'
import type { Kept } from '../scripts/matrix.ts'
import { serversOfThisRun } from './servers/run.ts'

type Skipped = Extract<CaseResult, { outcome: 'skipped' }>
type Failed = Extract<CaseResult, { outcome: 'failed' }>

interface Line {
  readonly kind: Runnable['kind']
  readonly adapter: string
  readonly passed: number
  readonly failed: number
  readonly skipped: readonly { readonly case: string; readonly because: string }[]
  /** Why no case was tried; null: they were. */
  readonly notRun: string | null
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
  },
})

const keptFile = join(import.meta.dirname, 'conformance/kept.json')

// A promise that nobody awaited is a failure of the adapter, and must not end the run of the others.
let stray = 0
process.on('unhandledRejection', (error) => {
  stray++
  print(`  ✖ outside of any case\n${indented(error)}`)
})

const unknown = positionals.filter((name) => !adapters.some((one) => one.name === name))
if (unknown.length > 0) {
  process.stderr.write(
    `no adapter is called ${unknown.join(', ')}; there are ${names().join(', ')}\n`,
  )
  process.exitCode = 2
} else process.exitCode = await main()

async function main(): Promise<number> {
  const lines: Line[] = []
  const endServers = serversOfThisRun()
  for (const one of adapters)
    if (positionals.length === 0 || positionals.includes(one.name)) lines.push(await runOne(one))
  await endServers()
  if (values.save) save(lines)
  if (values.json) print(JSON.stringify({ adapters: lines }))
  return stray > 0 || lines.some(({ failed }) => failed > 0) ? 1 : 0
}

/** What was not run stays as it was written down. */
function save(lines: readonly Line[]): void {
  const before = JSON.parse(readFileSync(keptFile, 'utf8')) as readonly Kept[]
  const kept = adapters.flatMap(({ name, kind }) => {
    const line = lines.find((one) => one.adapter === name && one.kind === kind)
    if (line === undefined || line.notRun !== null || line.failed > 0)
      return before.filter((one) => one.adapter === name && one.kind === kind)
    const { adapter, passed } = line
    const skipped = Map.groupBy(line.skipped, ({ because }) => because)
    const counts = [...skipped].map(([why, cases]) => [why, cases.length] as const)
    return [{ adapter, kind, passed, skipped: Object.fromEntries(counts) }]
  })
  writeFileSync(keptFile, `${JSON.stringify(kept, null, 2)}\n`)
}

async function runOne({ kind, name, run }: Runnable): Promise<Line> {
  const { results, notRun } = await run().catch(cannotRun)
  const failed = results.filter((result): result is Failed => result.outcome === 'failed')
  const skipped = results.filter((result): result is Skipped => result.outcome === 'skipped')
  const passed = results.length - failed.length - skipped.length
  const line: Line = {
    kind,
    adapter: name,
    passed,
    failed: failed.length,
    skipped: skipped.map(({ case: promise, because }) => ({ case: promise, because })),
    notRun: notRun ?? null,
  }
  for (const text of described(line, failed)) print(text)
  return line
}

/** A server that is required here and missing is a failure of the adapter, not the end of the others. */
function cannotRun(error: unknown): Pick<AdapterReport, 'results' | 'notRun'> {
  return { results: [{ case: 'it can be run here', outcome: 'failed', error }], notRun: undefined }
}

/** One line per adapter, one per capability that it lacks, and everything about each failure. */
function described(
  { kind, adapter, passed, failed, skipped, notRun }: Line,
  failures: readonly Failed[],
): readonly string[] {
  const name = `${adapter} ${kind}`.padEnd(30)
  if (notRun !== null) return [`– ${name} not run: ${notRun}`]
  const counts = `${passed} passed, ${failed} failed, ${skipped.length} skipped`
  const lacks = Map.groupBy(skipped, ({ because }) => because)
  return [
    `${failed === 0 ? '✔' : '✖'} ${name} ${counts}`,
    ...[...lacks].map(([because, cases]) => `  ${cases.length} skipped for want of ${because}`),
    ...failures.map(({ case: promise, error }) => `  ✖ ${promise}\n${indented(error)}`),
  ]
}

function indented(error: unknown): string {
  return inspect(error, { depth: 4 }).replace(/^/gm, '      ')
}

function names(): readonly string[] {
  return [...new Set(adapters.map(({ name }) => name))]
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
