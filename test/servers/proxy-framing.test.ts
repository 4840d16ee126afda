// TCP knows no messages: they come in pieces, and several at once. All protocols must be read the same in every cut.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Dialogue } from './proxy/dialogue.ts'
import { mysqlDialogue } from './proxy/mysql.ts'
import { postgresDialogue } from './proxy/postgres.ts'
import { redisDialogue } from './proxy/redis.ts'

interface Talk {
  readonly open: () => Dialogue
  /** In turn, beginning with the client: what one of them says before the other does. */
  readonly turns: readonly Buffer[]
  /** Texts that run, with their rounds. */
  readonly runs: readonly (readonly [text: string, round: number])[]
  /** Rounds whose answer is whole. */
  readonly over: readonly number[]
}

const talks: Readonly<Record<string, Talk>> = {
  postgres: {
    open: postgresDialogue,
    turns: [
      startup(80877103),
      Buffer.alloc(0),
      startup(196608, 'user\0me\0\0'),
      joined(pg('R', '\0\0\0\0'), pg('Z', 'I')),
      joined(
        pg('P', 's\0insert ö\0\0\0'),
        pg('B', 'p\0s\0\0\0\0\0\0\0'),
        pg('E', 'p\0\0\0\0\0'),
        pg('S', ''),
        pg('Q', 'commit\0'),
        pg('B', '\0s\0\0\0\0\0\0\0'),
        pg('E', '\0\0\0\0\0'),
        pg('S', ''),
      ),
      joined(
        pg('1', ''),
        pg('2', ''),
        pg('C', 'INSERT\0'),
        pg('Z', 'I'),
        pg('Z', 'I'),
        pg('Z', 'I'),
      ),
    ],
    runs: [
      ['insert ö', 2],
      ['commit', 3],
      ['insert ö', 4],
    ],
    over: [1, 2, 3, 4],
  },
  mysql: {
    open: mysqlDialogue,
    turns: [
      Buffer.alloc(0),
      my(0, '\x0a5.6\0', '\x01\0\0\0', 'abcdefgh', '\0', '\xff\xff', '\x08\x02\0', '\x0f\x80'),
      my(1, '\x0f\xa2\x3a\x00', 'user'),
      my(2, '\0\0\0\x02\0\0\0'),
      my(0, '\x16insert ö'),
      joined(my(1, '\0\x07\0\0\0\0\0\x01\0\0\0\0'), my(2, 'parameter'), my(3, '\xfe\0\0\0\0')),
      my(0, '\x17\x07\0\0\0'),
      my(1, '\0\xfc\x10\x10\0\x02\0\0\0'),
      my(0, '\x03select 1'),
      joined(
        my(1, '\x02'),
        my(2, 'column'),
        my(3, 'column'),
        my(4, '\xfe\0\0\x0a\0'),
        my(5, '\x011\x012'),
        my(6, '\xfe\0\0\x0a\0'),
        my(7, '\0\0\0\x02\0\0\0'),
      ),
      my(0, '\x03commit'),
      my(1, '\xff\x01\x01#HY000no'),
    ],
    runs: [
      ['insert ö', 2],
      ['select 1', 3],
      ['commit', 4],
    ],
    // What is only prepared is over with the first packet: nothing has been done.
    over: [1, 2, 3, 4],
  },
  redis: {
    open: redisDialogue,
    turns: [
      command('HELLO', '3'),
      Buffer.from('%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n+proto\r\n:3\r\n'),
      joined(command('EVALSHA', 'ab', '1', 'ö\r\n$1'), command('MULTI'), command('EXEC')),
      Buffer.from(
        '>2\r\n+invalidate\r\n*1\r\n$1\r\na\r\n*2\r\n$-1\r\n*0\r\n+OK\r\n|1\r\n+ttl\r\n:9\r\n*2\r\n_\r\n#t\r\n',
      ),
    ],
    runs: [
      ['HELLO 3', 1],
      ['EVALSHA ab 1 ö\r\n$1', 2],
      ['MULTI', 3],
      ['EXEC', 4],
    ],
    over: [1, 2, 3, 4],
  },
}

for (const [name, { open, turns, runs, over }] of Object.entries(talks))
  test(`${name}: messages are the same in whatever chunks they come`, () => {
    for (const size of [1, 2, 3, 5, 7, 11, 100_000]) {
      const dialogue = open()
      const all = turns.map((turn, at) => {
        const listen = at % 2 === 0 ? dialogue.fromClient : dialogue.fromServer
        return chunks(turn, size).flatMap<Partial<Heard>>(listen)
      })
      const said = all.filter((_, at) => at % 2 === 0).flat()
      const answered = all.filter((_, at) => at % 2 === 1).flat()
      const ran = said.filter((one) => one.runs).map((one) => [one.text, one.round])
      const ended = answered.filter((one) => one.ends).map((one) => one.round)
      assert.deepEqual([ran, ended], [runs, over], `in chunks of ${size}`)
      const heard = all.map((turn) => joined(...turn.map(({ bytes }) => bytes ?? Buffer.alloc(0))))
      assert.deepEqual(heard, turns)
    }
  })

type Heard = ReturnType<Dialogue['fromClient']>[number] & ReturnType<Dialogue['fromServer']>[number]

function chunks(bytes: Buffer, size: number): readonly Buffer[] {
  const count = Math.ceil(bytes.length / size)
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * size, (at + 1) * size))
}

function joined(...parts: readonly Buffer[]): Buffer {
  return Buffer.concat(parts)
}

function startup(version: number, rest = ''): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeInt32BE(8 + rest.length)
  bytes.writeInt32BE(version, 4)
  return joined(bytes, Buffer.from(rest))
}

function pg(letter: string, text: string): Buffer {
  const body = Buffer.from(text)
  const head = Buffer.from(`${letter}....`)
  head.writeInt32BE(4 + body.length, 1)
  return joined(head, body)
}

/** A packet; the letters of the command are UTF-8, of everything else bytes. */
function my(sequence: number, ...parts: readonly string[]): Buffer {
  const text = parts.join('')
  const body = Buffer.from(text, text.includes('ö') ? 'utf8' : 'latin1')
  const head = Buffer.alloc(4)
  head.writeUIntLE(body.length, 0, 3)
  head[3] = sequence
  return joined(head, body)
}

function command(...words: readonly string[]): Buffer {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`)
  return Buffer.from(`*${words.length}\r\n${parts.join('')}`)
}
