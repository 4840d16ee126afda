import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import type { Opening } from '../config/config.ts'
import { storeOpener } from '../config/prepare.ts'
import { readConfig } from '../config/read-config.ts'
import { resolveOpening } from '../config/technologies.ts'
import type { Inspector } from '../inbox/inspector.ts'
import type { Store } from '../inbox/store.ts'
import { SemelError } from '../errors/semel-error.ts'
import type { Shell } from './shell.ts'

/** Options that say where records and messages are. */
export interface TargetOptions {
  readonly db?: string
  readonly config?: string
  readonly group?: string
}

/** Something that was named on the command line, and the file that relative paths in it start from. */
export interface Target {
  readonly opening: Opening
  readonly file: string
}

/** Adds `--db` and `--config`. */
export function targeted(command: Command): Command {
  return command
    .option('--db <file or url>', 'SQLite file, or postgres://…')
    .option('--config <file>', 'semel.yaml that names store and source')
}

/** Opens the store that was named, lets `work` look into it, and closes it. */
export function withInspector<R>(
  options: TargetOptions,
  shell: Shell,
  work: (inspector: Inspector) => Promise<R>,
): Promise<R> {
  return withStore(options, shell, ({ inspector }) => work(inspector))
}

/** The same for work that needs more of it. */
export async function withStore<R>(
  options: TargetOptions,
  { env }: Shell,
  work: (store: Store) => Promise<R>,
): Promise<R> {
  const { opening, file } = targetOf('store', options, env)
  refuseMissing(opening, file)
  const stores = storeOpener(file)
  try {
    const store = await stores.open(opening)
    await store.prepare()
    return await work(store)
  } finally {
    await stores.close()
  }
}

/**
 * What `--db` or `--config` means.
 *
 * @throws SEMEL_USAGE for neither, for both, and for a file whose groups differ.
 */
export function targetOf(
  what: 'store' | 'source',
  { db, config, group }: TargetOptions,
  env: Shell['env'],
): Target {
  if ((db === undefined) === (config === undefined))
    throw new SemelError('SEMEL_USAGE', 'give one of --db FILE and --config FILE')
  if (config === undefined)
    return { opening: openingOf(db ?? ''), file: join(process.cwd(), 'semel.yaml') }
  const { plans } = readConfig(config, env)
  const named = plans.filter((plan) => group === undefined || plan.group === group)
  const openings = new Map(named.map((plan) => [JSON.stringify(plan[what]), plan[what]]))
  const [opening, another] = openings.values()
  if (opening === undefined)
    throw new SemelError('SEMEL_USAGE', `${config} has no group ${JSON.stringify(group)}`)
  if (another !== undefined)
    throw new SemelError('SEMEL_USAGE', `${config} has several ${what}s; name one by --group`)
  return { opening, file: config }
}

/** What stands before `://` names the technology; what has no such thing is a file. */
const schemes: Readonly<Record<string, string>> = {
  postgres: 'postgres',
  postgresql: 'postgres',
  mysql: 'mysql',
  mariadb: 'mysql',
  redis: 'redis',
  rediss: 'redis',
}

function openingOf(db: string): Opening {
  const scheme = /^(\w+):\/\//.exec(db)?.[1]?.toLowerCase()
  if (scheme === undefined) return { sqlite: db }
  const technology = schemes[scheme]
  if (technology !== undefined) return { [technology]: db }
  const known = Object.keys(schemes).join(', ')
  throw new SemelError('SEMEL_USAGE', `--db knows no ${scheme}://; it knows files and ${known}`)
}

/** Who only looks must not make an empty database of a misspelt name. */
export function refuseMissing(opening: Opening, file: string): void {
  const { technology, setting } = resolveOpening(opening, file)
  if (!technology.isFile || existsSync(setting)) return
  throw new SemelError('SEMEL_USAGE', `there is no file ${setting}`)
}

/** Makes a reader of whole numbers for one option. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (number >= min && number <= max) return number
    throw new InvalidArgumentError(`Allowed are whole numbers from ${min} to ${max}.`)
  }
}
