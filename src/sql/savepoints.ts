import { isSemelError, SemelError } from '../errors/semel-error.ts'
import type { OpenTransaction } from '../inbox/store.ts'
import { type On, run } from './parts.ts'

let parts = 0

/**
 * Parts of a transaction: kept if `work` resolves, else taken back, with those that were left open inside it. Each
 * has a name of its own.
 */
export function savepoints(on: On): Pick<OpenTransaction<unknown>, 'savepoint'> {
  const open: string[] = []
  return {
    async savepoint(work) {
      const name = `semel_part_${++parts}`
      const refuseGone = (): void => {
        if (!open.includes(name))
          throw new SemelError('SEMEL_TX_ROLLED_BACK', 'a part of the transaction was taken back')
      }
      let begun = false
      open.push(name)
      try {
        await run(on, `savepoint ${name}`, {})
        begun = true
        refuseGone()
        const answer = await work()
        refuseGone()
        await run(on, `release savepoint ${name}`, {})
        return answer
      } catch (error) {
        const at = open.indexOf(name)
        // At once: whoever is inside must not go on when it comes back.
        if (at >= 0) open.splice(at)
        if (at >= 0 && begun) await takeBack(on, name, error)
        throw error
      } finally {
        const at = open.indexOf(name)
        if (at >= 0) open.splice(at)
      }
    },
  }
}

/** Where the whole transaction is gone already, as after a deadlock on MySQL, the first error says why. */
async function takeBack(on: On, name: string, cause: unknown): Promise<void> {
  try {
    await run(on, `rollback to savepoint ${name}`, {})
    await run(on, `release savepoint ${name}`, {})
  } catch {
    if (isSemelError(cause, 'SEMEL_STORE_CONTENDED')) throw cause
    const text = `${on.parts.where}: a part of the transaction could not be taken back`
    throw new SemelError('SEMEL_TX_ROLLED_BACK', text, { cause })
  }
}
