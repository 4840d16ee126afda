import type { Identity } from '../inbox/identity.ts'
import type { InboxRecord } from '../inbox/record.ts'
import { beginStep, type EffectKind, finishStep, type StepRow, type Steps } from '../inbox/steps.ts'
import { utf8 } from '../inbox/bytes.ts'
import type { SqlRow } from './client.ts'
import { inTransaction } from './in-transaction.ts'
import { lock, type Looked, nameOf, placesOf } from './looked.ts'
import { clock, type On, run, type SqlParts } from './parts.ts'
import { bytesOf, textOf } from './rows.ts'

/** Each call is one transaction under the lock of its record; the rules of steps decide. */
export function sqlSteps(parts: SqlParts): Steps {
  const { steps } = parts.dialect.statements
  return {
    begin: (lease, intent) =>
      inTransaction(parts, async (on) => {
        const { record, nowMs, known } = await found(on, lease, intent.step)
        const { answer, next } = beginStep(record, known, { lease, intent, nowMs })
        await put(on, lease, next, nowMs)
        return answer
      }),
    finish: (lease, step, result) =>
      inTransaction(parts, async (on) => {
        const { record, nowMs, known } = await found(on, lease, step)
        const { answer, next } = finishStep(record, known, lease, result)
        await put(on, lease, next, nowMs)
        return answer
      }),
    async read(identity) {
      const on = { connection: parts.client, parts }
      const [place = {}] = await placesOf(on, [identity])
      const rows = await run(on, steps.read, place)
      return rows.map(stepOf).map(({ step, kind, done, result }) => ({ step, kind, done, result }))
    },
  }
}

async function found(
  on: On,
  identity: Identity,
  step: string,
): Promise<
  Pick<Looked, 'nowMs'> & {
    readonly record: InboxRecord | undefined
    readonly known: StepRow | undefined
  }
> {
  const { records, nowMs } = await lock(on, [identity])
  const [place = {}] = await placesOf(on, [identity])
  const rows = await run(on, on.parts.dialect.statements.steps.read, place)
  const known = rows.map(stepOf).find((row) => row.step === step)
  return { record: records.get(nameOf(identity)), nowMs, known }
}

function stepOf(row: SqlRow): StepRow {
  const { step, kind, intent_id: intentId, begun_ms: begunMs, done, result } = row
  return {
    step: Buffer.from(bytesOf(step)).toString('utf8'),
    kind: textOf(kind) as EffectKind,
    intentId: bytesOf(intentId),
    begunMs: Number(begunMs),
    done: Boolean(done),
    result: textOf(result),
  }
}

async function put(
  on: On,
  identity: Identity,
  row: StepRow | undefined,
  nowMs: number,
): Promise<void> {
  if (row === undefined) return
  const [place = {}] = await placesOf(on, [identity])
  const { step, kind, intentId, begunMs, done, result } = row
  const values = { step: utf8(step), kind, intentId, done, result: result ?? null }
  const begunIn = Math.floor(begunMs - nowMs)
  await run(on, on.parts.dialect.statements.steps.put, {
    ...clock(on),
    ...place,
    ...values,
    begunIn,
  })
}
