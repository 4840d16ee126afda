import { Command, Option } from 'commander'
import type { Reason } from '../../inbox/record.ts'
import { listParked, reasons } from '../../operate/records.ts'
import { answering, type Session } from '../answering.ts'
import { recordTable } from '../record-table.ts'
import { type TargetOptions, targeted, wholeNumber, withInspector } from '../target.ts'
import { showCommand } from './inbox-show.ts'

type Options = TargetOptions & { readonly reason?: Reason; readonly limit: number }

/** `semel parked …`: messages that are kept in the store and wait to be taken again. */
export function parkedCommand(session: Session): Command {
  const parked = new Command('parked').description(
    'messages that are kept in the store, to be delivered again when they are due',
  )
  parked.addCommand(parkedListCommand(session))
  parked.addCommand(showCommand(session, 'parked', 'show one parked message with its record'))
  return parked
}

function parkedListCommand(session: Session): Command {
  const command = targeted(new Command('list'))
    .description('list parked messages, newest change first')
    .option('--group <name>', 'only of this consumer group')
    .addOption(new Option('--reason <reason>', 'only for this reason').choices(reasons))
    .option('--limit <n>', 'rows', wholeNumber(1, 10_000), 50)
    .addHelpText('after', examples)
  return answering<Options>(command, session, async ({ options }) => {
    const { group, reason, limit } = options
    const filter = { ...(group && { group }), ...(reason && { reason }) }
    const page = await withInspector(options, session.shell, (inspector) =>
      listParked(inspector, { ...filter, limit }),
    )
    return { text: recordTable(page, `--limit ${limit * 2}`), json: page }
  })
}

const examples = `
Examples:
  semel parked list --db shop.db
  semel parked list --db shop.db --group points --reason failed --json`
