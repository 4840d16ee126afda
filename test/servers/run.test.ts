import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { skipWithoutServer } from '../not-run.ts'

interface News {
  readonly pid: number
  readonly home: string
  readonly because?: string
}

const ends: Readonly<Record<string, (run: ChildProcess) => unknown>> = {
  'is over': (run) => run.send('end'),
  'is interrupted by SIGINT': (run) => run.kill('SIGINT'),
  'is ended by SIGTERM': (run) => run.kill('SIGTERM'),
}

for (const [how, end] of Object.entries(ends))
  test(`a run that ${how} leaves no server behind, also none that a test forgot`, async (t) => {
    const run = worker(t)
    const [{ pid, home, because }] = (await once(run, 'message')) as [News]
    if (because !== undefined) return skipWithoutServer(t, 'redis', because)
    assert.ok(existsSync(`/proc/${pid}/exe`) && existsSync(home))
    end(run)
    await once(run, 'exit')
    assert.deepEqual([existsSync(`/proc/${pid}/exe`), existsSync(home)], [false, false])
  })

function worker(t: TestContext): ChildProcess {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const execArgv = ['--conditions=semel-source']
  const run = fork(join(import.meta.dirname, 'run-worker.ts'), { env, execArgv })
  t.after(() => run.kill('SIGKILL'))
  return run
}
