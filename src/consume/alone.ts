interface Gate {
  inside: number
  alone: boolean
  readonly waiting: { readonly alone: boolean; readonly enter: () => void }[]
}

/** One gate per process, also over two copies of this package. */
const gateName = Symbol.for('semel.gate')
const holder = globalThis as unknown as Record<symbol, Gate | undefined>
holder[gateName] ??= { inside: 0, alone: false, waiting: [] }
const gate: Gate = holder[gateName]

/**
 * P14: a suspect runs while no other delivery is open in the process, over all consumers. Deliveries enter
 * together; one that enters alone waits until all have left, and while it waits nothing new enters, so that it
 * cannot starve. Answers how to leave.
 */
export function enterGate(alone: boolean): Promise<() => void> | (() => void) {
  if (gate.waiting.length === 0 && free(alone)) return enter(alone)
  const { promise, resolve } = Promise.withResolvers<() => void>()
  gate.waiting.push({ alone, enter: () => resolve(enter(alone)) })
  return promise
}

function enter(alone: boolean): () => void {
  gate.inside++
  gate.alone = alone
  let left = false
  return () => {
    if (left) return
    left = true
    gate.inside--
    gate.alone = false
    letIn()
  }
}

/** In the order of arrival: those behind a waiting suspect wait with it. */
function letIn(): void {
  for (let next = gate.waiting[0]; next !== undefined && free(next.alone); next = gate.waiting[0]) {
    gate.waiting.shift()
    next.enter()
  }
}

function free(alone: boolean): boolean {
  return alone ? gate.inside === 0 : !gate.alone
}
