import type { Inspector } from '../inbox/inspector.ts'

const batch = 1_000

/**
 * Forgets completed records whose retention has passed (P32), in small commits so that consumers go on meanwhile.
 * Answers how many. `limit`: the most of one call; default: all.
 */
export async function pruneRecords(
  inspector: Inspector,
  limit: number = Number.MAX_SAFE_INTEGER,
): Promise<number> {
  let pruned = 0
  while (pruned < limit) {
    const wanted = Math.min(batch, limit - pruned)
    const now = await inspector.prune(wanted)
    pruned += now
    if (now < wanted) break
  }
  return pruned
}
