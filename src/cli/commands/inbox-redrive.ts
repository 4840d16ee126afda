import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { SemelError } from '../../errors/semel-error.ts'
import type { Inspector } from '../../inbox/inspector.ts'
import type { Reason } from '../../inbox/record.ts'
import { actOn, type BulkAnswer, redriveAll } from '../../operate/acts.ts'
import { reasons } from '../../operate/records.ts'
import { type Answer, answering, type Given, type Session } from '../answering.ts'
import {
  actorOf,
  addressed,
  addressedRecord,
  type AddressOptions,
  reasoned,
  type ReasonOptions,
} from '../one-record.ts'
import { withInspector } from '../target.ts'
import { plural } from '../text.ts'
import { actAnswer } from './inbox-act.ts'

type Options = AddressOptions &
  ReasonOptions & {
    readonly body?: string
    readonly callAgain?: true
    readonly all?: true
    readonly state: 'dead' | 'failed'
    readonly reason?: Reason
  }

export function redriveCommand(session: Session): Command {
  const command = reasoned(addressed(new Command('redrive')))
    .description('try dead or failed messages again: attempts to 0, due now')
    .option('--body <file>', 'with a corrected body')
    .option(
      '--call-again',
      'you have looked: effects that were begun without a result did not happen',
    )
    .option('--all', 'every record with --state and --reason, instead of one')
    .addOption(
      new Option('--state <state>', 'with --all').choices(['dead', 'failed']).default('dead'),
    )
    .addOption(new Option('--reason <reason>', 'with --all').choices(reasons))
    .addHelpText('after', examples)
  return answering<Options>(command, session, (given) => {
    const actor = actorOf(given.options, session.shell)
    const work = given.options.all ? redriveMany : redriveOne
    return withInspector(given.options, session.shell, (inspector) => work(inspector, given, actor))
  })
}

const examples = `
Examples:
  semel inbox redrive A-17 --db shop.db --group points --why 'gateway is back'
  semel inbox redrive A-17 --db shop.db --group points --body body.json --why 'amount was missing'
  semel inbox redrive A-17 --db shop.db --group points --call-again --why 'nothing at the gateway'
  semel inbox redrive --all --reason crashed --db shop.db --why 'fixed in 2.4'`

type Actor = ReturnType<typeof actorOf>

async function redriveOne(
  inspector: Inspector,
  given: Given<Options>,
  actor: Actor,
): Promise<Answer> {
  const { body, callAgain } = given.options
  const corrected = body === undefined ? {} : { body: readBody(body) }
  const identity = await addressedRecord(inspector, given)
  if (body !== undefined) await requireMessage(inspector, identity)
  const act = { kind: 'redrive', ...actor, ...corrected, ...(callAgain && { callAgain }) } as const
  const record = await actOn(inspector, identity, act)
  return actAnswer('redriven', record)
}

async function redriveMany(
  inspector: Inspector,
  { options, words }: Given<Options>,
  actor: Actor,
): Promise<Answer> {
  const { group, state, reason, id, body, callAgain } = options
  if (words.length > 0 || [id, body, callAgain].some((one) => one !== undefined))
    throw new SemelError(
      'SEMEL_USAGE',
      '--all takes no key, no --id, no --body and no --call-again',
    )
  const filter = {
    ...(group === undefined ? {} : { group }),
    ...(reason === undefined ? {} : { reason }),
  }
  const answer = await redriveAll(inspector, { ...filter, state, ...actor })
  return { text: bulkText(answer), json: answer }
}

function bulkText({ redriven, passed }: BulkAnswer): string {
  const changed =
    passed.length === 0 ? '' : `; ${plural(passed.length, 'record')} changed meanwhile`
  return `${plural(redriven.length, 'record')} redriven${changed}`
}

/** A body for a record that keeps no message would be dropped without a word. */
async function requireMessage(
  inspector: Inspector,
  identity: Parameters<Inspector['show']>[0],
): Promise<void> {
  const details = await inspector.show(identity)
  if (details?.message === undefined)
    throw new SemelError(
      'SEMEL_RECORD_STATE',
      'the record keeps no message that could be corrected',
    )
}

function readBody(file: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(file))
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new SemelError('SEMEL_USAGE', `--body ${file} cannot be read (${code})`, { cause })
  }
}
