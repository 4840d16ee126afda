import * as v from 'valibot'
import { suggestion } from '../options/resolve.ts'
import { type Option, options } from '../options/table.ts'
import type { Config } from './config.ts'
import { isMessagePath } from '../operate/paths.ts'

/** Why a value is not what the file must say, and where it stands. */
export interface Problem {
  readonly path: readonly PropertyKey[]
  /** The last name of the path is itself what is wrong, not what stands under it. */
  readonly ofName: boolean
  readonly why: string
}

/** The names that may stand under `store` and `source`. */
export interface TechnologyNames {
  readonly store: readonly string[]
  readonly source: readonly string[]
}

export type Checked =
  | { readonly kind: 'config'; readonly config: Config }
  | { readonly kind: 'problems'; readonly problems: readonly Problem[] }

/** Checks the plain values of a file. Misspelt names come first: they are mostly why others are missing. */
export function checkConfig(value: unknown, technologies: TechnologyNames): Checked {
  const result = v.safeParse(file(technologies), value, { message: expectation })
  if (result.success) return { kind: 'config', config: result.output }
  const problems = result.issues.map(problemOf)
  return {
    kind: 'problems',
    problems: problems.sort((a, b) => Number(b.ofName) - Number(a.ofName)),
  }
}

const text = v.pipe(v.string(), v.nonEmpty('it is empty'))
const name = v.pipe(text, v.maxLength(200, 'it is longer than 200 characters'))
const path = v.pipe(
  v.string(),
  v.check(isMessagePath, 'a path is id, key, headers.NAME or body.NAME.NAME'),
)
const paths = v.pipe(v.array(path), v.minLength(1, 'the list is empty'))
const key = v.lazy((given) => (Array.isArray(given) ? paths : path))
const fingerprint = v.lazy((given) => (given === 'off' ? v.literal('off') : paths))

const because = { because: v.pipe(text, v.regex(/\S/, 'write the reason')) }
const names = v.pipe(v.array(text), v.minLength(1, 'the list is empty'))
const constant = v.union([v.number(), v.boolean()])
const value = v.lazy((given) => (typeof given === 'string' ? path : constant))
const values = v.pipe(v.record(text, value), v.minEntries(1, 'it names no column'))
const strategies = {
  marker: v.exactOptional(named('marker', because)),
  natural: v.exactOptional(named('natural', because)),
  uniqueRow: v.exactOptional(
    named('uniqueRow', { table: text, unique: names, same: v.exactOptional(names), values }),
  ),
  stateMachine: v.exactOptional(
    named('stateMachine', {
      table: text,
      id: v.exactOptional(text),
      state: v.exactOptional(text),
      graph: v.record(text, v.array(text)),
      initial: v.exactOptional(names),
      values: named('values', { id: value, to: value }),
      create: v.exactOptional(values),
    }),
  ),
  version: v.exactOptional(
    named('version', {
      table: text,
      id: v.exactOptional(text),
      version: v.exactOptional(text),
      by: v.exactOptional(text),
      values: named('values', { id: value, version: value }),
    }),
  ),
  upsert: v.exactOptional(
    named('upsert', {
      table: text,
      key: names,
      newest: text,
      tie: v.exactOptional(text),
      values,
    }),
  ),
}
const oneStrategy = `it is inbox, or { ${Object.keys(strategies).join(' or ')}: … }`
const strategyName = v.literal('inbox', oneStrategy)
const strategyByName = v.pipe(named('strategy', strategies), v.entries(1, oneStrategy))
const strategy = v.lazy((given) => (typeof given === 'string' ? strategyName : strategyByName))

const consumer = named('a consumer', {
  topic: name,
  handler: text,
  tag: v.exactOptional(text),
  key: v.exactOptional(key),
  fingerprint: v.exactOptional(fingerprint),
  keyspace: v.exactOptional(name),
  instance: v.exactOptional(name),
  strategy: v.exactOptional(strategy),
  lookUpFirst: v.exactOptional(v.boolean()),
  options: v.exactOptional(limits()),
})

function file({ store, source }: TechnologyNames) {
  const openings = {
    store: v.exactOptional(opening(store)),
    source: v.exactOptional(opening(source)),
  }
  const consumers = v.pipe(v.array(consumer), v.minLength(1, 'the list is empty'))
  const groups = v.record(name, named('a group', { ...openings, consumers }))
  return named('the file', {
    ...openings,
    groups: v.pipe(groups, v.minEntries(1, 'there is no group in it')),
  })
}

/** A mapping whose unknown names are refused with the nearest known one. */
function named<const Entries extends v.ObjectEntries>(what: string, entries: Entries) {
  return v.strictObject(entries, (issue) => {
    if (issue.expected === 'never')
      return `${what} does not know ${issue.received}${suggestion(String(issue.input), Object.keys(entries))}`
    return issue.expected === 'Object' ? expectation(issue) : `${what} needs ${issue.expected}`
  })
}

function opening(technologies: readonly string[]) {
  const entries = Object.fromEntries(technologies.map((each) => [each, v.exactOptional(text)]))
  const choice = technologies.map((each) => `{ ${each}: … }`).join(' or ')
  return v.pipe(named('it', entries), v.entries(1, `it is ${choice}`))
}

/** The rows of the table of options that a consumer takes. */
function limits(): v.GenericSchema<Readonly<Record<string, number>>> {
  const rows = Object.entries<Option>(options).filter(([, { of }]) => of.includes('consumer'))
  const entries = Object.fromEntries(rows.map(([option, row]) => [option, limit(row)]))
  return named('options', entries) as v.GenericSchema<Readonly<Record<string, number>>>
}

function limit({ min, max, unit }: Option) {
  const allowed = `allowed are ${min} to ${max} (${unit})`
  const inRange = (value: number): boolean =>
    value >= min && value <= max && (unit === 'per second' || Number.isInteger(value))
  return v.exactOptional(
    v.pipe(
      v.number(({ input }) => `it is ${kindOf(input)}; ${allowed}`),
      v.check(inRange, ({ input }) => `it is ${input}; ${allowed}`),
    ),
  )
}

const expectations: Readonly<Record<string, string>> = {
  string: 'a text',
  Array: 'a list',
  Object: 'a mapping of names',
}

/** Texts are never quoted, only their kind is said: they may be secrets. */
function expectation({ expected, input }: v.BaseIssue<unknown>): string {
  return `it must be ${expectations[expected ?? ''] ?? expected}, it is ${kindOf(input)}`
}

const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  boolean: 'true or false',
  object: 'a mapping',
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'empty'
  return Array.isArray(value) ? 'a list' : (kinds[typeof value] ?? typeof value)
}

function problemOf(issue: v.BaseIssue<unknown>): Problem {
  const steps = issue.path ?? []
  const last = steps.at(-1)
  // A message about a name of a mapping already says the name.
  const says = last === undefined || last.origin === 'key' ? '' : subject(last.key)
  return {
    path: steps.map((step) => step.key as PropertyKey),
    ofName: last?.origin === 'key' && issue.expected === 'never',
    why: `${says}${issue.message}`,
  }
}

function subject(last: unknown): string {
  return typeof last === 'number' ? `entry ${last + 1}: ` : `${String(last)}: `
}
