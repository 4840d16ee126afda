import { Command } from 'commander'
import { readableKey } from '../../inbox/key.ts'
import { actOn } from '../../operate/acts.ts'
import { answering, type Session } from '../answering.ts'
import { confirmTyped } from '../confirm.ts'
import {
  actorOf,
  addressed,
  addressedRecord,
  type AddressOptions,
  reasoned,
  type ReasonOptions,
} from '../one-record.ts'
import { withInspector } from '../target.ts'
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
      const name = readableKey(identity.key, identity.readable)
      if (given.options.yes === undefined) await confirmTyped(name, 'forget it', session.shell)
      await actOn(inspector, identity, { kind: 'forget', ...actor })
      return actAnswer('forgotten', undefined)
    })
  })
}

const examples = `
Examples:
  semel inbox forget A-17 --db shop.db --group points --why 'to be charged again, ticket 12'
  semel inbox forget --id 3f9a2c41d0b7e812 --db shop.db --yes --why 'test data'`
