import { Command } from 'commander'
import type { Session } from '../answering.ts'
import { adoptCommand } from './inbox-adopt.ts'
import { forgetCommand } from './inbox-forget.ts'
import { listCommand } from './inbox-list.ts'
import { pruneCommand } from './inbox-prune.ts'
import { redriveCommand } from './inbox-redrive.ts'
import { releaseCommand } from './inbox-release.ts'
import { showCommand } from './inbox-show.ts'
import { skipCommand } from './inbox-skip.ts'

/** `semel inbox …`: what is remembered, and what people can do about it. */
export function inboxCommand(session: Session): Command {
  const inbox = new Command('inbox').description(
    'records of what has taken effect, waits or is dead',
  )
  const commands = [
    listCommand(session),
    showCommand(session, 'inbox', 'show one record, its message, and what people did to it'),
    redriveCommand(session),
    skipCommand(session),
    releaseCommand(session),
    forgetCommand(session),
    pruneCommand(session),
    adoptCommand(session),
  ]
  for (const command of commands) inbox.addCommand(command)
  return inbox
}
