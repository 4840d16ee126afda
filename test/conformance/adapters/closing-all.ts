import type { Closable } from 'semel/testing'

/** Remembers what a case opens, so that nothing of it is left behind. */
export function closingAll(): Closable & { keep<Opened extends Closable>(opened: Opened): Opened } {
  const open: Closable[] = []
  return {
    keep(opened) {
      open.push(opened)
      return opened
    },
    async close() {
      await Promise.allSettled(open.map((one) => one.close()))
    },
  }
}
