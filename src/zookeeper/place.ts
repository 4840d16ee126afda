import { randomBytes } from 'node:crypto'
import { hush } from '../errors/hush.ts'
import { hasCode } from './client.ts'
import type { Line } from './names.ts'
import { nodesIn } from './nodes.ts'
import type { Session } from './session.ts'

/** A place in the line of a resource: a node that ends with the session, with a claim id of ours in its name. */
export interface Place {
  readonly session: Session
  /** Takes the place, or finds it; may be repeated until it answers. */
  stand(signal: AbortSignal): Promise<Standing>
  /**
   * Writes to our node: a write goes through the leader, and so proves that the session has not ended there. Answers the
   * transaction that made the node; rejects when it is gone.
   */
  prove(own: string): Promise<bigint>
  /** As that of the session, by the name of a node. */
  watch(name: string, onGone: () => void): () => void
  /** Gives the place up, however often the connection breaks. Resolves when nothing of ours stands there. */
  leave(): Promise<void>
}

export interface Standing {
  /** The name of our node. */
  readonly own: string
  /** That of the next one before us; undefined: we are the first. */
  readonly before: string | undefined
}

export function placeIn(session: Session, { bucket, resource }: Line): Place {
  const nodes = nodesIn(session, bucket)
  const claim = `${resource}${randomBytes(16).toString('hex')}-`
  const isOurs = (name: string): boolean => name.startsWith(claim)
  let making: Promise<unknown> | undefined
  let known: string | undefined

  function make(signal: AbortSignal): Promise<unknown> {
    making = nodes.make(claim)
    hush(making)
    return session.inTime(making, signal)
  }
  /** Only the first one of all needs the bucket made. */
  async function enter(signal: AbortSignal): Promise<void> {
    try {
      await make(signal)
    } catch (error) {
      if (!hasCode(error, 'noNode')) throw error
      await session.inTime(nodes.makeBucket(), signal)
      await make(signal)
    }
  }
  /** After a lost answer there may be a node already, or, if the client asks again by itself, more than one. */
  async function stand(signal: AbortSignal): Promise<Standing> {
    const list = (): Promise<readonly string[]> => session.inTime(nodes.list(resource), signal)
    let line = making === undefined ? [] : await list()
    if (!line.some(isOurs)) {
      await enter(signal)
      line = await list()
    }
    const [own, ...others] = line.filter(isOurs)
    for (const name of others) await session.inTime(nodes.remove(name), signal)
    if (own === undefined) return stand(signal)
    known = own
    return { own, before: line[line.indexOf(own) - 1] }
  }
  async function clear(): Promise<void> {
    const [line] = await Promise.all([nodes.list(resource), known && nodes.remove(known)])
    for (const name of line.filter(isOurs)) await nodes.remove(name)
  }
  async function leave(): Promise<void> {
    // A node may still be on its way.
    await making?.catch(() => undefined)
    while (making !== undefined && !session.over.aborted) {
      try {
        return await clear()
      } catch (error) {
        if (!hasCode(error, 'connectionLoss')) return
        await session.whenConnected()
      }
    }
  }
  return {
    session,
    stand,
    prove: nodes.write,
    watch: (name, onGone) => session.watch(`${bucket}/${name}`, onGone),
    leave,
  }
}
