// Servers for the tests: `npm run servers -- up|down|status [names] [--json]`.
//
//   up      finds each server, or starts it on a private port; exits with 1 when one cannot be had
//   down    ends those that `up` started, and removes their data
//   status  says which ones answer, and where
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Found, find, findOrStart } from './find.ts'
import { endInstance, instances, lastingFolder } from './instance.ts'
import type { ServerName } from './kind.ts'
import { serverNames } from './kinds.ts'
import { locked } from './lock.ts'

interface Line extends Partial<Found> {
  readonly name: ServerName
  /** Why it does not answer. */
  readonly because?: string
}

const commands = { up, down, status }

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false } },
})
const [command, ...names] = positionals
process.exitCode = isCommand(command) && names.every(isName) ? await main(command) : usage()

async function main(name: keyof typeof commands): Promise<number> {
  // The tests' own folder is that of one run; what is started here lasts.
  delete process.env['SEMEL_TEST_SERVERS']
  const lines = await commands[name](names.length === 0 ? serverNames : (names as ServerName[]))
  if (values.json) console.log(JSON.stringify({ servers: lines }))
  else for (const line of lines) console.log(described(line))
  return name === 'up' && lines.some(({ because }) => because !== undefined) ? 1 : 0
}

function up(wanted: readonly ServerName[]): Promise<readonly Line[]> {
  return Promise.all(wanted.map((name) => orBecause(name, () => findOrStart(name, lastingFolder))))
}

function status(wanted: readonly ServerName[]): Promise<readonly Line[]> {
  const look = async (name: ServerName): Promise<Line> =>
    (await find(name, lastingFolder)) ?? { name, because: 'does not run' }
  return Promise.all(wanted.map((name) => orBecause(name, () => look(name))))
}

async function down(wanted: readonly ServerName[]): Promise<readonly Line[]> {
  const ours = instances(lastingFolder).filter(({ name }) => wanted.includes(name))
  const lines = ours.map(async (one) => {
    await locked(join(lastingFolder, `${one.name}.lock`), () => endInstance(one))
    return { name: one.name, because: 'ended' }
  })
  const done = await Promise.all(lines)
  if (instances(lastingFolder).length === 0) rmSync(lastingFolder, { recursive: true, force: true })
  return done
}

async function orBecause(name: ServerName, work: () => Promise<Line>): Promise<Line> {
  try {
    return await work()
  } catch (error) {
    return { name, because: error instanceof Error ? error.message : String(error) }
  }
}

function described({ name, url, version, started, because }: Line): string {
  if (because !== undefined) return `– ${name.padEnd(10)} ${because}`
  return `✔ ${name.padEnd(10)} ${url}  ${version}${started ? ', started by us' : ''}`
}

function isCommand(given: string | undefined): given is keyof typeof commands {
  return given !== undefined && Object.hasOwn(commands, given)
}

function isName(given: string): boolean {
  return (serverNames as readonly string[]).includes(given)
}

function usage(): number {
  console.error('usage: npm run servers -- up|down|status [names] [--json]')
  console.error(`names: ${serverNames.join(', ')}`)
  return 2
}
