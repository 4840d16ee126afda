import { Command } from 'commander'
import type { Session } from '../answering.ts'

/** `semel demo`: everything about it is in its own module, loaded when it is asked for. */
export function demoCommand(session: Session): Command {
  return new Command('demo')
    .description(
      'kill consumers again and again, and count what took effect: semel and four home-made ways',
    )
    .option('--messages <n>', 'distinct orders')
    .option('--kills <n>', 'kills for each way')
    .option('--seed <n>', 'repeat a run')
    .option('--json', 'end with one line of JSON')
    .action(async (options: Readonly<Record<string, string | boolean>>) => {
      const { demo } = await import('../demo/demo.ts')
      session.exit = await demo(options)
    })
}
