import { readFileSync } from 'node:fs'
import { textOf } from '../inbox/bytes.ts'
import { SemelError } from '../errors/semel-error.ts'
import type { Config, ConsumerConfig, GroupConfig, Opening } from './config.ts'
import { type ConfigDocument, readDocument } from './document.ts'
import type { Environment } from './environment.ts'
import { checkConfig } from './schema.ts'
import { technologyNames } from './technologies.ts'

/** A checked file. */
export interface ReadConfig {
  readonly file: string
  readonly config: Config
  readonly plans: readonly ConsumerPlan[]
}

/** One consumer with everything that its group and its file say for it. */
export interface ConsumerPlan {
  readonly group: string
  readonly store: Opening
  readonly source: Opening
  readonly consumer: ConsumerConfig
  /** `file:line:column` of the consumer, and of its members. */
  where(...members: readonly string[]): string
}

/**
 * Reads and checks a `semel.yaml`. Opens nothing and loads no handler.
 *
 * @throws SEMEL_CONFIG_INVALID, SEMEL_ENV_MISSING, SEMEL_CONSUMER_TWICE; each names file, line and column.
 */
export function readConfig(file: string, env: Environment): ReadConfig {
  const document = readDocument(file, readText(file), env)
  const checked = checkConfig(document.value, {
    store: technologyNames('store'),
    source: technologyNames('source'),
  })
  if (checked.kind === 'problems') {
    const [first, ...rest] = checked.problems
    const more = rest.length === 0 ? '' : ` (and ${rest.length} more)`
    throw document.fault(
      `${first?.why}${more}`,
      first?.path ?? [],
      first?.ofName ? 'key' : undefined,
    )
  }
  const { config } = checked
  const plans = Object.entries(config.groups).flatMap(([name, group]) =>
    group.consumers.map((consumer, at) => planOf(document, config, name, group, consumer, at)),
  )
  refuseTwice(plans)
  return { file, config, plans }
}

function planOf(
  document: ConfigDocument,
  config: Config,
  name: string,
  group: GroupConfig,
  consumer: ConsumerConfig,
  at: number,
): ConsumerPlan {
  const path = ['groups', name, 'consumers', at]
  const opening = (what: 'store' | 'source'): Opening => {
    const found = group[what] ?? config[what]
    if (found !== undefined) return found
    throw document.fault(`group ${name} has no ${what}, and the file has none either`, path)
  }
  return {
    group: name,
    consumer,
    store: opening('store'),
    source: opening('source'),
    where: (...members) => document.where([...path, ...members]),
  }
}

/** Two consumers of one group and topic would take each other's messages. */
function refuseTwice(plans: readonly ConsumerPlan[]): void {
  const seen = new Map<string, ConsumerPlan>()
  for (const plan of plans) {
    const { topic, instance } = plan.consumer
    const name = JSON.stringify([plan.group, topic, instance ?? null, plan.source])
    const first = seen.get(name)
    if (first !== undefined)
      throw new SemelError(
        'SEMEL_CONSUMER_TWICE',
        `${plan.where('topic')}: group ${plan.group} already has a consumer of topic ${topic}, at ${first.where('topic')}`,
      )
    seen.set(name, plan)
  }
}

function readText(file: string): string {
  const bytes = readBytes(file)
  const text = textOf(bytes)
  if (text !== undefined) return text
  throw new SemelError('SEMEL_CONFIG_INVALID', `${file}: it is not well-formed UTF-8`)
}

function readBytes(file: string): Uint8Array {
  try {
    return readFileSync(file)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new SemelError('SEMEL_CONFIG_INVALID', `${file}: cannot be read (${code})`, { cause })
  }
}
