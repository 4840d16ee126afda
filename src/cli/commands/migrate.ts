import { Command } from 'commander'
import { answering, type Session } from '../answering.ts'
import { type TargetOptions, targeted } from '../target.ts'
export function migrateCommand(session: Session): Command {
  return answering<TargetOptions>(targeted(new Command('migrate')), session, async () => ({
    text: '',
    json: {},
  }))
}
