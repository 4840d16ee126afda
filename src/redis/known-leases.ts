import { latin1 } from '../inbox/bytes.ts'
import { identityName } from '../inbox/identity.ts'
import type { Lease } from '../inbox/record.ts'
import type { Known } from './record-bytes.ts'

/** Records that were leased here, as we wrote them: what comes next need not read them. Only ever a guess. */
export interface KnownLeases {
  get(lease: Claimed): Known | undefined
  /** Undefined: nothing is known any more. */
  set(lease: Claimed, known: Known | undefined): void
  /** A step as it was written under this lease. */
  stepOf(lease: Claimed, step: string): Buffer | undefined
  noteStep(lease: Claimed, step: string, written: Buffer): void
}

type Claimed = Pick<Lease, 'scope' | 'key' | 'claimId'>

interface Kept {
  readonly known: Known
  readonly steps: Map<string, Buffer>
}

/** Leases that nobody ever settles leave by this. */
const leasesMax = 10_000

export function knownLeases(): KnownLeases {
  const all = new Map<string, Kept>()
  return {
    get: (lease) => all.get(nameOf(lease))?.known,
    set(lease, known) {
      const name = nameOf(lease)
      const steps = all.get(name)?.steps ?? new Map<string, Buffer>()
      all.delete(name)
      if (known === undefined) return
      all.set(name, { known, steps })
      const [oldest] = all.keys()
      if (all.size > leasesMax && oldest !== undefined) all.delete(oldest)
    },
    stepOf: (lease, step) => all.get(nameOf(lease))?.steps.get(step),
    noteStep: (lease, step, written) => void all.get(nameOf(lease))?.steps.set(step, written),
  }
}

function nameOf(lease: Claimed): string {
  return identityName(lease) + latin1(lease.claimId)
}
