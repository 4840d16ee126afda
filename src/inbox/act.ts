import { SemelError } from '../errors/semel-error.ts'
import { options } from '../options/table.ts'
import type { Ask } from './decide.ts'
import type { Act } from './inspector.ts'
import type { InboxRecord } from './record.ts'

/** Which transition an act of a person asks for. */
export function askOf(act: Act): Ask {
  switch (act.kind) {
    case 'redrive':
      return {
        on: 'redrive',
        callAgain: act.callAgain === true,
        ...(act.body === undefined ? {} : { body: act.body }),
      }
    case 'skip':
      return {
        on: 'skip',
        keepMs: Math.min(act.keepMs ?? options.retentionMs.default, options.retentionMs.max),
        detail: `skipped by ${act.who}: ${act.why}`,
      }
    case 'release':
      return { on: 'free' }
    case 'forget':
      return { on: 'forget' }
    default:
      return act.kind satisfies never
  }
}

/** What the audit says of an act: the reason, and what else came with it. */
export function auditedWhy({ why, body, callAgain }: Act): string {
  const more = [
    ...(body === undefined ? [] : ['corrected body']),
    ...(callAgain === true ? ['calls again'] : []),
  ]
  return more.length === 0 ? why : `${why} (${more.join(', ')})`
}

const allowedIn: Readonly<Record<Act['kind'], string>> = {
  redrive: 'dead or failed',
  skip: 'dead or failed',
  release: 'leased',
  forget: 'any state',
}

/** Why an act was not done. */
export function refusedAct({ kind }: Act, record: InboxRecord | undefined): SemelError {
  if (record === undefined)
    return new SemelError('SEMEL_RECORD_MISSING', `${kind}: there is no such record`)
  const where = `the record is ${record.state}, ${kind} is for ${allowedIn[kind]}`
  return new SemelError('SEMEL_RECORD_STATE', where)
}
