import { monotonicMs } from '../inbox/clock.ts'

/** P27: after many failures in a row everything pauses but one probe at a time, and nothing is counted. */
export interface Circuit {
  /** Milliseconds until one may start; 0: now. While the circuit is open, the one that gets 0 is the probe. */
  admit(): number
  /** Whether failures count as attempts. */
  isOpen(): boolean
  succeeded(): void
  /** Failures of one and the same message are one. */
  failed(name: string): void
  /** The one that was admitted came to nothing that says anything about the handler. */
  undecided(): void
}

export function circuit(
  { circuitFailures, circuitMs }: { readonly circuitFailures: number; readonly circuitMs: number },
  onChange: (failures: number) => void,
): Circuit {
  const failures = new Set<string>()
  let probeAtMs = 0
  let open = false

  return {
    admit() {
      if (!open) return 0
      const waitMs = probeAtMs - monotonicMs()
      if (waitMs > 0) return waitMs
      probeAtMs = monotonicMs() + circuitMs
      return 0
    },
    isOpen: () => open,
    succeeded() {
      failures.clear()
      if (!open) return
      open = false
      onChange(0)
    },
    failed(name) {
      failures.add(name)
      if (open || failures.size < circuitFailures) return
      open = true
      probeAtMs = monotonicMs() + circuitMs
      onChange(failures.size)
    },
    undecided() {
      if (open) probeAtMs = Math.min(probeAtMs, monotonicMs())
    },
  }
}
