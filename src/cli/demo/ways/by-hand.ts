import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import type { Delivery } from '../../../delivery/source.ts'
import { sqliteSource } from '../../../sqlite/index.ts'
import type { Order } from '../arrivals.ts'
import type { Parent } from '../parent.ts'
import { group, holdMs, topic, type Way } from './way.ts'

/** A database as its drivers show it: every call is awaited, and commits by itself. */
export interface Database {
  get(sql: string, ...values: SQLInputValue[]): Promise<Row | undefined>
  /** Answers how many rows were changed. */
  run(sql: string, ...values: SQLInputValue[]): Promise<number>
}

export type Row = Readonly<Record<string, unknown>>

export interface ByHand extends Pick<Way, 'name' | 'schema' | 'points'> {
  readonly fails: string
  /** `later`: not done, deliver it again. */
  handle(order: Order, db: Database, reach: Parent['reach']): Promise<'done' | 'later'>
}

const atOnce = 16
const laterMs = 200

/** The loop that people write around their logic: take some, handle them at once, acknowledge each. */
export function byHand({ handle, ...way }: ByHand): Way {
  async function consume(file: string, { reach, count, onStop }: Parent): Promise<void> {
    const db = database(file)
    const source = sqliteSource(file, { topic, holdMs })
    const stopping = new AbortController()
    onStop(async () => {
      stopping.abort()
      await source.close()
    })
    await source.open({ group, instance: undefined })
    async function handleOne(delivery: Delivery): Promise<void> {
      const order = JSON.parse(new TextDecoder().decode(delivery.message.body)) as Order
      const answer = await handle(order, db, reach)
      if (answer === 'later') return source.nack([delivery], laterMs)
      await source.ack([delivery])
      count('acknowledged')
    }
    while (!stopping.signal.aborted) {
      const deliveries = await source.pull(atOnce, stopping.signal)
      reach('after pull')
      await Promise.all(deliveries.map(handleOne))
    }
  }
  return { ...way, points: [...way.points, 'after pull'], consume }
}

function database(file: string): Database {
  const db = new DatabaseSync(file, { timeout: 5_000 })
  return {
    get: async (sql, ...values) => db.prepare(sql).get(...values),
    run: async (sql, ...values) => Number(db.prepare(sql).run(...values).changes),
  }
}
