import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Schema } from '../delivery/schema.ts'
import { describeError, SemelError } from '../errors/semel-error.ts'
import { suggestion } from '../options/resolve.ts'
import type { ConsumerPlan } from './read-config.ts'

/** What a handler's module gives to its consumer. */
export interface LoadedHandler {
  readonly handler: (message: never, context: never) => unknown
  /** Its export `key`, where the file names no path; undefined: it has none. */
  readonly key: ((message: never) => never) | undefined
  /** Its export `body`, a schema. */
  readonly body: Schema<unknown> | undefined
}

/**
 * Imports the module of a handler, relative to the file that names it.
 *
 * @throws SEMEL_CONFIG_INVALID with the position of the handler.
 */
export async function loadHandler(file: string, plan: ConsumerPlan): Promise<LoadedHandler> {
  const where = plan.where('handler')
  const [path, name = 'handler'] = split(plan.consumer.handler)
  const module = await importFile(resolve(dirname(file), path), `${where}: handler ${path}`)
  const handler = module[name]
  if (typeof handler !== 'function') throw noFunction(where, path, name, module)
  return {
    handler: handler as LoadedHandler['handler'],
    key: keyOf(plan, module),
    body: bodyOf(where, path, module),
  }
}

/**
 * Imports a file of the user's.
 *
 * @throws SEMEL_CONFIG_INVALID that begins with `where`.
 */
export async function importFile(
  path: string,
  where: string,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>
  } catch (cause) {
    const [why] = describeError(cause).split('\n')
    throw new SemelError('SEMEL_CONFIG_INVALID', `${where} cannot be loaded: ${why}`, { cause })
  }
}

function split(handler: string): readonly [string, string?] {
  const at = handler.lastIndexOf('#')
  return at <= 0 ? [handler] : [handler.slice(0, at), handler.slice(at + 1)]
}

function noFunction(
  where: string,
  path: string,
  name: string,
  module: Readonly<Record<string, unknown>>,
): SemelError {
  const functions = Object.keys(module).filter((each) => typeof module[each] === 'function')
  const offered = functions.length === 0 ? 'it exports none' : `it exports ${functions.join(', ')}`
  return new SemelError(
    'SEMEL_CONFIG_INVALID',
    `${where}: handler ${path} exports no function "${name}"${suggestion(name, functions)}; ${offered}; write FILE#NAME`,
  )
}

function keyOf(
  { consumer }: ConsumerPlan,
  { key }: Readonly<Record<string, unknown>>,
): LoadedHandler['key'] {
  if (consumer.key !== undefined || typeof key !== 'function') return undefined
  return key as LoadedHandler['key']
}

/** Neither the file nor the module says what the key is, and the strategy does not know one. */
export function noKeyAnywhere(plan: ConsumerPlan): SemelError {
  const [path] = split(plan.consumer.handler)
  return new SemelError(
    'SEMEL_CONFIG_INVALID',
    `${plan.where()}: there is no key; write key: body.NAME here, or export a function "key" from ${path}`,
  )
}

function bodyOf(
  where: string,
  path: string,
  { body }: Readonly<Record<string, unknown>>,
): Schema<unknown> | undefined {
  if (body === undefined || isSchema(body)) return body
  throw new SemelError(
    'SEMEL_CONFIG_INVALID',
    `${where}: handler ${path} exports "body", which is no Standard Schema`,
  )
}

/** Some validators are functions. */
function isSchema(value: unknown): value is Schema<unknown> {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    '~standard' in value
  )
}
