import type { NewRecord } from '../inbox/claim.ts'
import { noFingerprint } from '../inbox/fingerprint.ts'
import { encodeScope, identityOf, type Scope } from '../inbox/identity.ts'
import { options } from '../options/table.ts'
import type { Leases } from '../inbox/store.ts'

const batch = 500

/** What an adoption came to: keys that are remembered now, and those that were already. */
export interface Adopted {
  readonly adopted: number
  readonly known: number
}

/**
 * Remembers keys as completed that another tool has processed, so that their messages do not take effect again: from
 * a table of processed messages, one key a line. What their bodies were nobody knows, so any body is taken for theirs.
 * Repeatable: what is known stays as it is.
 *
 * @throws SEMEL_KEY_…, SEMEL_STORE_…
 */
export async function adoptKeys(
  leases: Leases,
  scope: Scope,
  keys: AsyncIterable<string>,
  keepMs: number = options.retentionMs.default,
): Promise<Adopted> {
  const bytes = encodeScope(scope)
  const outcome = { state: 'completed', result: undefined, keepMs } as const
  let adopted = 0
  let known = 0
  let waiting: NewRecord[] = []
  async function flush(): Promise<void> {
    const isNew = await leases.insert(waiting)
    adopted += isNew.filter(Boolean).length
    known += isNew.filter((one) => !one).length
    waiting = []
  }
  for await (const key of keys) {
    waiting.push({ ...identityOf(bytes, key), fingerprint: noFingerprint, outcome })
    if (waiting.length === batch) await flush()
  }
  if (waiting.length > 0) await flush()
  return { adopted, known }
}
