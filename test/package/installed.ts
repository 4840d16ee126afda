import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')
const modules = join(root, 'node_modules')

/** The package as a user has it: built, packed, and unpacked into an empty project. */
export interface Installed {
  readonly project: string
  readonly package: string
  /** What is in the tarball. */
  readonly files: readonly string[]
  readonly tsc: string
  remove(): void
}

/** Everything happens in a folder of its own, so that dist/ stays as it is. */
export function installPackage(): Installed {
  const scratch = mkdtempSync(join(tmpdir(), 'semel-package-'))
  const remove = (): void => rmSync(scratch, { recursive: true, force: true })
  try {
    return { ...installIn(scratch), remove }
  } catch (error) {
    remove()
    throw error
  }
}

function installIn(scratch: string): Omit<Installed, 'remove'> {
  const { tarball, files } = pack(join(scratch, 'packed'))
  const project = join(scratch, 'project')
  const installed = join(project, 'node_modules/semel')
  mkdirSync(installed, { recursive: true })
  execFileSync('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1'])
  provide(project)
  return {
    project,
    package: installed,
    files,
    tsc: join(modules, 'typescript/bin/tsc'),
  }
}

function pack(folder: string): { readonly tarball: string; readonly files: readonly string[] } {
  mkdirSync(folder)
  for (const file of ['package.json', 'LICENSE', 'README.md'])
    if (existsSync(join(root, file))) cpSync(join(root, file), join(folder, file))
  execFileSync(process.execPath, [join(root, 'scripts/build.mjs'), join(folder, 'dist')], {
    stdio: 'inherit',
  })
  const json = npm(folder, 'pack', '--json', '--ignore-scripts')
  const [packed] = JSON.parse(json) as [{ filename: string; files: { path: string }[] }]
  return { tarball: join(folder, packed.filename), files: packed.files.map(({ path }) => path) }
}

function npm(cwd: string, ...parameters: readonly string[]): string {
  const shell = process.platform === 'win32'
  return execFileSync('npm', parameters, { cwd, shell, encoding: 'utf8', stdio: 'pipe' })
}

/** The dependencies are linked from here: the test needs no network. */
function provide(project: string): void {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  const users = ['@types/node', 'undici-types', 'typescript']
  for (const name of [...Object.keys(dependencies), ...users]) {
    const to = join(project, 'node_modules', name)
    mkdirSync(resolve(to, '..'), { recursive: true })
    symlinkSync(join(modules, name), to, 'junction')
  }
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'user', type: 'module' }))
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['use.ts'] }),
  )
}

const compilerOptions = {
  module: 'nodenext',
  target: 'es2024',
  lib: ['es2024'],
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  noEmit: true,
}
