import { assertThat } from '../errors/semel-error.ts'
import { compose, decompose, textOf, utf8 } from '../inbox/bytes.ts'
import type { EffectKind, StepRow } from '../inbox/steps.ts'
import { optional, textGiven } from './record-bytes.ts'

/** Where the time ends that the script puts in front. */
const timeBytes = 6

export function encodeStep({ kind, intentId, begunMs, done, result }: StepRow): Buffer {
  const time = Buffer.alloc(timeBytes)
  time.writeUIntBE(begunMs, 0, timeBytes)
  const parts = [Uint8Array.of(done ? 1 : 0), utf8(kind), intentId, optional(result)]
  return Buffer.concat([time, compose(parts)])
}

export function decodeStep(step: string, stored: Buffer): StepRow {
  const [done, kind, intentId, result] = decompose(stored.subarray(timeBytes))
  assertThat(done && kind && intentId, 'a step in Redis is whole')
  return {
    step,
    kind: textOf(kind) as EffectKind,
    intentId: new Uint8Array(intentId),
    begunMs: stored.readUIntBE(0, timeBytes),
    done: done[0] === 1,
    result: textGiven(result),
  }
}
