import { isSemelError, SemelError } from '../errors/semel-error.ts'
import type { Calls } from './calls.ts'

/** What Redis keeps of what it has acknowledged. */
export type Persistence = 'always' | 'everysec' | 'none'

export interface Declared {
  readonly persistence: Persistence
  /** Why what was declared is believed where the server does not say. */
  readonly uncheckedBecause: string | undefined
}

/** When records can be forgotten all the same, by what was declared. */
export const persistenceWindows: Readonly<Record<Persistence, readonly string[]>> = {
  always: [
    'redis: what was acknowledged in the moment of a failover to a replica can be forgotten',
  ],
  everysec: [
    'redis: what was acknowledged in the last second or two before a power cut can be forgotten, and so can what was in the moment of a failover to a replica',
  ],
  none: ['redis: all records are forgotten when the server restarts'],
}

/** From weak to strong. */
const strengths: readonly Persistence[] = ['none', 'everysec', 'always']

/**
 * Asks the server whether it is what was declared.
 *
 * @throws SEMEL_REDIS_UNSAFE, SEMEL_STORE_…
 */
export async function checkServer(calls: Calls, declared: Declared): Promise<void> {
  const info = await infoOf(calls)
  refuseReplica(info)
  const policy = info.get('maxmemory_policy')
  if (policy === undefined) vouched(declared, 'its eviction policy')
  else if (policy !== 'noeviction')
    throw unsafe(
      `maxmemory-policy is ${policy}; it must be noeviction, or markers are forgotten when memory is full`,
    )
  if (declared.persistence === 'none') return
  const found = await persistenceOf(calls, info)
  if (found === undefined) vouched(declared, 'its persistence')
  else if (strengths.indexOf(found) < strengths.indexOf(declared.persistence))
    throw unsafe(`persistence is declared to be ${declared.persistence}, and is ${found}`)
}

function refuseReplica(info: ReadonlyMap<string, string>): void {
  if (info.get('role') === 'slave')
    throw new SemelError(
      'SEMEL_STORE_UNAVAILABLE',
      'redis: this server is a replica; connect to the one that is written',
    )
}

/** `none` also where the file is synchronised when the operating system likes. */
async function persistenceOf(
  calls: Calls,
  info: ReadonlyMap<string, string>,
): Promise<Persistence | undefined> {
  const enabled = info.get('aof_enabled')
  if (enabled === '0') return 'none'
  const sync = await configOf(calls, 'appendfsync')
  if (enabled === undefined || sync === undefined) return undefined
  return sync === 'always' || sync === 'everysec' ? sync : 'none'
}

async function infoOf(calls: Calls): Promise<ReadonlyMap<string, string>> {
  const text = await allowed(calls.command('SEMEL_STORE_UNAVAILABLE', undefined, 'INFO'))
  const lines = (text instanceof Uint8Array ? Buffer.from(text).toString() : '').split(/\r?\n/)
  return new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  )
}

/** Undefined where it may not be asked. */
async function configOf(calls: Calls, name: string): Promise<string | undefined> {
  const asked = calls.command('SEMEL_STORE_UNAVAILABLE', undefined, 'CONFIG', 'GET', name)
  return flat(await allowed(asked))[1]
}

/** Names and values, however the client answers a map. */
function flat(answer: unknown): readonly string[] {
  if (answer instanceof Map) return [...answer].flat().map(String)
  if (Array.isArray(answer)) return answer.flat().map(String)
  return Object.entries(answer ?? {})
    .flat()
    .map(String)
}

async function allowed(asked: Promise<unknown>): Promise<unknown> {
  try {
    return await asked
  } catch (error) {
    if (isSemelError(error, 'SEMEL_STORE_UNAVAILABLE')) throw error
    return undefined
  }
}

function vouched({ uncheckedBecause }: Declared, what: string): void {
  if (uncheckedBecause === undefined) throw unsafe(`the server does not say ${what}`)
}

function unsafe(what: string): SemelError {
  return new SemelError('SEMEL_REDIS_UNSAFE', `redis: ${what}`)
}
