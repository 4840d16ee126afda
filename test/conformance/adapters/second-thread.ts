// A second handle on a SQLite file, on a connection of its own: in this thread all stores of one file share one.
import { MessageChannel, Worker } from 'node:worker_threads'
import type { Store } from 'semel'
import type { ThreadAnswer, ThreadCall, ThreadSettings } from './store-thread.ts'

type Call = (...given: readonly unknown[]) => Promise<unknown>

/** The port without its transactions, answered by a thread that begins with the first call. */
export function storeInThread(settings: ThreadSettings, like: Store): Store {
  let thread: Worker | undefined
  let closed = false

  async function call(member: string, ...given: readonly unknown[]): Promise<unknown> {
    thread ??= new Worker(new URL('./store-thread.ts', import.meta.url), { workerData: settings })
    const data = await ask(thread, { member, given })
    if ('error' in data) throw Object.assign(new Error(data.error.message), data.error)
    return data.value
  }
  function calls(...members: readonly string[]): Readonly<Record<string, Call>> {
    return Object.fromEntries(
      members.map((member) => [member.split('.').at(-1), call.bind(undefined, member)]),
    )
  }
  const port = {
    ...calls('prepare'),
    leases: calls(
      ...['claim', 'renew', 'settle', 'bury', 'release', 'insert', 'read'].map(
        (m) => `leases.${m}`,
      ),
    ),
    parking: calls('parking.due', 'parking.usage'),
    inspector: calls(...['list', 'count', 'show', 'act', 'prune'].map((m) => `inspector.${m}`)),
    async close() {
      if (closed || thread === undefined) return
      closed = true
      try {
        await call('close')
      } finally {
        await thread.terminate()
      }
    },
  }
  return { ...like, ...(port as unknown as Store), transactions: undefined, medium: undefined }
}

/** Rejects when the thread ends without an answer. */
async function ask(
  thread: Worker,
  { member, given }: Pick<ThreadCall, 'member' | 'given'>,
): Promise<ThreadAnswer> {
  const { port1, port2 } = new MessageChannel()
  const answered = Promise.withResolvers<ThreadAnswer>()
  port1.once('message', answered.resolve)
  thread.once('error', answered.reject)
  thread.postMessage({ member, given, answerTo: port2 }, [port2])
  try {
    return await answered.promise
  } finally {
    thread.off('error', answered.reject)
    port1.close()
  }
}
