import { constants } from 'node:os'
import { describeError } from '../../errors/semel-error.ts'
import { watchMainLoop } from '../../consume/watchdog.ts'
import type { Consumer } from '../../consume/consumer-options.ts'
import type { Prepared } from '../../config/prepare.ts'
import { exitCodes, reportFailure } from '../failure.ts'
import type { Shell } from '../shell.ts'
import { plural } from '../text.ts'
import { assuranceText } from './assurance-text.ts'
import type { Reporter } from './reporter.ts'

/**
 * Starts consumers, waits for a signal or for one that ends by itself, drains all of them. Answers the exit code:
 * 0 only if every one was stopped by us and no handler is left running.
 *
 * @throws what a start throws; those that had started are stopped by then.
 */
export async function runConsumers(
  prepared: Prepared,
  shell: Shell,
  report: Reporter,
): Promise<number> {
  const { consumers } = prepared
  const asked = stopSignals(shell, consumers)
  // A handler that waits for nothing would else let the process end in the middle of the drain.
  const awake = setInterval(() => undefined, 2 ** 30)
  let exit: number = exitCodes.failed
  let unwatch: ReturnType<typeof watched>
  try {
    for (const consumer of consumers) shell.stderr.write(`${assuranceText(consumer)}\n`)
    unwatch = watched(prepared)
    await startAll(consumers, asked.stopping)
    report.started(consumers)
    const broken = await firstEnd(consumers, asked.stopping)
    if (broken !== undefined) reportFailure(broken.error, shell, false)
    await stopAll(consumers)
    exit = broken === undefined ? exitOf(await errorsOf(consumers), prepared, shell) : exit
    report.ended(exit)
    return exit
  } finally {
    await stopAll(consumers)
    await prepared.close()
    await unwatch?.()
    asked.forget()
    clearInterval(awake)
  }
}

function watched({ silentMsMax }: Prepared): (() => Promise<void>) | undefined {
  return silentMsMax === undefined ? undefined : watchMainLoop(silentMsMax)
}

/** A module may have started its consumers already. */
async function startAll(consumers: readonly Consumer[], stopping: AbortSignal): Promise<void> {
  for (const consumer of consumers)
    if (!stopping.aborted && consumer.status().state === 'idle') await consumer.start()
}

/** Resolves when somebody asks to stop or all have ended; with the error when one ends by itself with one. */
function firstEnd(
  consumers: readonly Consumer[],
  stopping: AbortSignal,
): Promise<{ readonly error: unknown } | undefined> {
  return new Promise((resolve) => {
    const asked = (): void => resolve(undefined)
    if (stopping.aborted) asked()
    stopping.addEventListener('abort', asked, { once: true })
    const ends = consumers.map(async (consumer) => {
      const end = await endOf(consumer)
      if (end !== undefined) resolve(end)
    })
    void Promise.all(ends).then(asked, asked)
  })
}

/** Also what made the end itself fail. */
async function endOf({ ended }: Consumer): Promise<{ readonly error: unknown } | undefined> {
  try {
    return await ended
  } catch (error) {
    return { error }
  }
}

async function stopAll(consumers: readonly Consumer[]): Promise<void> {
  const started = consumers.filter((consumer) => consumer.status().state !== 'idle')
  await Promise.all(started.map((consumer) => consumer.stop()))
}

/** An error can come while draining, too. */
async function errorsOf(consumers: readonly Consumer[]): Promise<readonly unknown[]> {
  const started = consumers.filter((consumer) => consumer.status().state !== 'idle')
  const ends = await Promise.all(started.map(endOf))
  return ends.flatMap((end) => (end === undefined ? [] : [end.error]))
}

function exitOf(errors: readonly unknown[], { unsettled }: Prepared, { stderr }: Shell): number {
  for (const error of errors) stderr.write(`semel: ${describeError(error)}\n`)
  const left = unsettled()
  if (left > 0)
    stderr.write(
      `semel: ${plural(left, 'handler')} had not ended after drainMs; what they were given comes again\n`,
    )
  return errors.length > 0 || left > 0 ? exitCodes.failed : exitCodes.done
}

/** The first signal drains, the second ends the process at once; nothing is lost by either. */
function stopSignals(
  shell: Shell,
  consumers: readonly Consumer[],
): { readonly stopping: AbortSignal; forget(): void } {
  const stopping = new AbortController()
  const heard = (signal: NodeJS.Signals): void => {
    if (stopping.signal.aborted) {
      shell.stderr.write('semel: aborted; what was in hand comes again\n')
      process.exit(128 + constants.signals[signal])
    }
    const inHand = consumers.reduce((all, consumer) => all + consumer.status().inHand, 0)
    shell.stderr.write(`semel: ${signal}, finishing ${plural(inHand, 'message')}; again to abort\n`)
    stopping.abort()
  }
  const unheard = (): void => stopping.abort()
  for (const signal of stopOn) process.on(signal, heard)
  shell.unheard.addEventListener('abort', unheard)
  return {
    stopping: stopping.signal,
    forget() {
      for (const signal of stopOn) process.off(signal, heard)
      shell.unheard.removeEventListener('abort', unheard)
    },
  }
}

const stopOn = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
