import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { sqliteStore } from 'semel/sqlite'
import { betterSqlite3, nodeSqlite, opener } from './sqlite-clients.ts'

export interface ThreadSettings {
  readonly file: string
  readonly client: 'node' | 'better-sqlite3'
  /** Milliseconds since 1970, moved by whoever started the thread. */
  readonly clock: Float64Array
}

export interface ThreadCall {
  /** `leases.claim` */
  readonly member: string
  readonly given: readonly unknown[]
  readonly answerTo: MessagePort
}

export type ThreadAnswer =
  | { readonly value: unknown }
  | { readonly error: { readonly message: string; readonly code: unknown } }

const { file, client, clock } = workerData as ThreadSettings
const open = await opener(client === 'node' ? nodeSqlite : betterSqlite3)
const store = sqliteStore(file, { open, clock: { nowMs: () => clock[0] ?? 0 } })

async function answerOf({ member, given }: ThreadCall): Promise<ThreadAnswer> {
  try {
    const path = member.split('.')
    const name = path.pop() ?? ''
    const face = path.reduce<object>((above, part) => Reflect.get(above, part) as object, store)
    const value: unknown = await Reflect.apply(
      Reflect.get(face, name) as () => unknown,
      face,
      given,
    )
    return { value }
  } catch (error) {
    const { message, code } = error as { readonly message: string; readonly code?: unknown }
    return { error: { message, code } }
  }
}

parentPort?.on('message', (call: ThreadCall) => {
  answerOf(call).then(
    (answer) => call.answerTo.postMessage(answer),
    (error: unknown) => {
      throw error
    },
  )
})
