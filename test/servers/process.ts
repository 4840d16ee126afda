// Processes that are ours: started as an ordinary user, known again by more than their number.
import { execFile, spawn } from 'node:child_process'
import { chownSync, closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Command } from './kind.ts'
import { reasonIn } from './machine.ts'

/** A process, and when it began: a number alone may have gone to somebody else. */
export interface Pid {
  readonly pid: number
  readonly began: string
}

/** Databases refuse to run as root, and for good reasons: then they run as "nobody". */
const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined

/** Gives a folder to the user whom servers run as. */
export function give(folder: string): void {
  if (nobody !== undefined) chownSync(folder, nobody.uid, nobody.gid)
}

/** Runs a program to its end. Rejects with what it said last. */
export async function perform(
  { program, args, env }: Command,
  { cwd, asRoot = false }: { cwd: string; asRoot?: boolean },
): Promise<string> {
  const given = { cwd, env: environment(env, cwd), maxBuffer: 1 << 26, timeout: 300_000 }
  try {
    const { stdout } = await promisify(execFile)(program, args, {
      ...given,
      ...(asRoot ? {} : nobody),
    })
    return stdout
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    const said = reasonIn(stdout + stderr) || String(error)
    throw new Error(`${program} failed: ${said}`, { cause: error })
  }
}

/** Starts a process that outlives this one, in a session of its own: what ends the tests ends no server. */
export async function launch({ program, args, env }: Command, folder: string): Promise<Pid> {
  const log = openSync(join(folder, 'log'), 'a')
  const child = spawn(program, args, {
    cwd: folder,
    detached: true,
    // A server that keeps our output open would make whoever reads it wait for ever.
    stdio: ['ignore', log, log],
    env: environment(env, folder),
    ...nobody,
  })
  closeSync(log)
  const failed = new Promise<never>((_, reject) => child.once('error', reject))
  if (child.pid === undefined) return failed
  child.unref()
  return identified(child.pid)
}

/** Temporary files stand in its folder: ours may be closed to its user. */
function environment(more: Command['env'], folder: string): NodeJS.ProcessEnv {
  return { ...process.env, TMPDIR: folder, ...more }
}

function identified(pid: number): Pid {
  return { pid, began: beginning(pid) ?? 'never' }
}

/** Whether this very process still runs; one that nobody has waited for does not. */
export function isAlive({ pid, began }: Pid): boolean {
  return beginning(pid) === began
}

/** Does nothing when it has ended. */
export function signal(one: Pid, name: NodeJS.Signals): void {
  try {
    if (isAlive(one)) process.kill(one.pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Signals a process, waits until it is gone, and insists after 10 s. SIGKILL takes its children as well. */
export async function endProcess(one: Pid, name: NodeJS.Signals): Promise<void> {
  let ending: readonly Pid[] = [one]
  if (name === 'SIGKILL') ending = killed(one)
  else signal(one, name)
  const patience = performance.now() + 10_000
  while (ending.some(isAlive)) {
    if (performance.now() > patience) for (const each of ending) signal(each, 'SIGKILL')
    await pause(10)
  }
}

/** Its children would go on for a moment, and could still commit. */
function killed(one: Pid): readonly Pid[] {
  signal(one, 'SIGSTOP')
  const family = [one, ...childrenOf(one)]
  for (const each of family) signal(each, 'SIGKILL')
  return family
}

function childrenOf({ pid }: Pid): readonly Pid[] {
  try {
    const pids = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
    return pids.filter(Boolean).map((child) => identified(Number(child)))
  } catch {
    return []
  }
}

/** Undefined: it has ended. In the system's ticks since it was started. */
function beginning(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name comes second, in brackets, and may hold anything.
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return state === 'Z' || state === 'X' ? undefined : rest[18]
  } catch {
    return undefined
  }
}
