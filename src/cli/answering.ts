import type { Command } from 'commander'
import type { Shell } from './shell.ts'

/** What a command has found out: for people, and for programs. */
export interface Answer {
  readonly text: string
  readonly json: unknown
  /** Default: 0. */
  readonly exit?: number
}

/** Options that were given, and the words behind them. */
export interface Given<Options> {
  readonly options: Options
  readonly words: readonly string[]
}

/** The exit code of the command that ran; a command that answers none has none. */
export interface Session {
  readonly shell: Shell
  exit: number
}

/** Adds `--json` to a command, does its work and prints what it answers; a program reads the last line. */
export function answering<Options extends object>(
  command: Command,
  session: Session,
  work: (given: Given<Options>) => Promise<Answer>,
): Command {
  return command.option('--json', 'print one line of JSON').action(async () => {
    const options = command.opts<Options & { readonly json?: boolean }>()
    const answer = await work({ options, words: command.args })
    const text = options.json ? JSON.stringify(answer.json) : answer.text
    if (text !== '') session.shell.stdout.write(`${text}\n`)
    session.exit = answer.exit ?? 0
  })
}
