import { readFileSync } from 'node:fs'
import { cpus, totalmem, type } from 'node:os'
import type { Answer } from './harness.ts'

/** Figures mean nothing without what they were measured on. */
export function machine(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  const { version } = JSON.parse(text) as { readonly version: string }
  const processors = cpus()
  const model = processors[0]?.model.trim() ?? 'unknown processor'
  const gigabytes = Math.round(totalmem() / 2 ** 30)
  const { node, sqlite } = process.versions
  return [
    `semel ${version}, Node ${node}, SQLite ${sqlite}`,
    `${type()}, ${processors.length} × ${model}, ${gigabytes} GiB`,
  ].join('\n')
}

export function tableOf({ question, contestants }: Answer): string {
  const width = Math.max(...contestants.map(({ name }) => name.length))
  const rows = contestants.map(({ name, perSecond, ratio }) => {
    const figure = perSecond.toLocaleString('en-US').padStart(9)
    return `  ${name.padEnd(width)}  ${figure}  ${ratio.toFixed(2).padStart(6)}`
  })
  const head = `  ${''.padEnd(width)}  ${'a second'.padStart(9)}  ${'ratio'.padStart(6)}`
  return [question, head, ...rows, ''].join('\n')
}
