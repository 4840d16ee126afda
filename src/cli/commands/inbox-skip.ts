import { Command } from 'commander'
import { options as limits } from '../../options/table.ts'
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
import { wholeNumber, withInspector } from '../target.ts'
import { actAnswer } from './inbox-act.ts'

type Options = AddressOptions & ReasonOptions & { readonly keep: number }

export function skipCommand(session: Session): Command {
  const { min, max, default: retentionMs } = limits.retentionMs
  const command = reasoned(addressed(new Command('skip')))
    .description('count a dead or failed message as done, without effect; its message is dropped')
    .option('--keep <ms>', 'how long that is remembered', wholeNumber(min, max), retentionMs)
    .addHelpText('after', examples)
  return answering<Options>(command, session, (given) => {
    const actor = actorOf(given.options, session.shell)
    return withInspector(given.options, session.shell, async (inspector) => {
      const identity = await addressedRecord(inspector, given)
      const act = { kind: 'skip', ...actor, keepMs: given.options.keep } as const
      return actAnswer('skipped', await actOn(inspector, identity, act))
    })
  })
}

const examples = `
Examples:
  semel inbox skip A-17 --db shop.db --group points --why 'order was cancelled by hand'`
