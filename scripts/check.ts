// Everything that a program can check besides the tests: `npm run check [-- step …]`, two steps at a time.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'

interface Step {
  readonly name: string
  readonly run: readonly [program: string, ...string[]]
  /** Starts when this one has passed. */
  readonly after?: string
}

const root = resolve(import.meta.dirname, '..')
const source = '--conditions=semel-source'

const steps: readonly Step[] = [
  { name: 'format', run: ['biome', 'format'] },
  { name: 'build', run: ['node', 'scripts/build.mjs'] },
  { name: 'lint', run: ['oxlint', '--type-aware'] },
  { name: 'types', run: ['tsc', '--noEmit'] },
  { name: 'floors', run: ['depcruise', 'src', 'test', 'examples', 'scripts', 'bench'] },
  { name: 'unused', run: ['knip'] },
  { name: 'generated', run: ['node', source, 'scripts/generate.ts', '--check'] },
  { name: 'statements', run: ['node', source, 'scripts/statements.ts', '--check'] },
  { name: 'must-not-compile', run: ['node', source, '--test', 'test/types/types.test.ts'] },
  { name: 'api', run: ['node', 'scripts/api.mjs', '--check'], after: 'build' },
  { name: 'publish', run: ['publint', '--strict', '--pack', 'false'], after: 'build' },
  { name: 'resolution', run: ['node', 'scripts/attw.mjs'], after: 'build' },
  { name: 'package', run: ['node', source, '--test', 'test/package/package.test.ts'] },
]

const running = new Map<ChildProcess, Promise<number>>()
const passed = new Set<string>()
const began = performance.now()
const wanted = process.argv.slice(2)
const waiting = steps.filter(isWanted).filter(({ run: [, ...files] }) => files.every(isThere))

await Promise.all([worker(), worker()])
console.log(`✔ ${passed.size} steps passed in ${seconds(began)}`)

function isWanted({ name }: Step): boolean {
  return wanted.length === 0 || wanted.includes(name)
}

function isThere(argument: string): boolean {
  return !argument.startsWith('scripts/') || existsSync(join(root, argument))
}

/** Takes the next step whose predecessor has passed; ends when none is left. */
async function worker(): Promise<void> {
  while (waiting.length > 0) {
    const at = waiting.findIndex(({ after }) => after === undefined || isDone(after))
    const [step] = at < 0 ? [] : waiting.splice(at, 1)
    if (step === undefined) await oneEnds()
    else await perform(step)
  }
}

/** A predecessor that was not asked for does not hold anybody up. */
function isDone(name: string): boolean {
  return passed.has(name) || (wanted.length > 0 && !wanted.includes(name))
}

function oneEnds(): Promise<unknown> {
  return Promise.race(running.values())
}

async function perform({ name, run: [program, ...parameters] }: Step): Promise<void> {
  const started = performance.now()
  const child = spawn(program, parameters, { cwd: root, env: environment(), stdio: 'pipe' })
  const output: Buffer[] = []
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => output.push(chunk))
  const ended = exitCode(child)
  running.set(child, ended)
  const code = await ended
  running.delete(child)
  if (code !== 0) fail(name, started, Buffer.concat(output).toString())
  passed.add(name)
  console.log(`✔ ${name.padEnd(18)} ${seconds(started)}`)
}

function exitCode(child: ChildProcess): Promise<number> {
  return new Promise((done) => {
    child.once('error', () => done(127))
    child.once('close', (status) => done(status ?? 1))
  })
}

function fail(name: string, started: number, output: string): never {
  for (const child of running.keys()) child.kill()
  console.log(`✖ ${name.padEnd(18)} ${seconds(started)}\n\n${output.trimEnd()}`)
  process.exit(1)
}

/** The tools, and the Node, of node_modules. */
function environment(): NodeJS.ProcessEnv {
  const tools = join(root, 'node_modules/.bin')
  const { NODE_TEST_CONTEXT: _, ...rest } = process.env
  return { ...rest, PATH: `${tools}${delimiter}${process.env['PATH'] ?? ''}` }
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`
}
