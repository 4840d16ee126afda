import { Command } from 'commander'
import { prepareConsumers } from '../../config/prepare.ts'
import type { Session } from '../answering.ts'
import { jsonReporter, terminalReporter } from '../run/reporter.ts'
import { runConsumers } from '../run/run-consumers.ts'

/** `semel run FILE`: everything that a file says is consumed, until somebody stops it. */
export function runCommand(session: Session): Command {
  const command = new Command('run')
    .description('consume what a file says, until Ctrl-C')
    .argument('<file>', 'semel.yaml, or a module that exports consumers')
    .option('--json', 'lines of JSON on a terminal, too')
    .addHelpText('after', examples)
  return command.action(async (file: string, { json }: { readonly json?: true }) => {
    const { shell } = session
    const prepared = await prepareConsumers(file, shell.env)
    const reporter = json || !shell.stdout.isTTY ? jsonReporter(shell) : terminalReporter(shell)
    session.exit = await runConsumers(prepared, shell, reporter)
  })
}

const examples = `
Each message takes effect once; what that means for each consumer is printed first.
The first Ctrl-C or SIGTERM lets running handlers finish, the second one ends at once.

Exit: 0 stopped, 1 a consumer or a handler did not end well, 2 the file is to be corrected,
      130 or 143 after a second signal.

Examples:
  semel run semel.yaml
  semel run consumers.ts
  DB=/var/lib/shop.db semel run semel.yaml | tee events.ndjson`
