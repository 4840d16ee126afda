import * as threads from 'node:worker_threads'

/** Answers how to leave. */
export interface Gate {
  enter(alone: boolean): Promise<() => void>
  /** Alone, if nobody is inside and nobody waits; undefined: somebody is. */
  enterIfEmpty(): Promise<(() => void) | undefined>
}

let gate: Gate | undefined

/**
 * P14: a suspect runs while no other delivery is open in the process, over all consumers and threads. Deliveries
 * enter together; one that enters alone waits until all have left, and while it waits nothing new enters, so that
 * it cannot starve.
 */
export function enterGate(alone: boolean): Promise<() => void> {
  gate ??= theGate()
  return gate.enter(alone)
}

export function enterGateIfEmpty(): Promise<(() => void) | undefined> {
  gate ??= theGate()
  return gate.enterIfEmpty()
}

/** Node 24.5 and newer share locks between the threads of a process; before that each thread has its own gate. */
interface ThreadLocks {
  request(
    name: string,
    options: { readonly mode: 'shared' | 'exclusive'; readonly ifAvailable?: boolean },
    callback: (lock: object | null) => Promise<void> | undefined,
  ): Promise<void>
}

function gateOfProcess(locks: ThreadLocks): Gate {
  return {
    enter(alone) {
      const { promise: entered, resolve: enter } = Promise.withResolvers<() => void>()
      const mode = alone ? 'exclusive' : 'shared'
      const inside = (): Promise<void> => new Promise((leave) => enter(leave))
      const over = locks.request('semel.gate', { mode }, inside)
      return Promise.race([entered, over.then(() => () => {})])
    },
    enterIfEmpty() {
      const { promise: entered, resolve: enter } = Promise.withResolvers<() => void>()
      const inside = (lock: object | null): Promise<void> | undefined =>
        lock === null ? undefined : new Promise((leave) => enter(leave))
      const asked = { mode: 'exclusive', ifAvailable: true } as const
      const over = locks.request('semel.gate', asked, inside)
      return Promise.race([entered, over.then(() => undefined)])
    },
  }
}

interface Turn {
  readonly alone: boolean
  readonly enter: () => void
}

/** The same for one thread: first come, first served; those behind a waiting suspect wait with it. */
export function gateOfThread(): Gate {
  const waiting: Turn[] = []
  let inside = 0
  let taken = false

  const free = (alone: boolean): boolean => (alone ? inside === 0 : !taken)

  function letIn(): void {
    for (let next = waiting[0]; next !== undefined && free(next.alone); next = waiting[0]) {
      waiting.shift()
      inside++
      taken = next.alone
      next.enter()
    }
  }

  function leaver(): () => void {
    let left = false
    return () => {
      if (left) return
      left = true
      inside--
      taken = false
      letIn()
    }
  }

  function enter(alone: boolean): Promise<() => void> {
    return new Promise((resolve) => {
      waiting.push({ alone, enter: () => resolve(leaver()) })
      letIn()
    })
  }
  return {
    enter,
    enterIfEmpty: async () => (inside === 0 && waiting.length === 0 ? enter(true) : undefined),
  }
}

/** One gate per process, also over two copies of this package. */
function theGate(): Gate {
  const { locks } = threads as { readonly locks?: ThreadLocks }
  if (locks !== undefined) return gateOfProcess(locks)
  const name = Symbol.for('semel.gate')
  const holder = globalThis as unknown as Record<symbol, Gate | undefined>
  holder[name] ??= gateOfThread()
  return holder[name]
}
