import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deliveriesOf } from './arrivals.ts'
import { type DemoOptions, readDemoOptions } from './options.ts'
import { progressBars } from './progress.ts'
import { type Faults, runWay, type Surroundings, type WayReport } from './run-way.ts'
import { type DemoReport, isExact, tableOf } from './table.ts'
import type { Way } from './ways/way.ts'
import { ways } from './ways/ways.ts'

/** Ways that run beside each other. */
const atOnce = 2

/**
 * `semel demo`: the same orders, copies and kills for every way. Answers the exit status: 0, 1 when semel has
 * anything but zeros, 130 when interrupted.
 *
 * @throws SEMEL_USAGE
 */
export async function demo(options: DemoOptions): Promise<number> {
  const faults = readDemoOptions(options)
  const folder = mkdtempSync(join(tmpdir(), 'semel-demo-'))
  const interrupted = interruption()
  try {
    const report = await runAll(faults, folder, interrupted.signal)
    process.stdout.write(options.json === true ? `${JSON.stringify(report)}\n` : tableOf(report))
    return isExact(report) ? 0 : 1
  } catch (error) {
    if (interrupted.signal.aborted) return 130
    throw error
  } finally {
    interrupted.forget()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function runAll(faults: Faults, folder: string, signal: AbortSignal): Promise<DemoReport> {
  const { messages, kills, seed } = faults
  process.stderr.write(
    `semel demo: ${messages} orders, ${kills} kills for each way, seed ${seed}\n`,
  )
  const names = ways.map(({ name }) => name)
  const bars = progressBars(names, deliveriesOf(messages), process.stderr)
  const around: Surroundings = {
    folder,
    signal,
    env: { ...process.env, NODE_COMPILE_CACHE: join(folder, 'compiled') },
    onProgress: bars.show,
  }
  try {
    return { messages, kills, seed, ways: await runInTurn(faults, around) }
  } finally {
    bars.end()
  }
}

/** Some at a time: one waits for the disk, or for what a killed consumer held; the other uses the processor. */
async function runInTurn(faults: Faults, around: Surroundings): Promise<readonly WayReport[]> {
  const reports = new Map<Way, WayReport>()
  const waiting = [...ways]
  const broken = new AbortController()
  const signal = AbortSignal.any([around.signal, broken.signal])
  async function work(): Promise<void> {
    for (let way = waiting.shift(); way !== undefined; way = waiting.shift())
      reports.set(way, await runWay(way, faults, { ...around, signal }))
  }
  const workers = Array.from({ length: atOnce }, work)
  // One that fails ends the others; all are waited for, or their children would outlive their files.
  await Promise.all(workers.map((worker) => worker.catch((error: unknown) => broken.abort(error))))
  signal.throwIfAborted()
  return ways.flatMap((way) => reports.get(way) ?? [])
}

/** Ctrl-C and its like end the run, not the process: children and files go first. */
function interruption(): { readonly signal: AbortSignal; forget(): void } {
  const controller = new AbortController()
  const abort = (): void => controller.abort(new Error('interrupted'))
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, abort)
  return {
    signal: controller.signal,
    forget() {
      for (const signal of signals) process.off(signal, abort)
    },
  }
}
