import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import type { TestContext } from 'node:test'

/** What could not be tested on this machine, for the end of the run. */
export interface NotRun {
  readonly what: string
  readonly because: string
}

/** Skips a test that this machine cannot run, and names it at the end of the run. */
export function skipHere(context: TestContext, what: string, because: string): void {
  note({ what, because })
  context.skip(because)
}

/** The same for a server that is not here; with SEMEL_TEST_REQUIRE=all that is a failure. */
export function skipWithoutServer(context: TestContext, server: string, because: string): void {
  noteWithoutServer(server, because)
  context.skip(because)
}

/** Names a server at the end of the run; with SEMEL_TEST_REQUIRE=all throws. */
export function noteWithoutServer(server: string, because: string): void {
  if (process.env['SEMEL_TEST_REQUIRE'] === 'all')
    throw new Error(`${server} is required here, but ${because}`)
  note({ what: server, because })
}

/** Everything that was noted, each once. */
export function readNotRun(): readonly NotRun[] {
  const file = process.env['SEMEL_TEST_NOT_RUN']
  if (file === undefined || !existsSync(file)) return []
  const lines = new Set(readFileSync(file, 'utf8').split('\n').filter(Boolean))
  return [...lines].map((line) => JSON.parse(line) as NotRun)
}

function note(entry: NotRun): void {
  const file = process.env['SEMEL_TEST_NOT_RUN']
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(entry)}\n`)
}
