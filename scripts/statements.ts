// Makes `statements.gen.ts` of each room out of its SQL files, since nothing is read from disk at run time:
// `node scripts/statements.ts [--check]`. A file `sql/<name>.sql` has statements under headings `-- name: what for`;
// a file `migrations/NNNN_<what>.sql` is one migration. Out of `lua/<name>.lua` it makes `scripts.gen.ts`.
import { existsSync, globSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const check = process.argv.includes('--check')
const heading = /^-- (\w+): \S/

const stale = [
  ...rooms('sql').filter((room) => !write(room, 'statements.gen.ts', generated(room))),
  ...rooms('lua').filter((room) => !write(room, 'scripts.gen.ts', scripts(room))),
]
if (check && stale.length > 0) {
  console.error(
    `not as the SQL and Lua files say: ${stale.join(', ')}; run: node scripts/statements.ts`,
  )
  process.exitCode = 1
}

function rooms(language: 'sql' | 'lua'): readonly string[] {
  const folders = globSync(`src/**/${language}`, { cwd: root, exclude: ['src/sql'] })
  return folders.map((folder) => join(folder, '..')).sort()
}

/** Answers whether the file was as it should be. */
function write(room: string, name: string, text: string): boolean {
  const file = join(root, room, name)
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return true
  if (!check) writeFileSync(file, text)
  return false
}

function generated(room: string): string {
  const groups = sqlFiles(join(room, 'sql')).map((file) => group(room, file))
  const migrations = sqlFiles(join(room, 'migrations')).map((file) => migration(room, file))
  return [
    '// Made by scripts/statements.ts out of the SQL files beside; do not edit.\n',
    ...groups,
    `export const migrations = [\n${migrations.join('')}] as const\n`,
  ].join('\n')
}

/** The comments stay in the Lua file, as those of statements do. */
function scripts(room: string): string {
  const folder = join(root, room, 'lua')
  const texts = readdirSync(folder)
    .filter((file) => file.endsWith('.lua'))
    .sort()
    .map((file) => {
      const lines = readFileSync(join(folder, file), 'utf8').split('\n')
      const code = lines.filter((line) => !/^\s*--/.test(line) && line.trim() !== '')
      return `export const ${camelCase(basename(file, '.lua'))} = ${literal(code.join('\n'))}\n`
    })
  return [
    '// Made by scripts/statements.ts out of the Lua files beside; do not edit.\n',
    ...texts,
  ].join('\n')
}

function camelCase(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}

function sqlFiles(folder: string): readonly string[] {
  const path = join(root, folder)
  return existsSync(path) ? readdirSync(path).filter(isSql).sort() : []
}

function isSql(file: string): boolean {
  return file.endsWith('.sql')
}

function group(room: string, file: string): string {
  const statements = parsed(readFileSync(join(root, room, 'sql', file), 'utf8'), file)
  const lines = statements.map(({ name, sql }) => `  ${name}: ${literal(sql)},\n`)
  return `export const ${basename(file, '.sql')} = {\n${lines.join('')}} as const\n`
}

function migration(room: string, file: string): string {
  const sql = readFileSync(join(root, room, 'migrations', file), 'utf8')
  const name = basename(file, '.sql')
  return `  { version: ${Number.parseInt(name, 10)}, name: '${name}', sql: ${literal(sql)} },\n`
}

/** The comments stay in the SQL file: the database need not read them with each statement. */
function parsed(text: string, file: string): readonly { name: string; sql: string }[] {
  const statements: { name: string; sql: string }[] = []
  for (const line of text.split('\n')) {
    const name = heading.exec(line)?.[1]
    const last = statements.at(-1)
    if (name !== undefined) statements.push({ name, sql: '' })
    else if (!line.startsWith('--') && line.trim() !== '') {
      if (last === undefined) throw new Error(`${file}: a statement without a heading: ${line}`)
      last.sql += `${line}\n`
    }
  }
  return statements.map(({ name, sql }) => ({ name, sql: sql.trim().replace(/;$/, '') }))
}

function literal(sql: string): string {
  if (/[`\\]|\$\{/.test(sql)) throw new Error(`a template cannot hold this as it is: ${sql}`)
  return sql.includes('\n') || sql.includes("'") ? `\`${sql}\`` : `'${sql}'`
}
