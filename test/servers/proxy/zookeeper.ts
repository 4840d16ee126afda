import { type Dialogue, framer } from './dialogue.ts'

/** ZooKeeper. The n-th request and the n-th reply are a round; pings and what is watched belong to none. */
export function zookeeperDialogue(): Dialogue {
  let requests = 0
  let replies = 0
  let greeted = false
  const clientFrames = framer(frameLength)
  const serverFrames = framer(frameLength)
  return {
    fromClient: (chunk) =>
      Array.from(clientFrames(chunk), (bytes) => {
        const greets = requests === 0
        const counts = greets || numberAt(bytes, 4) !== ping
        if (counts) requests++
        const kind = greets ? 'connect' : (names.get(numberAt(bytes, 8)) ?? 'other')
        const text = greets ? kind : `${kind} ${pathOf(bytes)}`
        return { bytes, kind, text, runs: true, round: requests }
      }),
    fromServer: (chunk) =>
      Array.from(serverFrames(chunk), (bytes) => {
        const xid = greeted ? numberAt(bytes, 4) : undefined
        greeted = true
        const counts = xid !== ping && xid !== watched
        return { bytes, round: counts ? ++replies : replies, ends: counts }
      }),
  }
}

/** In the place of the number of a request. */
const ping = -2
const watched = -1
const names: ReadonlyMap<number, string> = new Map([
  [1, 'create'],
  [2, 'delete'],
  [5, 'setData'],
  [11, 'ping'],
  [12, 'getChildren'],
  [-11, 'close'],
])

function frameLength(bytes: Buffer): number | undefined {
  return bytes.length < 4 ? undefined : 4 + bytes.readInt32BE(0)
}

/** Where there is one, it is the first thing that a request names. */
function pathOf(bytes: Buffer): string {
  const size = numberAt(bytes, 12)
  return size > 0 ? bytes.toString('utf8', 16, 16 + size) : ''
}

function numberAt(bytes: Buffer, at: number): number {
  return bytes.length < at + 4 ? 0 : bytes.readInt32BE(at)
}
