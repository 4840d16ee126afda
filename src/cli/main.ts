import { Command } from 'commander'
import { readFileSync } from 'node:fs'
import type { Session } from './answering.ts'
import { demoCommand } from './commands/demo.ts'
import { inboxCommand } from './commands/inbox.ts'
import { migrateCommand } from './commands/migrate.ts'
import { parkedCommand } from './commands/parked.ts'
import { queueCommand } from './commands/queue.ts'
import { runCommand } from './commands/run.ts'
import { sendCommand } from './commands/send.ts'
import { exitCodes, reportFailure } from './failure.ts'
import { flushed, processShell } from './shell.ts'

/** Runs one command line; answers what the process is to end with. */
export async function main(words: readonly string[]): Promise<number> {
  const session: Session = { shell: processShell(), exit: exitCodes.done }
  try {
    await program(session).parseAsync(words, { from: 'user' })
  } catch (error) {
    session.exit = reportFailure(error, session.shell, asksForJson(words))
  }
  await flushed(session.shell)
  return session.exit
}

function program(session: Session): Command {
  const root = new Command('semel')
    .description('Each business message takes effect exactly once, over at-least-once queues.')
    .version(version(), '--version', 'print the version')
    .helpCommand(false)
    .addHelpText('after', examples)
  const commands = [
    runCommand(session),
    sendCommand(session),
    inboxCommand(session),
    parkedCommand(session),
    queueCommand(session),
    migrateCommand(session),
    demoCommand(session),
  ]
  for (const command of commands) root.addCommand(command)
  for (const command of family(root)) quiet(command, session)
  return root
}

const examples = `
Examples:
  semel demo
  semel send orders orders.ndjson --db shop.db
  semel run semel.yaml
  semel inbox list --db shop.db --state dead`

/** Errors come back to us, to be printed in one way. */
function quiet(command: Command, { shell }: Session): void {
  command
    .exitOverride()
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .showSuggestionAfterError(true)
    .configureOutput({
      writeOut: (text) => void shell.stdout.write(text),
      // Help that nobody asked for; errors are reported by us.
      writeErr: (text) => void (text.startsWith('error:') || shell.stderr.write(text)),
    })
}

function family(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(family)]
}

/** A failure is found before the options are known. */
function asksForJson(words: readonly string[]): boolean {
  const end = words.indexOf('--')
  return words.slice(0, end < 0 ? words.length : end).includes('--json')
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { readonly version: string }).version
}
