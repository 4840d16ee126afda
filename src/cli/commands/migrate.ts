import { Command } from 'commander'
import { type Migration, offered, resolveOpening } from '../../config/technologies.ts'
import { answering, type Session } from '../answering.ts'
import { type Target, type TargetOptions, targeted, targetOf } from '../target.ts'

type Options = TargetOptions & { readonly print?: true }

/** `semel migrate`: the tables, brought up to date or printed. */
export function migrateCommand(session: Session): Command {
  const command = targeted(new Command('migrate'))
    .description('bring the tables of a store up to date, as every start does by itself')
    .option('--group <name>', 'with --config: whose store, where groups have several')
    .option('--print', 'print the statements instead; those of SQLite without --db and --config')
    .addHelpText('after', examples)
  return answering<Options>(command, session, async ({ options }) => {
    const target = targetToMigrate(options, session.shell.env)
    const { technology, setting } = resolveOpening(target.opening, target.file)
    if (options.print !== undefined) return printed(await offered(technology, 'migrations')())
    const done = await offered(technology, 'migrate')(setting)
    return { text: done.length === 0 ? 'up to date' : done.join('\n'), json: { done } }
  })
}

const examples = `
Examples:
  semel migrate --db shop.db
  semel migrate --config semel.yaml --group points
  semel migrate --print > tables.sql`

function targetToMigrate(options: Options, env: Parameters<typeof targetOf>[2]): Target {
  const { print, db, config } = options
  if (print !== undefined && db === undefined && config === undefined)
    return targetOf('store', { db: 'any' }, env)
  return targetOf('store', options, env)
}

function printed(migrations: readonly Migration[]): {
  readonly text: string
  readonly json: unknown
} {
  const text = migrations.map(({ version, name, sql }) => `-- ${version} ${name}\n${sql.trim()}\n`)
  return { text: text.join('\n'), json: { migrations } }
}
