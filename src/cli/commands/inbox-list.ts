import { Command, Option } from 'commander'
import type { RecordFilter } from '../../inbox/inspector.ts'
import { listRecords, reasons, states } from '../../operate/records.ts'
import { answering, type Session } from '../answering.ts'
import { recordTable } from '../record-table.ts'
import { type TargetOptions, targeted, wholeNumber, withInspector } from '../target.ts'

type Options = TargetOptions &
  Pick<RecordFilter, 'group' | 'state' | 'reason' | 'limit'> & { readonly offset: number }

export function listCommand(session: Session): Command {
  const command = targeted(new Command('list'))
    .description('list records, newest change first')
    .option('--group <name>', 'only of this consumer group')
    .addOption(new Option('--state <state>', 'only in this state').choices(states))
    .addOption(new Option('--reason <reason>', 'only for this reason').choices(reasons))
    .option('--limit <n>', 'rows of a page', wholeNumber(1, 10_000), 50)
    .option('--offset <n>', 'rows to pass over', wholeNumber(0, 1_000_000_000), 0)
    .addHelpText('after', examples)
  return answering<Options>(command, session, async ({ options }) => {
    const { group, state, reason, limit, offset } = options
    const filter = { ...(group && { group }), ...(state && { state }), ...(reason && { reason }) }
    const page = await withInspector(options, session.shell, (inspector) =>
      listRecords(inspector, { ...filter, limit, offset }),
    )
    return { text: recordTable(page, `--offset ${offset + limit}`), json: page }
  })
}

const examples = `
Examples:
  semel inbox list --db shop.db
  semel inbox list --db shop.db --group points --state dead --reason crashed
  semel inbox list --config semel.yaml --group points --json`
