import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { endInstance, instances } from './instance.ts'

/**
 * What this process and its children start from now on belongs to this run: what this answers ends it. A run that is
 * interrupted does so by itself.
 */
export function serversOfThisRun(): () => Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'semel-run-'))
  // The user whom servers run as goes through it.
  chmodSync(home, 0o755)
  process.env['SEMEL_TEST_SERVERS'] = home
  async function end(): Promise<void> {
    await Promise.all(instances(home).map(endInstance))
    rmSync(home, { recursive: true, force: true })
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(name, () => {
      const leave = (): never => process.exit(128 + constants.signals[name])
      end().then(leave, leave)
    })
  return end
}
