import { Command } from 'commander'
import { systemClock } from '../../inbox/clock.ts'
import type { QueuedMessage, QueueGroup, QueueTopic } from '../../operate/queue.ts'
import { answering, type Session } from '../answering.ts'
import { bodyJson, bodyText } from '../body.ts'
import { queueOptions, withQueue } from '../one-queue.ts'
import { type TargetOptions, wholeNumber } from '../target.ts'
import { type Column, span, table } from '../text.ts'
import { pruneQueueCommand, removeGroupCommand } from './queue-acts.ts'

/** `semel queue …`: the embedded queue, looked at without taking anything, and tidied up. */
export function queueCommand(session: Session): Command {
  const queue = new Command('queue').description('the embedded queue: topics, groups, messages')
  queue.addCommand(listCommand(session))
  queue.addCommand(peekCommand(session))
  queue.addCommand(removeGroupCommand(session))
  queue.addCommand(pruneQueueCommand(session))
  return queue
}

function listCommand(session: Session): Command {
  const command = queueOptions('list')
    .description('list topics, and what is left for each group')
    .addHelpText('after', listExamples)
  return answering<TargetOptions>(command, session, async ({ options }) => {
    const topics = await withQueue(options, session.shell, (queue) => queue.list())
    return { text: topicTable(topics), json: { topics } }
  })
}

function peekCommand(session: Session): Command {
  const command = queueOptions('peek')
    .description('show the oldest messages of a topic; they stay where they are')
    .argument('<topic>')
    .option('--limit <n>', 'messages', wholeNumber(1, 10_000), 10)
    .addHelpText('after', peekExamples)
  type Options = TargetOptions & { readonly limit: number }
  return answering<Options>(command, session, async ({ options, words: [topic = ''] }) => {
    const messages = await withQueue(options, session.shell, (queue) =>
      queue.peek(topic, options.limit),
    )
    const text = messages.length === 0 ? 'no messages' : table(messageColumns, messages)
    return { text, json: { topic, messages: messages.map(jsonOf) } }
  })
}

const listExamples = `
Examples:
  semel queue list --db shop.db
  semel queue list --config semel.yaml --json`

const peekExamples = `
Examples:
  semel queue peek orders --db shop.db
  semel queue peek orders --db shop.db --limit 1 --json`

type GroupRow = QueueTopic & { readonly at: QueueGroup | undefined; readonly first: boolean }

function topicTable(topics: readonly QueueTopic[]): string {
  if (topics.length === 0) return 'no topics'
  const rows = topics.flatMap((topic): readonly GroupRow[] =>
    topic.groups.length === 0
      ? [{ ...topic, at: undefined, first: true }]
      : topic.groups.map((at, index) => ({ ...topic, at, first: index === 0 })),
  )
  return table(topicColumns, rows)
}

const topicColumns: readonly Column<GroupRow>[] = [
  { head: 'TOPIC', cell: ({ topic, first }) => (first ? topic : ''), cuttable: true },
  { head: 'MESSAGES', cell: ({ messages, first }) => (first ? `${messages}` : ''), align: 'right' },
  { head: 'BYTES', cell: ({ bytes, first }) => (first ? `${bytes}` : ''), align: 'right' },
  { head: 'GROUP', cell: ({ at }) => groupName(at) },
  { head: 'WAITING', cell: ({ at }) => `${at?.waiting ?? '-'}`, align: 'right' },
  { head: 'IN FLIGHT', cell: ({ at }) => `${at?.inFlight ?? '-'}`, align: 'right' },
  { head: 'DELAYED', cell: ({ at }) => `${at?.delayed ?? '-'}`, align: 'right' },
]

function groupName(at: QueueGroup | undefined): string {
  if (at === undefined) return '-'
  return at.instance === undefined ? at.group : `${at.group}/${at.instance}`
}

const messageColumns: readonly Column<QueuedMessage>[] = [
  { head: 'ID', cell: ({ id }) => id },
  { head: 'TAG', cell: ({ tag }) => tag ?? '-' },
  { head: 'KEY', cell: ({ key }) => key ?? '-' },
  { head: 'DUE', cell: ({ dueAtMs }) => dueText(dueAtMs - systemClock.nowMs()), align: 'right' },
  { head: 'BODY', cell: ({ body }) => bodyText(body, 200), cuttable: true },
]

function dueText(leftMs: number): string {
  return leftMs > 0 ? span(leftMs) : 'now'
}

function jsonOf({ body, ...rest }: QueuedMessage): unknown {
  return { ...rest, body: bodyJson(body) }
}
