import { setTimeout as pause } from 'node:timers/promises'

/** Waits for a condition, at most `limitMs`. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: () => string,
  limitMs: number,
): Promise<void> {
  const deadline = performance.now() + limitMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what()}`)
    await pause(10)
  }
}
