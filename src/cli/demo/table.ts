import { deliveriesOf } from './arrivals.ts'
import type { WayReport } from './run-way.ts'
import { ways } from './ways/ways.ts'

/** What the demo came to; with `--json` the last line of standard output. */
export interface DemoReport {
  /** Distinct orders. */
  readonly messages: number
  /** Kills that each way had to bear. */
  readonly kills: number
  readonly seed: number
  readonly ways: readonly WayReport[]
}

const columns = ['way', 'effects', 'duplicated', 'lost', 'stuck', 'seconds'] as const

/** One table and one sentence. */
export function tableOf(report: DemoReport): string {
  const rows = report.ways.map((way) => [
    ...columns.map((column) => shown(way[column])),
    whyOf(way),
  ])
  const table = [[...columns, ''], ...rows]
  const widths = columns.map((_, at) => Math.max(...table.map((row) => row[at]?.length ?? 0)))
  const lines = table.map((row) =>
    row
      .map((cell, at) => padded(cell, at, widths))
      .join('  ')
      .trimEnd(),
  )
  return `${lines.join('\n')}\n\n${sentenceOf(report)}\n`
}

/** Whether semel has nothing but zeros, and one effect per order. */
export function isExact({ messages, ways }: DemoReport): boolean {
  const ours = ways.find(({ way }) => way === 'semel')
  if (ours === undefined) return false
  const { effects, duplicated, lost, stuck } = ours
  return effects === messages && duplicated + lost + stuck === 0
}

function sentenceOf(report: DemoReport): string {
  const { messages, kills, seed } = report
  const run = `${shown(messages)} orders, ${shown(deliveriesOf(messages))} deliveries, ${kills} kills`
  return isExact(report)
    ? `semel: ${run}: each order took effect exactly once (seed ${seed}).`
    : `semel broke its promise: ${run}, see the table (seed ${seed}); please report it.`
}

function whyOf({ way, duplicated, lost, stuck }: WayReport): string {
  const fails = ways.find(({ name }) => name === way)?.fails
  return duplicated + lost + stuck > 0 ? (fails ?? '') : ''
}

function shown(cell: string | number): string {
  return typeof cell === 'number' ? cell.toLocaleString('en-US') : cell
}

/** Words to the left, numbers to the right, the last column as it is. */
function padded(cell: string, at: number, widths: readonly number[]): string {
  const width = widths[at] ?? 0
  return at === 0 ? cell.padEnd(width) : at < widths.length ? cell.padStart(width) : cell
}
