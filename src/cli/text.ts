/** Widest line of a table. */
const widthMax = 100
const gap = '  '

/** One column of a table. At most one is cut when the line gets too long. */
export interface Column<Row> {
  readonly head: string
  readonly cell: (row: Row) => string
  readonly align?: 'right'
  readonly cuttable?: true
}

/** Rows under their heads, at most 100 columns wide as long as cutting one column can do it. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = rows.map((row) => columns.map(({ cell }) => printable(cell(row))))
  const natural = columns.map(({ head }, at) =>
    Math.max(head.length, ...cells.map((line) => width(line[at] ?? ''))),
  )
  const tooWide = sum(natural) + gap.length * (columns.length - 1) - widthMax
  const widths = natural.map((each, at) =>
    columns[at]?.cuttable && tooWide > 0 ? Math.max(8, each - tooWide) : each,
  )
  const lines = [columns.map(({ head }) => head), ...cells]
  return lines.map((line) => lineOf(line, columns, widths)).join('\n')
}

function lineOf(
  cells: readonly string[],
  columns: readonly Column<never>[],
  widths: readonly number[],
): string {
  const padded = cells.map((cell, at) => {
    const room = widths[at] ?? 0
    const text = cut(cell, room)
    const space = ' '.repeat(Math.max(0, room - width(text)))
    return columns[at]?.align === 'right' ? `${space}${text}` : `${text}${space}`
  })
  return padded.join(gap).trimEnd()
}

/** Control characters and what reorders a line are spelt out: a key must not be able to draw on a terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0
    return shortEscapes[character] ?? `\\u{${code.toString(16)}}`
  })
}

const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** Cut to a width, with a sign that it was. */
export function cut(text: string, room: number): string {
  if (width(text) <= room) return text
  let kept = ''
  let used = 1
  for (const character of text) {
    used += width(character)
    if (used > room) break
    kept += character
  }
  return `${kept}…`
}

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u

/** Columns of a terminal. */
export function width(text: string): number {
  let columns = 0
  for (const character of text)
    columns += wide.test(character) ? 2 : /\p{M}/u.test(character) ? 0 : 1
  return columns
}

const units = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1_000, 's'],
] as const

/** A time in one unit: `3m`; below a second `0s`. */
export function span(ms: number): string {
  const [unitMs, unit] = units.find(([size]) => Math.abs(ms) >= size) ?? [1_000, 's']
  return `${Math.trunc(ms / unitMs)}${unit}`
}

const utc = new Intl.DateTimeFormat('sv-SE', {
  dateStyle: 'short',
  timeStyle: 'medium',
  timeZone: 'UTC',
})

/** `2026-11-21 10:15:54 UTC`. */
export function moment(ms: number): string {
  return `${utc.format(ms)} UTC`
}

export function plural(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
