// Checks how every subpath resolves for users, on a tarball of dist/ as it was built.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'semel-attw-'))
try {
  const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder]
  const { stdout } = run('npm', pack, 'pipe')
  const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js')
  run(
    process.execPath,
    [attw, join(folder, stdout.trim()), '--profile', 'esm-only', '-q'],
    'inherit',
  )
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function run(program, parameters, stdout) {
  const shell = program === 'npm' && process.platform === 'win32'
  const stdio = ['ignore', stdout, 'inherit']
  const ended = spawnSync(program, parameters, { cwd: root, stdio, encoding: 'utf8', shell })
  if (ended.status !== 0) {
    process.exitCode = 1
    throw new Error(`${program} ${parameters[0]} failed`)
  }
  return ended
}
