import type { Try } from './trying.ts'

/** Sends what is tried at one moment together: whoever asks alone shares a call of the script with the others. */
export type Together = (group: string, tries: readonly Try[]) => Promise<void>

/** Of one call of the script: Redis does nothing else meanwhile. */
const triesMax = 50
const bytesMax = 1_048_576

interface Waiting {
  readonly tries: readonly Try[]
  readonly done: PromiseWithResolvers<void>
}

type Send = (group: string, piece: readonly Try[]) => Promise<void>

/** What is tried within one turn of the event loop goes when it ends; in the order in which it was asked. */
export function together(send: Send): Together {
  const waiting = new Map<string, Waiting[]>()
  function flush(group: string): void {
    const all = waiting.get(group) ?? []
    waiting.delete(group)
    const sent = sendAll(
      all.flatMap(({ tries }) => tries),
      (piece) => send(group, piece),
    )
    for (const { tries, done } of all)
      Promise.all(tries.map((one) => sent.get(one) ?? Promise.resolve())).then(
        () => done.resolve(),
        done.reject,
      )
  }
  return (group, tries) => {
    const done = Promise.withResolvers<void>()
    const others = waiting.get(group)
    others?.push({ tries, done })
    if (others === undefined) {
      waiting.set(group, [{ tries, done }])
      setImmediate(flush, group)
    }
    return done.promise
  }
}

/** Each with the call that it went in. */
function sendAll(
  tries: readonly Try[],
  send: (piece: readonly Try[]) => Promise<void>,
): ReadonlyMap<Try, Promise<void>> {
  // Places in a lane are given in the order of what is asked.
  const ordered = tries.some(({ after }) => after?.record.lane !== undefined)
  const sent = new Map<Try, Promise<void>>()
  let last = Promise.resolve()
  for (const piece of piecesOf(tries)) {
    last = ordered ? last.then(() => send(piece)) : send(piece)
    for (const one of piece) sent.set(one, last)
  }
  return sent
}

function piecesOf(tries: readonly Try[]): readonly (readonly Try[])[] {
  const pieces: Try[][] = []
  let bytes = 0
  for (const one of tries) {
    const last = pieces.at(-1)
    if (last === undefined || last.length === triesMax || bytes + one.packed.length > bytesMax) {
      pieces.push([one])
      bytes = one.packed.length
    } else {
      last.push(one)
      bytes += one.packed.length
    }
  }
  return pieces
}
