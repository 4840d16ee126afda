import { userInfo } from 'node:os'

/** What the command has of the world. The only place that reads the process. */
export interface Shell {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  /** Aborts when nobody reads our output any more. */
  readonly unheard: AbortSignal
}

export function processShell(): Shell {
  const unheard = new AbortController()
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // "semel inbox list | head" is no error; anything else on these streams cannot be told to anybody.
      if (error.code === 'EPIPE' || error.code === 'EIO') unheard.abort()
    })
  const { env, stdin, stdout, stderr } = process
  return { env, stdin, stdout, stderr, unheard: unheard.signal }
}

/** Resolves when everything written is on its way; also when nobody reads it. */
export function flushed({ stdout }: Shell): Promise<void> {
  return new Promise((resolve) => {
    stdout.write('', () => resolve())
  })
}

/** The name of whoever runs the command, if the system knows it. */
export function userName({ env }: Shell): string | undefined {
  try {
    return userInfo().username
  } catch {
    return env['USER'] ?? env['USERNAME']
  }
}
