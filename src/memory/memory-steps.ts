import type { Identity } from '../inbox/identity.ts'
import { identityName } from '../inbox/identity.ts'
import { beginStep, finishStep, type StepRow, type Steps } from '../inbox/steps.ts'
import type { MemoryState } from './memory-records.ts'

/** Reads, decides by the rules, writes: one step, because nothing here waits. */
export function memorySteps(state: MemoryState): Steps {
  const { records, steps, clock } = state
  function keep(identity: Identity, row: StepRow | undefined): void {
    if (row === undefined) return
    const name = identityName(identity)
    steps.set(name, new Map([...(steps.get(name) ?? []), [row.step, row]]))
  }
  return {
    async begin(lease, intent) {
      state.open()
      const name = identityName(lease)
      const known = steps.get(name)?.get(intent.step)
      const asked = { lease, intent, nowMs: clock.nowMs() }
      const { answer, next } = beginStep(records.get(name), known, asked)
      keep(lease, next)
      return answer
    },
    async finish(lease, step, result) {
      state.open()
      const name = identityName(lease)
      const known = steps.get(name)?.get(step)
      const { answer, next } = finishStep(records.get(name), known, lease, result)
      keep(lease, next)
      return answer
    },
    async read(identity) {
      state.open()
      const rows = [...(steps.get(identityName(identity))?.values() ?? [])]
      return rows.map(({ step, kind, done, result }) => ({ step, kind, done, result }))
    },
  }
}
