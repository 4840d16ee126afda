import { Command } from 'commander'
import { offered, resolveOpening } from '../config/technologies.ts'
import type { Queue } from '../operate/queue.ts'
import type { Shell } from './shell.ts'
import { refuseMissing, type TargetOptions, targeted, targetOf } from './target.ts'

/** A command of `semel queue`, with the options that name one. */
export function queueOptions(name: string): Command {
  return targeted(new Command(name)).option(
    '--group <name>',
    'with --config: whose source, where groups have several',
  )
}

/** Opens the queue that was named, lets `work` use it, and closes it. */
export async function withQueue<R>(
  options: TargetOptions,
  { env }: Shell,
  work: (queue: Queue) => Promise<R>,
): Promise<R> {
  const { opening, file } = targetOf('source', options, env)
  refuseMissing(opening, file)
  const { technology, setting } = resolveOpening(opening, file)
  const queue = await offered(technology, 'queue')(setting)
  try {
    return await work(queue)
  } finally {
    await queue.close()
  }
}
