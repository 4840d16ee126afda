import { Command } from 'commander'
import { answering, type Session } from '../answering.ts'
import { type TargetOptions, targeted } from '../target.ts'
export function queueCommand(session: Session): Command {
  return answering<TargetOptions>(targeted(new Command('queue')), session, async () => ({
    text: '',
    json: {},
  }))
}
