import { Command } from 'commander'
import { SemelError } from '../../errors/semel-error.ts'
import { systemClock } from '../../inbox/clock.ts'
import type { ParkedMessage } from '../../inbox/record.ts'
import { type RecordReport, showRecord } from '../../operate/records.ts'
import { answering, type Session } from '../answering.ts'
import { bodyJson, bodyText } from '../body.ts'
import { addressed, addressedRecord, type AddressOptions } from '../one-record.ts'
import { withInspector } from '../target.ts'
import { moment, printable, span } from '../text.ts'

type Options = AddressOptions & { readonly body?: true; readonly json?: true }

/** `semel inbox show` and `semel parked show`. */
export function showCommand(session: Session, family: string, description: string): Command {
  const command = addressed(new Command('show'))
    .description(description)
    .option('--body', 'print the body of its message and nothing else, byte by byte')
    .addHelpText('after', examples(family))
  return answering<Options>(command, session, async (given) => {
    const report = await withInspector(given.options, session.shell, async (inspector) =>
      showRecord(inspector, await addressedRecord(inspector, given)),
    )
    if (report === undefined)
      throw new SemelError('SEMEL_RECORD_MISSING', 'the record was forgotten in this moment')
    if (given.options.body === undefined)
      return { text: textOfReport(report), json: jsonOf(report) }
    session.shell.stdout.write(bodyOf(report))
    return { text: '', json: jsonOf(report) }
  })
}

const examples = (family: string): string => `
Examples:
  semel ${family} show A-17 --db shop.db --group points
  semel ${family} show --id 3f9a2c41d0b7e812 --db shop.db
  semel ${family} show A-17 --db shop.db --body > body.json`

function bodyOf({ message, id }: RecordReport): Uint8Array {
  if (message !== undefined) return message.body
  throw new SemelError('SEMEL_RECORD_STATE', `record ${id} keeps no message`)
}

/** The message without our own bytes. */
function jsonOf({ message, ...report }: RecordReport): unknown {
  if (message === undefined) return report
  const { origin: _, lane: __, body, ...rest } = message
  return { ...report, message: { ...rest, body: bodyJson(body) } }
}

function textOfReport(report: RecordReport): string {
  const { message, audit } = report
  const lines = [
    ...factsOf(report),
    ...(message === undefined ? [['message', 'none is kept'] as const] : messageFacts(message)),
    ...audit.map(
      ({ atMs, who, act, why }) => ['audit', `${moment(atMs)} ${who} ${act}: ${why}`] as const,
    ),
  ]
  return lines.map(([name, value]) => `${name.padEnd(10)} ${printable(value)}`).join('\n')
}

type Fact = readonly [name: string, value: string]

const leftNames = { leased: 'lease ends', failed: 'due', completed: 'kept', dead: '' } as const

function factsOf(report: RecordReport): readonly Fact[] {
  const { state, reason, detail, attempts, changedMs, leftMs, result } = report
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['key', report.key],
    ['id', report.id],
    ['group', report.group],
    ['keyspace', report.keyspace],
    ['tenant', report.tenant],
    ['instance', report.instance],
    ['state', `${state}${report.parked ? ', parked' : ''}`],
    ['reason', reason],
    ['detail', detail],
    ['attempts', String(attempts)],
    ['changed', `${moment(changedMs)} (${span(systemClock.nowMs() - changedMs)} ago)`],
    [leftNames[state], leftMs === undefined ? undefined : timeLeft(leftMs)],
    ['result', result],
  ]
  return facts.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
}

function timeLeft(leftMs: number): string {
  return leftMs > 0 ? `in ${span(leftMs)}` : `now, since ${span(-leftMs)}`
}

function messageFacts(message: ParkedMessage): readonly Fact[] {
  const { id, topic, tag, key, headers, sentAtMs, body } = message
  const sent = sentAtMs === undefined ? '' : `, sent ${moment(sentAtMs)}`
  const named = Object.entries({ tag, key }).flatMap(([name, value]) =>
    value === undefined ? [] : [`, ${name} ${value}`],
  )
  return [
    ['message', `${id}, topic ${topic}${named.join('')}${sent}`],
    ...Object.entries(headers).map(([name, value]): Fact => ['header', `${name}: ${value}`]),
    ['body', bodyText(body, 2_000)],
  ]
}
