import {
  type Alias,
  type Document,
  type ErrorCode,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  Scalar,
  visit,
  type Node,
} from 'yaml'
import { SemelError } from '../errors/semel-error.ts'
import { type Environment, substitute } from './environment.ts'

/** A configuration file as plain values, which still knows where each of them stands. */
export interface ConfigDocument {
  readonly value: unknown
  /** An error at the value, or with `key` at the name, under a path of names and indexes. */
  fault(why: string, path: readonly PropertyKey[], key?: 'key'): SemelError
  /** `file:line:column` of a value. */
  where(path: readonly PropertyKey[]): string
}

const charactersMax = 1_048_576
const aliasesMax = 100
/** Validators pass over members with these names without a word. */
const strangeNames: readonly unknown[] = ['__proto__', 'constructor', 'prototype']

/**
 * Reads YAML 1.2 and puts environment variables in.
 *
 * @throws SEMEL_CONFIG_INVALID, SEMEL_ENV_MISSING; both name file, line and column.
 */
export function readDocument(file: string, text: string, env: Environment): ConfigDocument {
  const lines = new LineCounter()
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${line}:${col}`
  }
  if (text.length > charactersMax)
    throw invalid(`${file}:1:1`, `it has ${text.length} characters, allowed are ${charactersMax}`)
  const document = parsed(text, lines, place)
  const anchors = new Set<string>()
  visit(document, {
    Alias: (_, alias) => refuseUnknownAlias(alias, anchors, place),
    Pair: (_, pair) => refuseStrangeName(pair, place),
    Value: (position, value) => {
      if (value.anchor !== undefined) anchors.add(value.anchor)
      if (isScalar(value) && position !== 'key') putEnvironmentIn(value, env, place)
    },
  })
  const where = (path: readonly PropertyKey[]): string => place(offsetOf(document, path))
  return {
    value: plainValue(document, place),
    where,
    fault: (why, path, key) =>
      invalid(key === undefined ? where(path) : place(offsetOfName(document, path)), why),
  }
}

function parsed(
  text: string,
  lines: LineCounter,
  place: (offset: number) => string,
): Document.Parsed {
  const document = whole(() =>
    parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true }),
  )
  if (document instanceof Error) throw invalid(place(0), document.message, document)
  // A warning is a tag that nobody knows: its value would not be what it seems.
  const [problem] = [...document.errors, ...document.warnings]
  if (problem === undefined) return document
  const [at] = problem.pos
  const why = plainWords[problem.code] ?? `${problem.message}${hint(text, at)}`
  throw invalid(place(at), why, problem)
}

/** Where the parser speaks to programmers. */
const plainWords: Readonly<Partial<Record<ErrorCode, string>>> = {
  DUPLICATE_KEY: 'this name stands here for the second time',
  MULTIPLE_DOCS: 'it has more than one document; a file is one, without ---',
  RESOURCE_EXHAUSTION: 'it nests too deep',
}

/** What nests too deep for the stack is an answer here, not a crash. */
function whole<R>(work: () => R): R | Error {
  try {
    return work()
  } catch (error) {
    return error instanceof RangeError
      ? new Error('it nests too deep', { cause: error })
      : (error as Error)
  }
}

function hint(text: string, offset: number): string {
  const lineBegin = text.lastIndexOf('\n', offset - 1) + 1
  const line = text.slice(lineBegin, text.indexOf('\n', offset) >>> 0)
  return line.includes('${') ? '; inside { } or [ ] put quotes around ${env:NAME}' : ''
}

function refuseUnknownAlias(
  alias: Alias,
  anchors: ReadonlySet<string>,
  place: (offset: number) => string,
): void {
  if (!anchors.has(alias.source))
    throw invalid(place(begin(alias)), `there is no &${alias.source} before this`)
}

function refuseStrangeName({ key }: Pair, place: (offset: number) => string): void {
  if (isScalar(key) && strangeNames.includes(key.value))
    throw invalid(place(begin(key)), `"${String(key.value)}" cannot be a name here`)
}

function putEnvironmentIn(
  scalar: Scalar,
  env: Environment,
  place: (offset: number) => string,
): void {
  if (typeof scalar.value !== 'string') return
  const filled = substitute(scalar.value, env, () => place(begin(scalar)))
  // Without quotes a number from the environment is a number, as if it stood in the file.
  scalar.value =
    filled !== scalar.value && scalar.type === Scalar.PLAIN ? plainScalar(filled) : filled
}

function plainScalar(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true'
  return /^[-+]?\d+(\.\d+)?$/.test(text) ? Number(text) : text
}

function plainValue(document: Document.Parsed, place: (offset: number) => string): unknown {
  const value = whole(() => document.toJS({ maxAliasCount: aliasesMax }) as unknown)
  if (!(value instanceof Error)) return value
  const why =
    value instanceof ReferenceError ? 'its aliases multiply beyond any use' : value.message
  throw invalid(place(firstAlias(document)), why, value)
}

function firstAlias(document: Document.Parsed): number {
  let offset = 0
  visit(document, {
    Alias(_, alias) {
      offset = begin(alias)
      return visit.BREAK
    },
  })
  return offset
}

function offsetOf(document: Document.Parsed, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents
  let offset = begin(node)
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document)
    const next = isMap(node)
      ? pairOf(node.items, step)?.value
      : isSeq(node)
        ? node.items[Number(step)]
        : undefined
    if (next === undefined || next === null) return offset
    node = next
    offset = begin(node)
  }
  return offset
}

/** Of the name that the last step of the path is. */
function offsetOfName(document: Document.Parsed, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents
  let offset = begin(node)
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document)
    if (isMap(node)) {
      const pair = pairOf(node.items, step)
      if (pair === undefined) return offset
      offset = begin(pair.key)
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(step)]
      offset = begin(node)
    }
  }
  return offset
}

function pairOf(pairs: readonly Pair[], name: PropertyKey): Pair | undefined {
  return pairs.find(({ key }) => isScalar(key) && String(key.value) === name)
}

function begin(node: unknown): number {
  return (node as Node | null | undefined)?.range?.[0] ?? 0
}

function invalid(where: string, why: string, cause?: unknown): SemelError {
  return new SemelError('SEMEL_CONFIG_INVALID', `${where}: ${oneLine(why)}`, { cause })
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ')
}
