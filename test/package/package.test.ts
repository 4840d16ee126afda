import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import test, { after, before } from 'node:test'
import { skipHere } from '../not-run.ts'
import { installPackage, type Installed } from './installed.ts'

let installed: Installed
before(() => {
  installed = installPackage()
})
after(() => installed?.remove())

const manifest = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'),
) as { exports: Record<string, unknown>; dependencies: Record<string, string> }
const subpaths = Object.keys(manifest.exports)
  .filter((name) => name !== './package.json')
  .map((name) => `semel${name.slice(1)}`)

/** Runs a module in the user's project, and answers what it printed. */
function run(source: string): string {
  const file = join(installed.project, 'run.mjs')
  writeFileSync(file, source)
  return execFileSync(process.execPath, [file], { cwd: installed.project, encoding: 'utf8' })
}

test('the tarball has dist, LICENSE, README and package.json, and nothing else', () => {
  const others = installed.files.filter((file) => !file.startsWith('dist/'))
  assert.deepEqual(others.sort(), ['LICENSE', 'README.md', 'package.json'])
  assert.deepEqual(
    installed.files.filter(
      (file) => !/^dist\/.*\.(?:js|d\.ts|js\.map)$|^[A-Z]|^package\.json$/.test(file),
    ),
    [],
  )
})

test('what a subpath names is in the tarball', () => {
  for (const target of Object.values(manifest.exports)) {
    if (typeof target !== 'object' || target === null) continue
    const { types, default: module } = target as { types: string; default: string }
    for (const file of [types, module]) assert.ok(installed.files.includes(file.slice(2)), file)
  }
})

test('the library brings no dependency with an install script', () => {
  const names = Object.keys(manifest.dependencies)
  const lock = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../package-lock.json'), 'utf8'),
  ) as { packages: Record<string, { hasInstallScript?: boolean; dependencies?: object }> }
  for (const name of names) {
    assert.equal(lock.packages[`node_modules/${name}`]?.hasInstallScript, undefined, name)
    assert.equal(lock.packages[`node_modules/${name}`]?.dependencies, undefined, name)
  }
})

for (const subpath of subpaths)
  test(`${subpath} is imported from ESM without a side effect`, () => {
    const printed = run(`
      const before = [...Reflect.ownKeys(globalThis), ...Reflect.ownKeys(Object.prototype)].map(String)
      const environment = JSON.stringify(process.env)
      const listeners = process.eventNames().length
      const module = await import('${subpath}')
      const after = [...Reflect.ownKeys(globalThis), ...Reflect.ownKeys(Object.prototype)].map(String)
      console.log(JSON.stringify({
        names: Object.keys(module).length,
        globals: after.filter((name) => !before.includes(name)),
        environment: JSON.stringify(process.env) !== environment,
        listeners: process.eventNames().length - listeners,
        handles: process.getActiveResourcesInfo().filter((name) => !name.includes('TTY') && !name.includes('Pipe')),
      }))`)
    const { names, ...effects } = JSON.parse(printed) as { names: number }
    assert.ok(names > 0)
    assert.deepEqual(effects, { globals: [], environment: false, listeners: 0, handles: [] })
  })

test('a function takes effect once, with what was installed', () => {
  const printed = run(`
    import { semel } from 'semel'
    import { memoryStore } from 'semel/memory'
    const points = semel({ group: 'points', store: memoryStore() })
    let effects = 0
    const grant = ({ tx }) => { tx.set('points', 'A-1', 30); effects++; return { total: 30 } }
    const first = await points.run('A-1', grant)
    const again = await points.run('A-1', grant)
    console.log(JSON.stringify({ first, again, effects }))`)
  assert.deepEqual(JSON.parse(printed), { first: { total: 30 }, again: { total: 30 }, effects: 1 })
})

test('its types are found and hold, also without skipLibCheck', () => {
  const imports = subpaths.map((name, at) => `import * as m${at} from '${name}'`)
  const uses = subpaths.map((_, at) => `m${at}`)
  writeFileSync(
    join(installed.project, 'use.ts'),
    `${imports.join('\n')}
import { semel } from 'semel'
import { memoryStore, type MemoryTransaction } from 'semel/memory'
export const all: readonly object[] = [${uses.join(', ')}]
const points = semel({ group: 'points', store: memoryStore() })
export const total: number = await points.run('A-1', ({ tx }) => {
  const own: MemoryTransaction = tx
  own.set('points', 'A-1', 30)
  return 30
})
// @ts-expect-error a misspelt option
semel({ group: 'points', store: memoryStore(), leaseMS: 1 })
`,
  )
  const ended = spawnSync(process.execPath, [installed.tsc, '-p', installed.project], {
    encoding: 'utf8',
  })
  assert.equal(ended.stdout, '')
  assert.equal(ended.status, 0)
})

test('a file of the package that is no subpath cannot be imported', () => {
  const printed = run(`
    const code = await import('semel/dist/index.js').then(() => 'imported', ({ code }) => code)
    console.log(code)`)
  assert.equal(printed.trim(), 'ERR_PACKAGE_PATH_NOT_EXPORTED')
})

test('the command can be executed', () => {
  const command = join(installed.package, 'dist/cli/bin.js')
  accessSync(command, constants.X_OK)
})

test('the command says in one line that an old Node will not do, and exits with 1', (t) => {
  const command = join(installed.package, 'dist/cli/bin.js')
  const node = oldNode()
  if (node === undefined) return skipHere(t, 'the command on an old Node', 'none is on the path')
  const ended = spawnSync(node, [command, '--help'], { encoding: 'utf8' })
  assert.equal(ended.status, 1)
  assert.equal(ended.stdout, '')
  assert.match(ended.stderr, /^.*22\.22.*\n$/)
})

function oldNode(): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'node'))
    .find(
      (file) =>
        existsSync(file) && isOld(spawnSync(file, ['--version'], { encoding: 'utf8' }).stdout),
    )
}

function isOld(version: string | null): boolean {
  const [major = 99, minor = 0] = (version ?? '').replace('v', '').split('.').map(Number)
  return major < 22 || (major === 22 && minor < 22)
}
