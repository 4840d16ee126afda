/** How far each way is. */
export interface Progress {
  show(way: string, done: number, kills: number): void
  /** Takes the bars away again. */
  end(): void
}

const cells = 20
const redrawMs = 80

/** One bar per way, redrawn in place; nothing at all where nobody watches. */
export function progressBars(
  ways: readonly string[],
  total: number,
  stream: NodeJS.WriteStream,
): Progress {
  if (!stream.isTTY) return { show: () => undefined, end: () => undefined }
  const width = Math.max(...ways.map((way) => way.length))
  const lines = new Map(ways.map((way) => [way, lineOf(way.padEnd(width), 0, total, 0)]))
  let drawn = false

  const clear = (): string => (drawn ? `\u001b[${ways.length}A\u001b[0J` : '')
  function draw(): void {
    stream.write(`${clear()}${[...lines.values()].join('\n')}\n`)
    drawn = true
  }
  draw()
  const timer = setInterval(draw, redrawMs)

  return {
    show: (way, done, kills) => void lines.set(way, lineOf(way.padEnd(width), done, total, kills)),
    end() {
      clearInterval(timer)
      stream.write(clear())
      drawn = false
    },
  }
}

function lineOf(way: string, done: number, total: number, kills: number): string {
  const full = Math.min(cells, Math.round((done / total) * cells))
  const bar = `${'█'.repeat(full)}${'░'.repeat(cells - full)}`
  const count = `${Math.min(done, total)}/${total}`.padStart(2 * String(total).length + 1)
  return `  ${way}  ${bar}  ${count}  ${kills} kills`
}
