import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { TestContext } from 'node:test'

const root = resolve(import.meta.dirname, '../..')
const bin = join(root, 'src/cli/bin.ts')
export const fixtures: string = join(import.meta.dirname, 'fixtures')

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** The last line of standard output, parsed. */
  readonly json: unknown
}

/** One command that runs. */
export interface Started {
  readonly child: ChildProcess
  stdout(): string
  stderr(): string
  /** Waits for a text on either stream, at most 20 s. */
  said(text: string | RegExp): Promise<void>
  readonly ended: Promise<Ended>
}

/** A folder of its own, and the command run in it. */
export interface Place {
  readonly folder: string
  path(name: string): string
  write(name: string, text: string): string
  semel(...words: readonly string[]): Promise<Ended>
  /** With variables and standard input. */
  semelWith(
    more: { readonly env?: Record<string, string>; readonly input?: string },
    ...words: readonly string[]
  ): Promise<Ended>
  start(...words: readonly string[]): Started
}

export function place(t: TestContext): Place {
  const folder = mkdtempSync(join(tmpdir(), 'semel-cli-'))
  const children = new Set<ChildProcess>()
  t.after(async () => {
    for (const child of children) child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  function start(words: readonly string[], env: Record<string, string> = {}): Started {
    const child = spawn(process.execPath, ['--conditions=semel-source', bin, ...words], {
      cwd: folder,
      env: { ...process.env, NODE_TEST_CONTEXT: '', NO_COLOR: '1', ...env },
    })
    children.add(child)
    const started = watch(child)
    // A command that hangs must not hang the test.
    const tooLong = setTimeout(() => child.kill('SIGKILL'), 60_000)
    child.once('exit', () => {
      clearTimeout(tooLong)
      children.delete(child)
    })
    return started
  }
  return {
    folder,
    path: (name) => join(folder, name),
    write(name, text) {
      writeFileSync(join(folder, name), text)
      return name
    },
    semel: (...words) => {
      const started = start(words)
      started.child.stdin?.end()
      return started.ended
    },
    semelWith({ env, input = '' }, ...words) {
      const started = start(words, env)
      started.child.stdin?.end(input)
      return started.ended
    },
    start: (...words) => start(words),
  }
}

/** Waits for a condition, at most `limitMs`. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  limitMs = 20_000,
): Promise<void> {
  const deadline = performance.now() + limitMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`)
    await new Promise((done) => setTimeout(done, 10))
  }
}

/** The first line of an error, and that advice follows and nothing else. */
export function refused(ended: Ended, code: number): string {
  assert.equal(ended.code, code, ended.stderr)
  const [error = '', advice = '', ...more] = ended.stderr.trimEnd().split('\n')
  assert.match(error, /^semel: [A-Z_]+ ./)
  assert.match(advice, /^ {7}\S/)
  assert.deepEqual(more, [], 'an error is two lines')
  return error
}

function watch(child: ChildProcess): Started {
  const text = { stdout: '', stderr: '' }
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => void (text.stdout += chunk))
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => void (text.stderr += chunk))
  const ended = new Promise<Ended>((done) => {
    child.once('close', (code) => {
      const { stdout, stderr } = text
      done({ code, stdout, stderr, json: lastJson(stdout) })
    })
  })
  let over = false
  child.once('close', () => void (over = true))
  return {
    child,
    stdout: () => text.stdout,
    stderr: () => text.stderr,
    ended,
    async said(wanted) {
      const heard = (): boolean => {
        const all = text.stdout + text.stderr
        return typeof wanted === 'string' ? all.includes(wanted) : wanted.test(all)
      }
      await until(() => heard() || over, `the command says ${String(wanted)}`)
      assert.ok(
        heard(),
        `it ended without saying ${String(wanted)}:\n${text.stdout}\n${text.stderr}`,
      )
    },
  }
}

function lastJson(stdout: string): unknown {
  try {
    return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
  } catch {
    return undefined
  }
}
