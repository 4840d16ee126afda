// Runs an example: `npm run example -- <name> [its arguments]`. Without a name it lists them; `--all` runs them all, on
// every database that is here.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { server } from '../test/servers/server.ts'

const folder = resolve(import.meta.dirname, '..', 'examples')
const examples = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'run.ts')))
const asked = process.argv.slice(2)

if (asked.length === 0) list()
else if (asked[0] === '--all') process.exitCode = await everywhere()
else process.exitCode = runAll(asked.slice(0, 1), asked.slice(1))

function list(): void {
  for (const name of examples) console.log(`${name.padEnd(24)} ${titleOf(name)}`)
  console.log('\nnpm run example -- <name>')
}

async function everywhere(): Promise<number> {
  for (const [name, variable] of [
    ['postgres', 'SEMEL_POSTGRES_URL'],
    ['mariadb', 'SEMEL_MARIADB_URL'],
  ] as const) {
    const found = await server(name)
    if ('because' in found) console.log(`not on ${name}: ${found.because}`)
    else process.env[variable] = found.url
  }
  return runAll(examples, [])
}

/** The first line of its README that is a sentence. */
function titleOf(name: string): string {
  const lines = readFileSync(join(folder, name, 'README.md'), 'utf8').split('\n')
  return lines.find((line) => line !== '' && !line.startsWith('#')) ?? ''
}

function runAll(names: readonly string[], given: readonly string[]): number {
  const stranger = names.find((name) => !examples.includes(name))
  if (stranger !== undefined) {
    console.error(`there is no example "${stranger}"; there are: ${examples.join(', ')}`)
    return 2
  }
  const failed = names.filter((name) => !runs(name, given))
  if (failed.length > 0) console.error(`failed: ${failed.join(', ')}`)
  return failed.length > 0 ? 1 : 0
}

function runs(name: string, given: readonly string[]): boolean {
  console.log(`── ${name}`)
  const file = join(folder, name, 'run.ts')
  const command = [...process.execArgv, file, ...given]
  const { status } = spawnSync(process.execPath, command, { stdio: 'inherit' })
  return status === 0
}
