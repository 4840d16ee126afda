/** Something that an adapter may lack, if it declares so. */
export interface Need<in Opened> {
  readonly name: string
  /** Why a case is skipped where this is missing, as one clause. */
  readonly because: string
  /** Read off what the adapter declares, never tried out. */
  declared(opened: Opened): boolean
}

/** One promise that every adapter of a port keeps. */
export interface Case<in Opened> {
  /** What is promised, as a sentence in the present tense. */
  readonly promise: string
  /** The rule of the protocol that it comes from: `P5`. */
  readonly rule?: string
  /** Where one of these is not declared, the case is skipped and says so. */
  readonly needs: readonly Need<Opened>[]
  /** Rejects where the promise is not kept. */
  run(opened: Opened): Promise<void>
}

/** Something to close after a case. */
export interface Closable {
  close(): Promise<void>
}

/** How the suite gets at one implementation of a port. */
export interface Adapter<out Opened extends Closable> {
  readonly name: string
  /** Fresh and empty: no case sees what another one left behind. */
  open(): Promise<Opened>
  /** Why it cannot run on this machine. Default: it can. */
  notRun?(): Promise<string | undefined>
}

/** What became of one case. */
export type CaseResult =
  | { readonly case: string; readonly outcome: 'passed' }
  | { readonly case: string; readonly outcome: 'failed'; readonly error: unknown }
  | { readonly case: string; readonly outcome: 'skipped'; readonly because: string }

/** What became of one adapter; `notRun` is the reason why no case was tried. */
export interface AdapterReport {
  readonly adapter: string
  readonly results: readonly CaseResult[]
  readonly notRun: string | undefined
}

/** The part of a test function that is called; those of `node:test` and of Vitest fit. */
export type TestFunction = (
  name: string,
  run: (context: { skip(because: string): unknown }) => Promise<void>,
) => unknown

/** After this many milliseconds a case that hangs has failed. */
const caseMsMax = 60_000

/**
 * Makes one test per case.
 *
 * @example register(test, storeCases, { name: 'mine', open: () => openMine() })
 */
export function register<Opened extends Closable>(
  test: TestFunction,
  cases: readonly Case<Opened>[],
  adapter: Adapter<Opened>,
): void {
  for (const one of cases) {
    const rule = one.rule === undefined ? '' : ` (${one.rule})`
    test(`${adapter.name}: ${one.promise}${rule}`, async (context) => {
      const because = (await adapter.notRun?.()) ?? (await tryCase(one, adapter))
      if (because !== undefined) context.skip(because)
    })
  }
}

/** Runs the cases one after another without a test runner. No failure is thrown. */
export async function runCases<Opened extends Closable>(
  cases: readonly Case<Opened>[],
  adapter: Adapter<Opened>,
): Promise<AdapterReport> {
  const notRun = await adapter.notRun?.()
  const results: CaseResult[] = []
  if (notRun === undefined) for (const one of cases) results.push(await resultOf(one, adapter))
  return { adapter: adapter.name, results, notRun }
}

async function resultOf<Opened extends Closable>(
  one: Case<Opened>,
  adapter: Adapter<Opened>,
): Promise<CaseResult> {
  try {
    const because = await tryCase(one, adapter)
    if (because === undefined) return { case: one.promise, outcome: 'passed' }
    return { case: one.promise, outcome: 'skipped', because }
  } catch (error) {
    return { case: one.promise, outcome: 'failed', error }
  }
}

/** Answers why the case was skipped, if it was. */
async function tryCase<Opened extends Closable>(
  one: Case<Opened>,
  adapter: Adapter<Opened>,
): Promise<string | undefined> {
  const opened = await adapter.open()
  try {
    const missing = one.needs.find((need) => !need.declared(opened))
    if (missing !== undefined) return `${missing.name}: ${missing.because}`
    await inTime(one.run(opened), one.promise)
    return undefined
  } finally {
    await opened.close()
  }
}

async function inTime(work: Promise<void>, promise: string): Promise<void> {
  const late = Promise.withResolvers<never>()
  const hangs = new Error(`no answer within ${caseMsMax} ms: ${promise}`)
  const timer = setTimeout(() => late.reject(hangs), caseMsMax)
  try {
    await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
