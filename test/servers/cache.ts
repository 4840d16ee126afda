import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { locked } from './lock.ts'

/** Where downloads are kept. As root not in the home, which the servers' user must not enter. */
const root =
  process.env['SEMEL_TEST_CACHE'] ??
  (process.getuid?.() === 0
    ? '/var/cache/semel-test'
    : join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'semel-test'))

/** A folder of the cache. What `fetch` does not finish is not there. */
export async function cached(
  name: string,
  fetch: (folder: string) => Promise<unknown>,
): Promise<string> {
  const folder = join(root, name)
  if (existsSync(folder)) return folder
  mkdirSync(root, { recursive: true, mode: 0o755 })
  await locked(join(root, `${name}.lock`), async () => {
    if (existsSync(folder)) return
    const unfinished = mkdtempSync(join(root, 'unfinished-'))
    try {
      const content = join(unfinished, name)
      mkdirSync(content)
      await fetch(content)
      renameSync(content, folder)
    } finally {
      rmSync(unfinished, { recursive: true, force: true })
    }
  })
  return folder
}
