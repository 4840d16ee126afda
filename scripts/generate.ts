// Writes the pages that are made from tables; `--check` fails when one would change.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { catalog, type CatalogEntry } from '../src/errors/catalog.ts'
import type { State } from '../src/inbox/record.ts'
import { type Transition, transitions } from '../src/inbox/transitions.ts'
import { type Option, options } from '../src/options/table.ts'
import { conformanceBlock, matrixBlock, tableOf as table, windowsBlock } from './matrix.ts'

const root = resolve(import.meta.dirname, '..')
const check = process.argv.includes('--check')
const architecture = join(root, 'ARCHITECTURE.md')
const guarantees = join(root, 'docs/guarantees.md')

const pages: readonly (readonly [file: string, text: string])[] = [
  [join(root, 'docs/errors.md'), errorsPage()],
  [join(root, 'docs/options.md'), optionsPage()],
  [guarantees, guaranteesPage()],
  [architecture, withBlock(readFileSync(architecture, 'utf8'), 'states', statesBlock())],
]
const stale = pages.filter(
  ([file, text]) => !existsSync(file) || readFileSync(file, 'utf8') !== text,
)
for (const [file, text] of check ? [] : stale) writeFileSync(file, text)
for (const [file] of stale)
  console.log(`${check ? 'is not what its table says' : 'written'}: ${relative(root, file)}`)
if (check && stale.length > 0) {
  console.log('run: npm run generate')
  process.exitCode = 1
}

function guaranteesPage(): string {
  const blocks = {
    matrix: matrixBlock(),
    windows: windowsBlock(),
    conformance: conformanceBlock(root),
  }
  let page = readFileSync(guarantees, 'utf8')
  for (const [name, block] of Object.entries(blocks)) page = withBlock(page, name, block)
  return page
}

function errorsPage(): string {
  const rows = Object.entries<CatalogEntry>(catalog).map(
    ([code, { retryable, when, advice }]) =>
      `## ${code}\n\n${when}\n\nWhat to do: ${advice}\n\nTrying again may help: ${retryable ? 'yes' : 'no'}.\n`,
  )
  return `# Errors

Made from \`src/errors/catalog.ts\`.

Every error of semel is a \`SemelError\` with one of these codes. Tell errors apart by the code, never by the text:
\`isSemelError(error, 'SEMEL_HELD')\`. A code is never renamed and never used for something else.
\`error.retryable\` and \`error.advice\` say what stands here.

${rows.join('\n')}`
}

function optionsPage(): string {
  const rows = Object.entries<Option>(options).map(
    ([name, { unit, of, says, ...range }]) =>
      `## ${name}\n\n${says}\n\n${table(
        ['default', 'smallest', 'largest', 'unit', 'given to'],
        [[range.default, range.min, range.max].map(grouped).concat(unit, takers(of))],
      )}`,
  )
  return `# Options

Made from \`src/options/table.ts\`.

Every limit of semel has a name, a default, a unit and a range. An unknown option is refused with the nearest
name, a number out of its range with the range.

${rows.join('\n')}`
}

function takers(of: Option['of']): string {
  const names = {
    consumer: '`createConsumer()`',
    semel: '`semel()`',
    sqlite: '`sqliteStore()`, `sqliteSource()`',
    redis: '`redisStore()`, `redisLock()`',
    publisher: 'publishers',
    ids: '`snowflakeIds()`',
    lock: '`withLock()`',
    zookeeper: '`zookeeperLock()`',
  }
  return of.length === 0 ? 'fixed' : of.map((one) => names[one]).join(', ')
}

function grouped(value: number): string {
  return value.toLocaleString('en-US', { useGrouping: true, maximumFractionDigits: 3 })
}

/** Between its two marker comments; what stands around them is written by hand. */
function withBlock(page: string, name: string, block: string): string {
  const [open, close] = [`<!-- ${name}: made by scripts/generate.ts -->`, `<!-- end of ${name} -->`]
  const from = page.indexOf(open)
  const to = page.indexOf(close)
  if (from < 0 || to < from) throw new Error(`the page has no block ${open} … ${close}`)
  return `${page.slice(0, from + open.length)}\n\n${block}\n${page.slice(to)}`
}

function statesBlock(): string {
  const arrows = Map.groupBy(transitions.flatMap(edgesOf), ([from, to]) => `${from} --> ${to}`)
  const lines = [...arrows].map(
    ([arrow, edges]) => `  ${arrow}: ${[...new Set(edges.map(([, , on]) => on))].join(', ')}`,
  )
  const rows = transitions.map((row) => [
    row.on,
    row.from.length === 4 ? 'any record' : row.from.join(', '),
    row.when.join(', ') || '–',
    row.to ?? 'stays',
    row.attempts ?? (row.token === undefined ? '–' : 'stay'),
    row.answer,
  ])
  return `\`\`\`mermaid
stateDiagram-v2
${lines.join('\n')}
\`\`\`

The first row whose guards all hold decides; where none does, the answer says that the record is somebody else's
(\`fenced\`, \`conflict\`, \`changed\`, \`refused\`).

${table(['asked', 'state before', 'when', 'state after', 'attempts', 'answer'], rows)}`
}

type Edge = readonly [from: string, to: string, on: string]

function edgesOf({ on, from, to }: Transition): readonly Edge[] {
  if (to === undefined) return []
  const targets: readonly (State | 'absent')[] =
    to === 'as asked' ? ['completed', 'failed', 'dead'] : [to]
  return from.flatMap((before) => targets.map((after): Edge => [point(before), point(after), on]))
}

/** No record is where everything begins and ends. */
function point(state: string): string {
  return state === 'absent' ? '[*]' : state
}
