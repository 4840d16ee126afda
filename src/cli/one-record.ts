import type { Command } from 'commander'
import { SemelError } from '../errors/semel-error.ts'
import type { Identity } from '../inbox/identity.ts'
import type { Inspector } from '../inbox/inspector.ts'
import type { Act } from '../inbox/inspector.ts'
import { type Address, findRecord } from '../operate/address.ts'
import type { Given } from './answering.ts'
import { type Shell, userName } from './shell.ts'
import { type TargetOptions, targeted } from './target.ts'

export type AddressOptions = TargetOptions & Omit<Address, 'key'>

export interface ReasonOptions {
  readonly why?: string
  readonly who?: string
}

/** Adds what names one record: its key as lists print it, or its id. */
export function addressed(command: Command): Command {
  return targeted(command)
    .argument('[key]', 'the key as lists print it')
    .option('--id <id>', 'the id that lists print, instead of the key')
    .option('--group <name>', 'consumer group of the record')
    .option('--keyspace <name>', 'keyspace of the record')
}

/** Adds who acts and why; both go into the audit. */
export function reasoned(command: Command): Command {
  return command
    .option('--why <text>', 'why; it is written down')
    .option('--who <name>', 'who; default: the user of the system')
}

/**
 * @throws SEMEL_USAGE, SEMEL_RECORD_MISSING
 */
export function addressedRecord(
  inspector: Inspector,
  { options, words }: Given<AddressOptions>,
): Promise<Identity> {
  const [key] = words
  const { id, group, keyspace } = options
  if ((id === undefined) === (key === undefined))
    throw new SemelError('SEMEL_USAGE', 'name one record: by its key, or by --id')
  return findRecord(inspector, {
    ...(id === undefined ? {} : { id }),
    ...(key === undefined ? {} : { key }),
    ...(group === undefined ? {} : { group }),
    ...(keyspace === undefined ? {} : { keyspace }),
  })
}

/**
 * @throws SEMEL_USAGE without a reason.
 */
export function actorOf({ why, who }: ReasonOptions, shell: Shell): Pick<Act, 'who' | 'why'> {
  if (why === undefined || why.trim() === '')
    throw new SemelError(
      'SEMEL_USAGE',
      "--why is missing: say why, as in --why 'order was paid twice'",
    )
  const name = who ?? userName(shell)
  if (name === undefined)
    throw new SemelError('SEMEL_USAGE', '--who is missing: the system knows no user')
  return { who: name, why }
}
