// Runs the conformance suites for every adapter whose server answers:
// `npm run conformance [-- adapter … --json]`. Exits with 1 on a failure, with 2 on an unknown adapter.
import { inspect, parseArgs } from 'node:util'
import type { AdapterReport, CaseResult } from 'semel/testing'
import { adapters, type Runnable } from './conformance/adapters/all.ts'
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
  options: { json: { type: 'boolean', default: false } },
})

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
  if (values.json) print(JSON.stringify({ adapters: lines }))
  return stray > 0 || lines.some(({ failed }) => failed > 0) ? 1 : 0
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
