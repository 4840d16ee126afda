/** A whole message of the client. */
export interface Said {
  readonly bytes: Buffer
  /** In the protocol's own words: `Query`, `Bind`, `COM_STMT_EXECUTE`, `command`. */
  readonly kind: string
  /** The statement, also of a prepared one; of Redis the command with its arguments, between spaces. */
  readonly text: string
  /** Whether the server acts on the text now: `Parse` and `COM_STMT_PREPARE` only announce it. */
  readonly runs: boolean
  /** What the server says to it is of the same round. */
  readonly round: number
  /** The proxy's own answer; the server does not see the message. */
  readonly reply?: Buffer
}

/** A whole message of the server. */
export interface Answered {
  readonly bytes: Buffer
  readonly round: number
  /** The round is over: the server has done what it will. */
  readonly ends: boolean
}

/** What a proxy must know of a protocol, for one connection: where messages end, what they say, which belong together. */
export interface Dialogue {
  fromClient(chunk: Buffer): readonly Said[]
  fromServer(chunk: Buffer): readonly Answered[]
}

/**
 * Of bytes that come in chunks, the whole messages, one by one: `length` answers how long the first one is; undefined:
 * that cannot be told yet.
 */
export function framer(
  length: (bytes: Buffer) => number | undefined,
): (chunk: Buffer) => Iterable<Buffer> {
  let rest: Buffer = Buffer.alloc(0)
  return function* frames(chunk) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    for (let size = length(rest); size !== undefined && size <= rest.length; size = length(rest)) {
      const whole = rest.subarray(0, size)
      rest = rest.subarray(size)
      yield whole
    }
  }
}
