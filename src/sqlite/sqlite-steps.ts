import type { Identity } from '../inbox/identity.ts'
import { beginStep, type EffectKind, finishStep, type StepRow, type Steps } from '../inbox/steps.ts'
import type { Connection } from './connection.ts'
import { place, recordAt } from './records.ts'
import { steps } from './statements.gen.ts'
import type { StoreParts } from './store-parts.ts'

interface Row {
  readonly step: string
  readonly kind: EffectKind
  readonly intent_id: Uint8Array
  readonly begun_ms: number
  readonly done: number
  readonly result: string | null
}

/** Each call is one transaction; the rules of steps decide. */
export function sqliteSteps({ write, read, clock }: StoreParts): Steps {
  return {
    begin: (lease, intent) =>
      write((connection) => {
        const known = stepAt(connection, lease, intent.step)
        const asked = { lease, intent, nowMs: clock.nowMs() }
        const { answer, next } = beginStep(recordAt(connection, lease), known, asked)
        put(connection, lease, next)
        return answer
      }),
    finish: (lease, step, result) =>
      write((connection) => {
        const known = stepAt(connection, lease, step)
        const { answer, next } = finishStep(recordAt(connection, lease), known, lease, result)
        put(connection, lease, next)
        return answer
      }),
    read: (identity) =>
      read((connection) =>
        connection
          .all<Row>(steps.read, ...place(identity))
          .map(stepOf)
          .map(({ step, kind, done, result }) => ({ step, kind, done, result })),
      ),
  }
}

function stepAt(connection: Connection, identity: Identity, step: string): StepRow | undefined {
  const row = connection.get<Row>(steps.readOne, ...place(identity), step)
  return row && stepOf(row)
}

function stepOf({
  step,
  kind,
  intent_id: intentId,
  begun_ms: begunMs,
  done,
  result,
}: Row): StepRow {
  return { step, kind, intentId, begunMs, done: done === 1, result: result ?? undefined }
}

function put(connection: Connection, identity: Identity, row: StepRow | undefined): void {
  if (row === undefined) return
  const { step, kind, intentId, begunMs, done, result } = row
  const values = [step, kind, intentId, Math.floor(begunMs), done ? 1 : 0, result ?? null]
  connection.run(steps.put, ...place(identity), ...values)
}
