import { parentPort } from 'node:worker_threads'
import { enterGate } from '../../src/consume/alone.ts'

// A lock that is waited for does not keep a thread alive; a consumer's timers do.
const alive = setInterval(() => {}, 1_000)
const entered = enterGate(true)
parentPort?.postMessage('waiting')
const leave = await entered
parentPort?.postMessage('alone')
leave()
clearInterval(alive)
