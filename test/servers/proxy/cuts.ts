import type { Said } from './dialogue.ts'

type When = 'before' | 'after'

/** A statement (or Redis command) that runs and fits, or any message by a function. */
export type Match = RegExp | ((said: Said) => boolean)

export interface Cut {
  /** Resolves when the connection is cut and the server has let go of it. */
  readonly happened: Promise<void>
  isDone(): boolean
  /** Takes it back, if it has not met its message. */
  disarm(): void
}

/** A cut that waits for its message. */
export interface ArmedCut {
  readonly when: When
  readonly happened: () => void
}

interface Armed extends ArmedCut {
  left: number
  readonly fits: (said: Said) => boolean
}

/** The cuts of one proxy, over all of its connections. */
interface Cuts {
  arm(this: void, when: When, match: Match, nth?: number): Cut
  /** The one whose time has come with this message. */
  at(this: void, said: Said): ArmedCut | undefined
  clear(): void
}

export function cutList(): Cuts {
  const armed = new Set<Armed>()
  return {
    arm(when, match, nth = 1) {
      const { promise, resolve } = Promise.withResolvers<void>()
      let done = false
      const happened = (): void => {
        done = true
        resolve()
      }
      const one: Armed = { when, happened, left: nth, fits: fitting(match) }
      armed.add(one)
      return { happened: promise, isDone: () => done, disarm: () => void armed.delete(one) }
    },
    at(said) {
      const due = [...armed].filter((one) => one.fits(said) && --one.left === 0)
      for (const one of due) armed.delete(one)
      return due[0]
    },
    clear: () => armed.clear(),
  }
}

function fitting(match: Match): (said: Said) => boolean {
  return match instanceof RegExp ? ({ runs, text }) => runs && match.test(text) : match
}
