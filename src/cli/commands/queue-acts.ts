import { type Command, InvalidArgumentError } from 'commander'
import { SemelError } from '../../errors/semel-error.ts'
import type { Queue, QueueGroup, QueuePlace } from '../../operate/queue.ts'
import { answering, type Session } from '../answering.ts'
import { confirmTyped } from '../confirm.ts'
import { queueOptions, withQueue } from '../one-queue.ts'
import type { TargetOptions } from '../target.ts'
import { plural, printable, span } from '../text.ts'

interface Unasked {
  readonly yes?: true
}

/** `semel queue remove-group`: what waits for a group that is gone keeps the queue from forgetting it. */
export function removeGroupCommand(session: Session): Command {
  const command = queueOptions('remove-group')
    .description('remove a group that does not come any more; nothing waits for it from then on')
    .argument('<topic>')
    .argument('<name>', 'of the group')
    .option('--instance <name>', 'in broadcast: which instance of the group')
    .option('--yes', 'do not ask')
    .addHelpText('after', removeExamples)
  type Options = TargetOptions & Unasked & { readonly instance?: string }
  return answering<Options>(command, session, async ({ options, words }) => {
    const [topic = '', group = ''] = words
    const { instance } = options
    const place = { topic, group, ...(instance === undefined ? {} : { instance }) }
    const lost = await withQueue(options, session.shell, async (queue) => {
      const left = await groupLeft(queue, place)
      const act = `remove it with ${plural(left, 'message')} that it has not had`
      if (options.yes === undefined) await confirmTyped(group, act, session.shell)
      await queue.removeGroup(place)
      return left
    })
    const text = `group ${printable(group)} of ${printable(topic)} removed; ${plural(lost, 'message')} waited for it`
    return { text, json: { removed: place, waited: lost } }
  })
}

/** `semel queue prune`: messages that nobody comes for. */
export function pruneQueueCommand(session: Session): Command {
  const command = queueOptions('prune')
    .description('remove messages of a topic that are older, whoever still waits for them')
    .argument('<topic>')
    .requiredOption('--older-than <span>', 'since they were sent: 90s, 45m, 12h, 30d', spanOf)
    .option('--yes', 'do not ask')
    .addHelpText('after', pruneExamples)
  type Options = TargetOptions & Unasked & { readonly olderThan: number }
  return answering<Options>(command, session, async ({ options, words: [topic = ''] }) => {
    const { olderThan, yes } = options
    const pruned = await withQueue(options, session.shell, async (queue) => {
      const act = `remove what was sent more than ${span(olderThan)} ago, delivered or not`
      if (yes === undefined) await confirmTyped(topic, act, session.shell)
      return queue.prune(topic, olderThan)
    })
    return {
      text: `${plural(pruned, 'message')} of ${printable(topic)} removed`,
      json: { topic, pruned },
    }
  })
}

const removeExamples = `
Examples:
  semel queue remove-group orders points --db shop.db
  semel queue remove-group prices cache --instance host-3 --db shop.db --yes`

const pruneExamples = `
Examples:
  semel queue prune orders --older-than 30d --db shop.db
  semel queue prune orders --older-than 12h --config semel.yaml --yes --json`

/** @throws SEMEL_USAGE when there is no such group. */
async function groupLeft(queue: Queue, { topic, group, instance }: QueuePlace): Promise<number> {
  const groups = (await queue.list()).find((one) => one.topic === topic)?.groups ?? []
  const found = groups.find((one) => one.group === group && one.instance === instance)
  if (found !== undefined) return messagesOf(found)
  const known = groups.map(nameOf).join(', ')
  throw new SemelError(
    'SEMEL_USAGE',
    `topic ${JSON.stringify(topic)} has no group ${JSON.stringify(group)}; it has ${known || 'none'}`,
  )
}

function messagesOf({ waiting, inFlight, delayed }: QueueGroup): number {
  return waiting + inFlight + delayed
}

function nameOf({ group, instance }: QueueGroup): string {
  return instance === undefined ? group : `${group} --instance ${instance}`
}

const units: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

function spanOf(text: string): number {
  const [, number, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  const unitMs = units[unit]
  if (number !== undefined && unitMs !== undefined) return Number(number) * unitMs
  throw new InvalidArgumentError('Allowed is a number with s, m, h or d behind it, as in 30d.')
}
