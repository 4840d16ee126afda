import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import test from 'node:test'
import { memoryStore } from 'semel/memory'
import { sqliteStore } from 'semel/sqlite'
import type { Session } from '../../src/cli/answering.ts'
import { forgetCommand } from '../../src/cli/commands/inbox-forget.ts'
import { terminalReporter } from '../../src/cli/run/reporter.ts'
import type { Shell } from '../../src/cli/shell.ts'
import { bodyText } from '../../src/cli/body.ts'
import { cut, moment, printable, span, table, width } from '../../src/cli/text.ts'
import { createConsumer } from 'semel'
import { memoryPublisher, memoryQueue, memorySource } from 'semel/memory'
import { noFingerprint } from '../../src/inbox/fingerprint.ts'
import { encodeScope, identityOf } from '../../src/inbox/identity.ts'
import { place, until } from './kit.ts'

/** A terminal of 60 columns, and what was drawn on it. */
function terminal(): { readonly shell: Shell; type(text: string): void; drawn(): string } {
  const stdin = Object.assign(new PassThrough(), { isTTY: true })
  const stdout = Object.assign(new PassThrough(), { isTTY: true, columns: 60 })
  const text: string[] = []
  stdout.setEncoding('utf8').on('data', (chunk: string) => text.push(chunk))
  const shell = { env: {}, stdin, stdout, stderr: stdout, unheard: new AbortController().signal }
  return {
    shell: shell as unknown as Shell,
    type: (line) => void stdin.write(line),
    drawn: () => text.join(''),
  }
}

test('control characters and what reorders a line are spelt out', () => {
  assert.equal(printable('a\u001b[2J\n\u202eb\u2028c\t€'), 'a\\u{1b}[2J\\n\\u{202e}b\\u{2028}c\\t€')
})

test('a text is cut to columns, not to characters', () => {
  assert.equal(cut('abcdef', 4), 'abc…')
  assert.equal(cut('abcd', 4), 'abcd')
  assert.equal(cut('日本語', 5), '日本…')
  assert.equal(width('日本語e\u0301'), 7)
})

test('only the column that may be cut is cut', () => {
  const columns = [
    { head: 'A', cell: (row: string) => row, cuttable: true },
    { head: 'B', cell: () => 'right', align: 'right' },
  ] as const
  const lines = table(columns, ['x'.repeat(200), 'y']).split('\n')
  assert.deepEqual(
    lines.map(({ length }) => length),
    [100, 100, 100],
  )
  assert.match(lines[1] ?? '', /^x+… {2}right$/)
})

test('times and bodies are short', () => {
  assert.deepEqual([0, 999, 61_000, 7_200_000, 9e7].map(span), ['0s', '0s', '1m', '2h', '1d'])
  assert.equal(moment(1_700_000_000_000), '2023-11-14 22:13:20 UTC')
  assert.equal(bodyText(Buffer.from('abcdef'), 3), '6 bytes: abc…')
  assert.equal(bodyText(Uint8Array.of(255, 0), 9), '2 bytes, no text: ff00')
})

test('forget asks for the key, and does nothing when another one is typed', async (t) => {
  const { path } = place(t)
  const file = path('shop.db')
  const store = sqliteStore(file)
  t.after(() => store.close())
  const identity = identityOf(encodeScope({ group: 'g', keyspace: 'k' }), 'A-17')
  const outcome = { state: 'completed', result: undefined, keepMs: 60_000 } as const
  await store.leases.insert([{ ...identity, fingerprint: noFingerprint, outcome }])
  const forget = async (typed: string): Promise<unknown> => {
    const { shell, type, drawn } = terminal()
    const session: Session = { shell, exit: 9 }
    const words = ['A-17', '--db', file, '--why', 'a test', '--who', 'ada']
    const done = forgetCommand(session).parseAsync(words, { from: 'user' })
    await until(() => drawn().includes('type A-17 to forget it: '), 'it asks')
    type(`${typed}\n`)
    return done
  }
  await assert.rejects(forget('yes'), { code: 'SEMEL_USAGE' })
  assert.ok((await store.leases.read([identity]))[0])
  await forget('A-17')
  assert.equal((await store.leases.read([identity]))[0], undefined)
})

test('on a terminal one line of numbers is drawn over and over, alarms above it', async (t) => {
  const { shell, drawn } = terminal()
  const queue = memoryQueue()
  const consumer = createConsumer({
    group: 'terminal',
    source: memorySource(queue, { topic: 'orders' }),
    store: memoryStore(),
    key: (message) => message.key,
    handler: () => undefined,
  })
  t.after(() => consumer.stop())
  const report = terminalReporter(shell)
  await consumer.start()
  report.started([consumer])
  const publisher = memoryPublisher(queue, { topic: 'orders' })
  await publisher.sendBatch([{ body: 1, key: 'A' }, { body: 1 }])
  await until(() => /applied 1 .*dead 1/.test(drawn()), 'the numbers are drawn')
  await consumer.stop()
  report.ended(0)
  assert.match(
    drawn().replaceAll('\u001b', '^'),
    /\r\^\[2Kdead group terminal, .*reason no-key.*\n/,
  )
  for (const line of drawn().split('\r\u001b[2K').slice(1, -1))
    if (!line.endsWith('\n')) assert.ok(width(line) < 60, line)
  assert.match(drawn(), /applied 1 · .*\n$/)
})
