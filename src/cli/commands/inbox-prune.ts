import { Command } from 'commander'
import { pruneRecords } from '../../operate/prune.ts'
import { answering, type Session } from '../answering.ts'
import { type TargetOptions, targeted, wholeNumber, withInspector } from '../target.ts'
import { plural } from '../text.ts'

type Options = TargetOptions & { readonly limit?: number }

export function pruneCommand(session: Session): Command {
  const command = targeted(new Command('prune'))
    .description('forget completed records whose retention has passed')
    .option('--group <name>', 'with --config: whose store, where groups have several')
    .option('--limit <n>', 'the most of this call; default: all', wholeNumber(1, 1_000_000_000))
    .addHelpText('after', examples)
  return answering<Options>(command, session, async ({ options }) => {
    const pruned = await withInspector(options, session.shell, (inspector) =>
      pruneRecords(inspector, options.limit),
    )
    return { text: `${plural(pruned, 'record')} pruned`, json: { pruned } }
  })
}

const examples = `
Examples:
  semel inbox prune --db shop.db
  semel inbox prune --config semel.yaml --limit 100000 --json`
