import { createInterface } from 'node:readline/promises'
import { SemelError } from '../errors/semel-error.ts'
import type { Shell } from './shell.ts'
import { printable } from './text.ts'

/**
 * Asks at the terminal. The name itself is to be typed: a habit of saying yes does not type it.
 *
 * @throws SEMEL_USAGE where there is no terminal, and for another name.
 */
export async function confirmTyped(
  name: string,
  act: string,
  { stdin, stderr }: Shell,
): Promise<void> {
  if (!stdin.isTTY)
    throw new SemelError('SEMEL_USAGE', 'there is no terminal to ask at; --yes does not ask')
  const shown = printable(name)
  const terminal = createInterface({ input: stdin, output: stderr })
  try {
    const typed = await terminal.question(`type ${shown} to ${act}: `)
    if (typed.trim() !== shown)
      throw new SemelError('SEMEL_USAGE', 'that is another name; nothing was done')
  } finally {
    terminal.close()
  }
}
