// Runs the tests: `npm test [-- folder or file … --name pattern]`. Each file is a process of its own.
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { run } from 'node:test'
import { parseArgs } from 'node:util'
import { readNotRun } from './not-run.ts'
import { report } from './report.ts'
import { serversOfThisRun } from './servers/run.ts'

const root = resolve(import.meta.dirname, '..')
process.chdir(root)
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { name: { type: 'string', multiple: true } },
})
const scratch = mkdtempSync(join(tmpdir(), 'semel-test-'))
process.env['SEMEL_TEST_NOT_RUN'] = join(scratch, 'not-run')
const endServers = serversOfThisRun()

const events = run({
  globPatterns: positionals.length === 0 ? ['test/**/*.test.ts'] : positionals.map(pattern),
  concurrency: 2,
  timeout: 600_000,
  ...(values.name === undefined ? {} : { testNamePatterns: values.name }),
})
const { passed, failed, skipped } = await report(events)
await endServers()
const notRun = readNotRun()
rmSync(scratch, { recursive: true, force: true })

for (const { what, because } of notRun) console.log(`not run: ${what}, because ${because}`)
const counts = [`${passed} passed`, `${failed} failed`, ...(skipped ? [`${skipped} skipped`] : [])]
console.log(
  `${failed === 0 ? '✔' : '✖'} ${counts.join(', ')} in ${Math.ceil(performance.now() / 1000)} s`,
)
if (passed + failed + skipped === 0) console.log('no test was found')
process.exitCode = failed > 0 || passed + skipped === 0 ? 1 : 0

function pattern(path: string): string {
  const folder = statSync(path, { throwIfNoEntry: false })?.isDirectory()
  return folder === true ? `${path.replace(/\/$/, '')}/**/*.test.ts` : path
}
