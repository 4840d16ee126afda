import type { Asking } from './asking.ts'

export interface Watches {
  /** Calls once, when the node is gone or may be; answers how to take that back. */
  watch(path: string, onGone: () => void): () => void
  /** Calls all. */
  end(): void
}

/** One for each node: the client cannot forget a watch, and would add to it with each call. */
export function watches(ask: Asking['ask']): Watches {
  const watched = new Map<string, Set<() => void>>()

  function fire(path: string): void {
    const listeners = watched.get(path)
    watched.delete(path)
    for (const listener of listeners ?? []) listener()
  }
  /** Of children: it is not fired by what is written to the node, and none is left where no node is. */
  function begin(path: string): void {
    ask<unknown>((client, done) => client.getChildren(path, () => fire(path), done)).catch(() =>
      fire(path),
    )
  }
  return {
    watch(path, onGone) {
      const known = watched.get(path)
      const listeners = known ?? new Set()
      listeners.add(onGone)
      watched.set(path, listeners)
      if (known === undefined) begin(path)
      return () => void listeners.delete(onGone)
    },
    end() {
      for (const path of watched.keys()) fire(path)
    },
  }
}
