import { Command } from 'commander'
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
import { withInspector } from '../target.ts'
import { actAnswer } from './inbox-act.ts'

export function releaseCommand(session: Session): Command {
  const command = reasoned(addressed(new Command('release')))
    .description('end a lease now; whoever still holds it is fenced and writes nothing more')
    .addHelpText('after', examples)
  return answering<AddressOptions & ReasonOptions>(command, session, (given) => {
    const actor = actorOf(given.options, session.shell)
    return withInspector(given.options, session.shell, async (inspector) => {
      const identity = await addressedRecord(inspector, given)
      return actAnswer('released', await actOn(inspector, identity, { kind: 'release', ...actor }))
    })
  })
}

const examples = `
Examples:
  semel inbox release A-17 --db shop.db --group points --why 'host is gone for good'`
