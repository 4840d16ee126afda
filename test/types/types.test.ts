import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import ts from 'typescript'

const root = join(import.meta.dirname, '../..')
const file = join(import.meta.dirname, 'must-not-compile.ts')

/** The first code of each line on which the compiler finds an error. */
function errorsByLine(): ReadonlyMap<number, string> {
  const config = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root)
  const found = new Map<number, string>()
  for (const { file: where, start, code } of ts.getPreEmitDiagnostics(
    ts.createProgram([file], options),
  )) {
    // Errors elsewhere are found by the check of all types.
    if (where?.fileName !== file) continue
    const line = 1 + where.getLineAndCharacterOfPosition(start ?? 0).line
    if (!found.has(line)) found.set(line, `TS${code}`)
  }
  return found
}

const lines = readFileSync(file, 'utf8').split('\n')
const expected = new Map(
  lines.flatMap((text, at) => {
    const code = / \/\/ (TS\d+)$/.exec(text)?.[1]
    return code === undefined ? [] : [[at + 1, code] as const]
  }),
)
const found = errorsByLine()

for (const [line, code] of expected)
  test(`line ${line} does not compile, with ${code}: ${lines[line - 1]}`, () => {
    assert.equal(found.get(line), code)
  })

test('no other line of it has an error', () => {
  assert.deepEqual(
    [...found.keys()].filter((line) => !expected.has(line)),
    [],
  )
})

test('at least thirty mistakes are refused', () => {
  assert.ok(expected.size >= 30)
})
