/** The part of a Map that records need. */
export interface Rows<Row> {
  get(name: string): Row | undefined
  set(name: string, row: Row): void
  delete(name: string): void
  entries(): IterableIterator<[string, Row]>
}

const gone = Symbol('deleted in this transaction')

/** Changes over a map that nobody else sees until they are committed. */
export class Overlay<Row> implements Rows<Row> {
  readonly #base: Map<string, Row>
  readonly #changes = new Map<string, Row | typeof gone>()
  /** What stood in the base when this transaction first changed it. */
  readonly #seen = new Map<string, Row | undefined>()

  constructor(base: Map<string, Row>) {
    this.#base = base
  }

  get(name: string): Row | undefined {
    if (!this.#changes.has(name)) return this.#base.get(name)
    const change = this.#changes.get(name)
    return change === gone ? undefined : change
  }

  set(name: string, row: Row): void {
    this.#change(name, row)
  }

  delete(name: string): void {
    this.#change(name, gone)
  }

  *entries(): IterableIterator<[string, Row]> {
    for (const [name, row] of this.#base) if (!this.#changes.has(name)) yield [name, row]
    for (const [name, row] of this.#changes) if (row !== gone) yield [name, row]
  }

  /** Whether somebody else has changed a row that is changed here. */
  conflicts(): boolean {
    return [...this.#seen].some(([name, row]) => this.#base.get(name) !== row)
  }

  commit(): void {
    for (const [name, row] of this.#changes) {
      if (row === gone) this.#base.delete(name)
      else this.#base.set(name, row)
    }
  }

  /** Answers a function that takes back every change from now on. */
  savepoint(): () => void {
    const before = new Map(this.#changes)
    return () => {
      this.#changes.clear()
      for (const [name, row] of before) this.#changes.set(name, row)
    }
  }

  #change(name: string, row: Row | typeof gone): void {
    if (!this.#seen.has(name)) this.#seen.set(name, this.#base.get(name))
    this.#changes.set(name, row)
  }
}
