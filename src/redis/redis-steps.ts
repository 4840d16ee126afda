import type { SemelCode } from '../errors/catalog.ts'
import { SemelError } from '../errors/semel-error.ts'
import type { InboxRecord, Lease } from '../inbox/record.ts'
import { beginStep, finishStep, type StepRow, type Steps } from '../inbox/steps.ts'
import type { Identity } from '../inbox/identity.ts'
import { script } from './calls.ts'
import { buffer } from './client.ts'
import { lookAt, pairs } from './looks.ts'
import { named } from './changes.ts'
import { baseOf, placeOf } from './names.ts'
import { decodeRecord, versionBytes } from './record-bytes.ts'
import { common, step as stepText } from './scripts.gen.ts'
import { decodeStep, encodeStep } from './step-bytes.ts'
import type { StoreParts } from './store-parts.ts'

const stepScript = script(common, stepText)
const unanswered: SemelCode = 'SEMEL_OUTCOME_UNKNOWN'
const roundsMax = 20

/** What a step and its record are, or are thought to be. */
interface Seen {
  readonly record: InboxRecord | undefined
  readonly version: Buffer
  readonly row: Buffer | undefined
  readonly nowMs: number
  /** Whether somebody has looked. */
  readonly sure: boolean
}

interface Decided<Answer> {
  readonly answer: Answer
  readonly next: StepRow | undefined
}

/** The rules of steps decide here; what they decide is written where record and step are as they were. */
export function redisSteps(parts: StoreParts): Steps {
  return {
    begin: (lease, intent) =>
      write(parts, lease, intent.step, ({ record, row, nowMs }) =>
        beginStep(record, row && decodeStep(intent.step, row), { lease, intent, nowMs }),
      ),
    finish: (lease, step, result) =>
      write(parts, lease, step, ({ record, row }) =>
        finishStep(record, row && decodeStep(step, row), lease, result),
      ),
    async read(identity) {
      const rows = await readSteps(parts, identity)
      return rows.map(({ step, kind, done, result }) => ({ step, kind, done, result }))
    },
  }
}

export async function readSteps(
  parts: StoreParts,
  identity: Identity,
): Promise<readonly StepRow[]> {
  const { words } = await lookAt(parts, keyOf(parts, identity), 'HGETALL')
  return pairs(words).map(([name, stored]) => decodeStep(String(name), stored))
}

function keyOf({ prefix }: StoreParts, identity: Identity): Buffer {
  const place = placeOf(identity)
  return Buffer.concat([Buffer.from(baseOf(prefix, place.group)), named('s:', place)])
}

/** A record that we have leased, and a step that nobody has begun: then it is one round trip. */
async function write<Answer>(
  parts: StoreParts,
  lease: Lease,
  step: string,
  decide: (seen: Seen) => Decided<Answer>,
): Promise<Answer> {
  let seen = guess(parts, lease, step)
  for (let round = 0; round < roundsMax; round++) {
    const { answer, next } = decide(seen)
    if (next === undefined && seen.sure) return answer
    const found = await tryStep(parts, lease, step, seen, next)
    if ('row' in found) seen = found
    else {
      parts.leases.noteStep(lease, step, found.written)
      return answer
    }
  }
  throw new SemelError('SEMEL_STORE_CONTENDED', `redis: others were first ${roundsMax} times`)
}

function guess({ leases }: StoreParts, lease: Lease, step: string): Seen {
  const known = leases.get(lease)
  const version = known?.version ?? Buffer.from('?')
  const row = leases.stepOf(lease, step)
  return { record: known?.record, version, row, nowMs: 0, sure: false }
}

async function tryStep(
  { calls, prefix, clockMs }: StoreParts,
  lease: Lease,
  step: string,
  { version, row }: Seen,
  next: StepRow | undefined,
): Promise<Seen | { readonly written: Buffer }> {
  const { group, id } = placeOf(lease)
  const words = [
    clockMs(),
    id,
    next ? version : '?',
    step,
    row ?? '',
    next ? buffer(encodeStep(next)) : '',
  ]
  const answer = await calls.script(unanswered, stepScript, [baseOf(prefix, group)], ...words)
  const [done, ...found] = answer as readonly [0 | 1, ...unknown[]]
  if (done === 1) return { written: found[0] as Buffer }
  const [nowMs, stored, known] = found as [number, Buffer, Buffer]
  return {
    record: stored.length === 0 ? undefined : decodeRecord(stored, lease).record,
    version: stored.subarray(0, versionBytes),
    row: known.length === 0 ? undefined : known,
    nowMs,
    sure: true,
  }
}
