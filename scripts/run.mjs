// Runs a TypeScript file of this repository: installs what is missing, then starts the Node of node_modules.
// Plain JavaScript without dependencies, because it runs on whatever Node the machine has.
//
//   node scripts/run.mjs [node options] <file.ts> [arguments]
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const local = join(
  root,
  'node_modules',
  'node',
  'bin',
  process.platform === 'win32' ? 'node.exe' : 'node',
)

if (!installed()) install()
const node = existsSync(local) ? local : process.execPath
if (node === process.execPath && !recent(process.versions.node)) {
  stop(
    `semel needs Node 22.22 or newer, this is ${process.version}; npm could not fetch a newer one (are install scripts off?)`,
  )
}

const child = spawn(node, ['--conditions=semel-source', ...process.argv.slice(2)], {
  stdio: 'inherit',
})
// A terminal sends Ctrl-C to the child as well: passing it on would count as the second one.
process.on('SIGINT', () => {})
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code))

/** npm writes its own copy of the lock last, so an interrupted install has none. */
function installed() {
  const copy = join(root, 'node_modules', '.package-lock.json')
  return (
    existsSync(copy) && statSync(copy).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs
  )
}

function install() {
  process.stderr.write('installing dependencies (once) …\n')
  // npm's own words go to standard error: standard output belongs to the command.
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (npm.status !== 0) stop('npm ci failed; its reason stands above')
}

function recent(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > 22 || (major === 22 && minor >= 22)
}

function stop(why) {
  process.stderr.write(`${why}\n`)
  process.exit(1)
}
