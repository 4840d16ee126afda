// Builds what is published: `node scripts/build.mjs [folder]`, default dist/.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const dist = resolve(root, process.argv[2] ?? 'dist')
const tsc = join(root, 'node_modules/typescript/bin/tsc')

rmSync(dist, { recursive: true, force: true })
const { status } = spawnSync(
  process.execPath,
  [tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', dist],
  { cwd: root, stdio: 'inherit' },
)
const command = join(dist, 'cli/bin.js')
if (existsSync(command)) chmodSync(command, 0o755)
process.exitCode = status ?? 1
