const deprecateEof = 1 << 24
/** Of the status: another result follows. */
const moreResults = 8

/** Follows the answer to one command, to know its last packet. Statements that are only prepared are not followed. */
export interface MysqlAnswer {
  begin(flags: number): void
  /** Whether the answer is whole with this packet. */
  ends(payload: Buffer): boolean
}

type Part = 'first' | 'columns' | 'rows'

export function mysqlAnswer(): MysqlAnswer {
  let withoutEof = false
  let part: Part = 'first'
  let columns = 0

  /** A result is over; the answer may go on. */
  function over(status: number): boolean {
    part = 'first'
    return (status & moreResults) === 0
  }
  const parts: Readonly<Record<Part, (payload: Buffer) => boolean>> = {
    first(payload) {
      if (payload[0] === 0xff) return true
      if (payload[0] === 0) return over(statusOfOk(payload))
      columns = payload[0] ?? 0
      if (payload[0] === 0xfc) columns = payload.readUInt16LE(1)
      part = 'columns'
      return false
    },
    // Their definitions, and where it is not deprecated a packet that ends them.
    columns() {
      if (columns-- > (withoutEof ? 1 : 0)) return false
      part = 'rows'
      return false
    },
    rows(payload) {
      if (payload[0] === 0xff) return true
      if (payload[0] !== 0xfe || (!withoutEof && payload.length >= 9)) return false
      return over(withoutEof ? statusOfOk(payload) : payload.readUInt16LE(3))
    },
  }
  return {
    begin(flags) {
      withoutEof = (flags & deprecateEof) !== 0
      part = 'first'
    },
    ends: (payload) => parts[part](payload),
  }
}

/** Behind two numbers of variable length: rows changed, and the last id. */
function statusOfOk(payload: Buffer): number {
  const changed = 1 + numberLength(payload[1] ?? 0)
  return payload.readUInt16LE(changed + numberLength(payload[changed] ?? 0))
}

function numberLength(first: number): number {
  const longer: Readonly<Record<number, number>> = { 0xfc: 3, 0xfd: 4, 0xfe: 9 }
  return longer[first] ?? 1
}
