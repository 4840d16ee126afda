import { Worker } from 'node:worker_threads'

/** Runs in a thread of its own: ends the process when the counter has not moved for too long. */
const script = `
const { writeSync } = require('node:fs')
const { workerData } = require('node:worker_threads')
const beats = new Int32Array(workerData.shared)
let seen = -1
let since = performance.now()
setInterval(() => {
  const now = Atomics.load(beats, 0)
  if (now !== seen) { seen = now; since = performance.now(); return }
  if (performance.now() - since < workerData.silentMsMax) return
  // Not process.stderr: a thread writes to that through the main loop.
  writeSync(2, 'semel: the main loop was silent for ' + workerData.silentMsMax + ' ms, ending the process (P19)\\n')
  process.kill(process.pid, 'SIGKILL')
}, workerData.silentMsMax / 10)
`

/**
 * P19: no timer can end a blocked loop, so a thread watches it. When the main loop is silent for longer than the
 * lease, somebody else may already perform its message: the process ends at once. Answers how to stop watching.
 */
export function watchMainLoop(silentMsMax: number): () => Promise<void> {
  const shared = new SharedArrayBuffer(4)
  const beats = new Int32Array(shared)
  const timer = setInterval(() => Atomics.add(beats, 0, 1), silentMsMax / 20)
  const worker = new Worker(script, { eval: true, workerData: { shared, silentMsMax } })
  timer.unref()
  worker.unref()
  return async () => {
    clearInterval(timer)
    await worker.terminate()
  }
}
