import { createReadStream } from 'node:fs'
import { Command } from 'commander'
import type { DelayLevel } from '../../delivery/publisher.ts'
import { isMessagePath } from '../../operate/paths.ts'
import { type SendSettings, sendLines } from '../../operate/send.ts'
import { offered, resolveOpening } from '../../config/technologies.ts'
import { SemelError } from '../../errors/semel-error.ts'
import { answering, type Session } from '../answering.ts'
import type { Shell } from '../shell.ts'
import { type TargetOptions, targeted, targetOf, wholeNumber } from '../target.ts'
import { plural } from '../text.ts'

interface Options extends TargetOptions {
  readonly key?: string
  readonly tag?: string
  readonly delay?: string
  readonly batch: number
  readonly bare?: true
}

/** `semel send`: lines of JSON become messages. */
export function sendCommand(session: Session): Command {
  const command = targeted(new Command('send'))
    .description('send lines of JSON to a topic')
    .argument('<topic>')
    .argument('<file>', 'one message a line; - is standard input')
    .option('--group <name>', 'with --config: whose source, where groups have several')
    .option('--key <path>', 'where the message key stands, as in body.orderId')
    .option('--tag <tag>', 'of messages that have none')
    .option('--delay <time>', 'of messages that have none: milliseconds, or a level as 10s')
    .option(
      '--batch <n>',
      'messages that are stored together or not at all',
      wholeNumber(1, 10_000),
      500,
    )
    .option('--bare', 'every line is a body, even if it has a member "body"')
    .addHelpText('after', examples)
  return answering<Options>(command, session, async ({ options, words }) => {
    const [topic = '', file = ''] = words
    const target = targetOf('source', options, session.shell.env)
    const { technology, setting } = resolveOpening(target.opening, target.file)
    const settings = settingsOf(options, topic, file)
    const input = inputOf(file, session.shell)
    const publisher = await offered(technology, 'publisher')(setting)
    try {
      const answer = await sendLines(publisher, input, settings)
      return { text: `${plural(answer.messages, 'message')} sent to ${topic}`, json: answer }
    } finally {
      await publisher.close()
    }
  })
}

const examples = `
A line is { "body": …, "key"?, "tag"?, "id"?, "headers"?, "delay"? }, or a body alone.

Examples:
  semel send orders orders.ndjson --db shop.db --key body.orderId
  echo '{"orderId":"A-17","amount":30}' | semel send orders - --db shop.db --tag PAID
  semel send orders orders.ndjson --config semel.yaml --delay 10s --json`

function settingsOf(options: Options, topic: string, file: string): SendSettings {
  const { key, tag, delay, bare = false, batch } = options
  if (key !== undefined && !isMessagePath(key))
    throw new SemelError('SEMEL_USAGE', `--key is ${key}; it is id, headers.NAME or body.NAME.NAME`)
  return {
    topic,
    name: file === '-' ? 'standard input' : file,
    bare,
    batch,
    ...(key === undefined ? {} : { key }),
    ...(tag === undefined ? {} : { tag }),
    ...(delay === undefined ? {} : { delay: delayOf(delay) }),
  }
}

/** A level that does not exist is refused with the first message. */
function delayOf(text: string): number | DelayLevel {
  return /^\d+$/.test(text) ? Number(text) : (text as DelayLevel)
}

async function* inputOf(file: string, { stdin }: Shell): AsyncGenerator<Uint8Array> {
  try {
    yield* (file === '-' ? stdin : createReadStream(file)) as AsyncIterable<Uint8Array>
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new SemelError('SEMEL_USAGE', `${file} cannot be read (${code})`, { cause })
  }
}
