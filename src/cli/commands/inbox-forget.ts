import { createInterface } from 'node:readline/promises'
import { Command } from 'commander'
import { SemelError } from '../../errors/semel-error.ts'
import type { Identity } from '../../inbox/identity.ts'
import { readableKey } from '../../inbox/key.ts'
import { actOn } from '../../operate/acts.ts'
import { answering, type Session } from '../answering.ts'
import {
  actorOf,
  addressed,
  addressedRecord,
  type AddressOptions,
  reasoned,
  type ReasonOptions,
} from '../one-record.ts'
import type { Shell } from '../shell.ts'
import { withInspector } from '../target.ts'
import { printable } from '../text.ts'
import { actAnswer } from './inbox-act.ts'

type Options = AddressOptions & ReasonOptions & { readonly yes?: true }

export function forgetCommand(session: Session): Command {
  const command = reasoned(addressed(new Command('forget')))
    .description('remove a record: if its message comes again, it takes effect again')
    .option('--yes', 'do not ask')
    .addHelpText('after', examples)
  return answering<Options>(command, session, (given) => {
    const actor = actorOf(given.options, session.shell)
    return withInspector(given.options, session.shell, async (inspector) => {
      const identity = await addressedRecord(inspector, given)
      if (given.options.yes === undefined) await confirm(identity, session.shell)
      await actOn(inspector, identity, { kind: 'forget', ...actor })
      return actAnswer('forgotten', undefined)
    })
  })
}

const examples = `
Examples:
  semel inbox forget A-17 --db shop.db --group points --why 'to be charged again, ticket 12'
  semel inbox forget --id 3f9a2c41d0b7e812 --db shop.db --yes --why 'test data'`

/** The key itself is to be typed: a habit of saying yes does not type it. */
async function confirm({ key, readable }: Identity, { stdin, stderr }: Shell): Promise<void> {
  if (!stdin.isTTY)
    throw new SemelError('SEMEL_USAGE', 'there is no terminal to ask at; --yes does not ask')
  const name = printable(readableKey(key, readable))
  const terminal = createInterface({ input: stdin, output: stderr })
  try {
    const typed = await terminal.question(`type ${name} to forget it: `)
    if (typed.trim() !== name)
      throw new SemelError('SEMEL_USAGE', 'that is another key; nothing was done')
  } finally {
    terminal.close()
  }
}
