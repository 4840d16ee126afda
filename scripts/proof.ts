// The long runs behind docs/reliability.md: `npm run proof [-- what … --database name --seed number]`. Without a name
// all of them. They print their figures and seeds, and end at the first that fails.
import { execFileSync, spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

/** What can be asked for, and the file that does it. */
const runs: Readonly<Record<string, string>> = {
  keys: 'test/unit/key-law.test.ts',
  ambiguous: 'test/crash/sql/ambiguous.test.ts',
  duplicates: 'test/crash/sql/duplicates.test.ts',
  deadlocks: 'test/crash/sql/storm.test.ts',
  kills: 'test/crash/sql/kills.test.ts',
  faults: 'test/crash/sql/faults.test.ts',
  troubles: 'test/crash/sql/troubles.test.ts',
  pgbouncer: 'test/crash/sql/pgbouncer.test.ts',
}

const root = resolve(import.meta.dirname, '..')
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { database: { type: 'string' }, seed: { type: 'string' } },
})
const unknown = positionals.filter((name) => runs[name] === undefined)
process.exitCode = unknown.length > 0 ? usage() : prove(positionals)

function prove(asked: readonly string[]): number {
  const commit = execFileSync('git', ['describe', '--always', '--dirty'], { cwd: root })
  console.log(`commit ${commit.toString().trim()}, Node ${process.version}`)
  const names = asked.length === 0 ? Object.keys(runs) : asked
  const failed = names.find((name) => proveOne(name) !== 0)
  if (failed !== undefined) console.error(`✖ ${failed}`)
  return failed === undefined ? 0 : 1
}

function proveOne(name: string): number {
  const pattern = values.database === undefined ? [] : [`--test-name-pattern=^${values.database}:`]
  const file = join(root, runs[name] ?? '')
  const seed = values.seed === undefined ? {} : { SEMEL_SEED: values.seed }
  const { status } = spawnSync(
    process.execPath,
    ['--conditions=semel-source', '--test-reporter=spec', ...pattern, file],
    { cwd: root, stdio: 'inherit', env: { ...process.env, SEMEL_PROOF: 'full', ...seed } },
  )
  return status ?? 1
}

function usage(): number {
  console.error(
    `usage: npm run proof [-- ${Object.keys(runs).join('|')} …] [--database name] [--seed number]`,
  )
  return 2
}
