import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { Command } from 'commander'
import { adoptKeys } from '../../operate/adopt.ts'
import { answering, type Session } from '../answering.ts'
import { type TargetOptions, targeted, wholeNumber, withStore } from '../target.ts'
import { plural } from '../text.ts'

type Options = TargetOptions & {
  readonly group: string
  readonly keyspace: string
  readonly tenant?: string
  readonly keepDays?: number
}

const dayMs = 86_400_000

/** `semel inbox adopt`: keys that another tool has processed. */
export function adoptCommand(session: Session): Command {
  const command = targeted(new Command('adopt'))
    .argument('<file>', 'keys, one a line; - is standard input')
    .description(
      'remember keys that another tool has processed, so that they do not take effect again',
    )
    .requiredOption('--group <name>', 'the consumer group that goes on with their topic')
    .requiredOption(
      '--keyspace <name>',
      'what the keys are unique in: the topic, unless the consumer says otherwise',
    )
    .option('--tenant <name>', 'where the consumer has tenants')
    .option('--keep-days <n>', 'how long they are remembered; default: 7', wholeNumber(1, 3_650))
    .addHelpText('after', examples)
  return answering<Options>(command, session, async ({ options, words: [file = '-'] }) => {
    const { group, keyspace, tenant, keepDays } = options
    const keys = linesOf(file === '-' ? session.shell.stdin : createReadStream(file))
    const keepMs = keepDays === undefined ? undefined : keepDays * dayMs
    const answer = await withStore(options, session.shell, ({ leases }) =>
      adoptKeys(leases, { group, keyspace, tenant }, keys, keepMs),
    )
    const text = `${plural(answer.adopted, 'key')} adopted, ${answer.known} known already`
    return { text, json: answer }
  })
}

async function* linesOf(input: NodeJS.ReadableStream): AsyncIterable<string> {
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }))
    if (line !== '') yield line
}

const examples = `
Examples:
  psql -Atc 'select order_no from processed_message' shop | semel inbox adopt - --db postgres://… --group points --keyspace orders
  semel inbox adopt keys.txt --config semel.yaml --group points --keyspace orders --keep-days 3`
