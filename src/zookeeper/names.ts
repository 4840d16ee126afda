import { SemelError } from '../errors/semel-error.ts'
import { hex, sha256 } from '../inbox/bytes.ts'
import { encodeKey, type Key } from '../inbox/key.ts'

/** Where those stand in line who want one resource. */
export interface Line {
  /** The parent of their nodes. There are 256 of them, which stay: many resources share one. */
  readonly bucket: string
  /** What the names of their nodes begin with. */
  readonly resource: string
}

/**
 * A key may be any bytes, a name may not: it is the digest of the key.
 *
 * @throws SEMEL_KEY_MISSING, SEMEL_KEY_INVALID, SEMEL_KEY_TOO_LONG
 */
export function lineOf(root: string, resource: Key): Line {
  const digest = hex(sha256(encodeKey(resource).key))
  return { bucket: `${root}/${digest.slice(0, 2)}`, resource: `${digest}-` }
}

/** First come first. The server's numbers have 32 bits with a sign, and begin again at the lowest. */
export function inOrder(names: readonly string[]): readonly string[] {
  return names.toSorted((a, b) => (numberOf(a) - numberOf(b)) | 0)
}

/** After digest and claim id, each with its dash: of this the server appends ten digits, or a dash and ten. */
function numberOf(name: string): number {
  return Number(name.slice(64 + 1 + 32 + 1))
}

/** @throws SEMEL_OPTION_INVALID */
export function checkedRoot(where: string, root: unknown = '/semel/locks'): string {
  if (typeof root === 'string' && /^(\/(?!\.{1,2}(\/|$))[\w.:-]+)+$/.test(root)) return root
  throw new SemelError(
    'SEMEL_OPTION_INVALID',
    `${where}: root is no path; allowed are names of letters, digits and . _ : - after a slash each, as in /shop/locks`,
  )
}
