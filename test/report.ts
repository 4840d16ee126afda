import { relative } from 'node:path'
import type { run } from 'node:test'
import { inspect } from 'node:util'

interface Counts {
  passed: number
  failed: number
  skipped: number
}

type Stream = ReturnType<typeof run>

/** One line per file, everything about a failure, and what the tests themselves print. */
export async function report(events: Stream): Promise<Counts> {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 }
  for await (const { type, data } of events) {
    if (type === 'test:stdout' || type === 'test:stderr') process.stdout.write(data.message)
    if (type === 'test:pass' && isTest(data))
      counts[data.skip === undefined ? 'passed' : 'skipped']++
    if (type === 'test:fail' && isTest(data)) {
      counts.failed++
      console.log(failure(data))
    }
    if (type === 'test:summary' && data.file !== undefined) console.log(fileLine(data))
  }
  return counts
}

interface Ended {
  readonly name: string
  readonly file?: string | undefined
  readonly line?: number | undefined
  readonly details: { readonly type?: string | undefined; readonly error?: unknown }
}

/** A suite, or a test that failed only because one inside it did, is not counted. */
function isTest({ details }: Ended): boolean {
  const { error } = details as { error?: { failureType?: string } }
  return details.type !== 'suite' && error?.failureType !== 'subtestsFailed'
}

function failure({ name, file, line, details }: Ended): string {
  const { error } = details as { error?: Error }
  const where = file === undefined ? '' : ` (${relative(process.cwd(), file)}:${line ?? 1})`
  const why = inspect(error?.cause ?? error, { depth: 4, colors: process.stdout.isTTY })
  return `\n✖ ${name}${where}\n${why.replace(/^/gm, '    ')}\n`
}

interface Summary {
  readonly success: boolean
  readonly counts: { readonly passed: number; readonly failed?: number }
  readonly duration_ms: number
  readonly file?: string | undefined
}

function fileLine({ success, counts, duration_ms, file = '' }: Summary): string {
  const name = relative(process.cwd(), file).padEnd(52)
  const took = `${(duration_ms / 1000).toFixed(1)} s`
  return `${success ? '✔' : '✖'} ${name} ${String(counts.passed).padStart(4)} passed ${took.padStart(8)}`
}
