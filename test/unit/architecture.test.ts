import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'

const root = join(import.meta.dirname, '../..')
const page = (name: string): string => readFileSync(join(root, name), 'utf8')
const architecture = page('ARCHITECTURE.md')
const manifest = JSON.parse(page('package.json')) as {
  dependencies: Record<string, string>
  devDependencies: Record<string, string>
}
const rules = new Map(
  [...architecture.matchAll(/^\| (P\d+) \| (.+) \| (.+) \|$/gm)].map(([, rule = '', , by = '']) => [
    rule,
    by,
  ]),
)

for (let number = 1; number <= 32; number++)
  test(`rule P${number} has a row that names the files which keep it`, () => {
    const by = rules.get(`P${number}`) ?? assert.fail('it has no row')
    const files = [...by.matchAll(/`([^`]+)`/g)].map(([, file = '']) => file)
    assert.ok(files.length > 0 || by.startsWith('later'), by)
    for (const file of files) assert.ok(existsSync(join(root, file)), `${file} does not exist`)
  })

test('every room of the house stands in the table of rooms', () => {
  const rooms = readdirSync(join(root, 'src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `src/${name}`)
  const [, house = ''] = architecture.split('## The house')
  assert.deepEqual(
    rooms.filter((room) => !house.includes(`\`${room}\``)),
    [],
  )
})

test('every rule that the source names exists', () => {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  const named = files
    .filter((file) => /\.(?:ts|sql)$/.test(file))
    .flatMap((file) => page(join('src', file)).match(/\bP\d{1,2}\b/g) ?? [])
  assert.deepEqual(
    [...new Set(named)].filter((rule) => !rules.has(rule)),
    [],
  )
})

test('every dependency has its reason, and no other stands there', () => {
  const named = [...page('docs/dependencies.md').matchAll(/^\| `([^`]+)`/gm)].map(
    ([, name = '']) => name,
  )
  assert.deepEqual(named, Object.keys(manifest.dependencies))
})

test('every dependency is pinned exactly', () => {
  const versions = Object.values({ ...manifest.dependencies, ...manifest.devDependencies })
  assert.deepEqual(
    versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version)),
    [],
  )
})

test('the lock names no registry', () => {
  assert.doesNotMatch(page('package-lock.json'), /"resolved"/)
})

const pages = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].concat(
  readdirSync(join(root, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
)
for (const name of pages)
  test(`every link of ${name} leads somewhere, and it has one title`, () => {
    const text = page(name).replace(/```[\s\S]*?```/g, '')
    assert.equal(text.match(/^# /gm)?.length, 1)
    for (const [, target = ''] of text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
      if (/^https?:/.test(target)) continue
      assert.ok(existsSync(join(root, name, '..', target)), `${target} does not exist`)
    }
  })
