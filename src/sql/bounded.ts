import type { RawConnection } from './raw-connection.ts'

/** A connection whose statements are answered in time, or count as lost; then it is not to be used again. */
export function bounded<Tx>(raw: RawConnection<Tx>, msMax: number): RawConnection<Tx> {
  const { script, alone } = raw
  let isLost = false
  async function answered<R>(work: Promise<R>): Promise<R> {
    return inTime(work, msMax, () => {
      isLost = true
    })
  }
  return {
    ...raw,
    query: (statement) => answered(raw.query(statement)),
    alone: alone && ((statement) => answered(alone(statement))),
    script: script && ((texts) => answered(script(texts))),
    isBusy: () => isLost || raw.isBusy(),
  }
}

/** Rejects, as a connection does that was lost, when there is no answer in time. */
export async function inTime<R>(work: Promise<R>, msMax: number, late: () => void): Promise<R> {
  if (!Number.isFinite(msMax)) return work
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    late()
    const error = new Error(`no answer within ${msMax} ms`)
    reject(Object.assign(error, { code: 'ETIMEDOUT' }))
  }, msMax)
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}
