import { SemelError } from '../errors/semel-error.ts'
import { identityName } from '../inbox/identity.ts'
import type { InboxRecord } from '../inbox/record.ts'
import type { OpenTransaction, SealedRecord, Transactions } from '../inbox/store.ts'
import {
  applyTo,
  inLane,
  insertAll,
  type KeptMessage,
  type KeptSteps,
  type MemoryRows,
  viewOf,
  type MemoryState,
} from './memory-records.ts'
import { type MemoryTransaction, memoryTransaction } from './memory-transaction.ts'
import { Overlay } from './overlay.ts'

interface Work extends MemoryRows {
  readonly records: Overlay<InboxRecord>
  readonly messages: Overlay<KeptMessage>
  readonly steps: Overlay<KeptSteps>
  readonly rows: Overlay<unknown>
  /** Parts that are open, the outermost first. */
  readonly parts: Part[]
}

/** How to take back what a part has changed. */
type Part = readonly (() => void)[]

/** One transaction at a time; what it changes is seen by others when it commits. */
export function memoryTransactions(state: MemoryState): Transactions<MemoryTransaction> {
  let last: Promise<unknown> = Promise.resolve()
  const opened = new WeakMap<object, Work>()
  return {
    async open(work) {
      const before = last
      const turn = Promise.withResolvers<void>()
      last = turn.promise
      try {
        await before
        state.open()
        const overlay = begin(state)
        const result = await work(face(state, overlay, opened))
        commit(overlay)
        return result
      } finally {
        turn.resolve()
      }
    },
    join(tx) {
      const overlay = opened.get(tx as object)
      if (overlay === undefined)
        throw new SemelError('SEMEL_TX_OVER', 'this is no open transaction of the memory store')
      return face(state, overlay, opened)
    },
  }
}

function begin({ records, messages, steps, rows }: MemoryState): Work {
  return {
    records: new Overlay(records),
    messages: new Overlay(messages),
    steps: new Overlay(steps),
    rows: new Overlay(rows),
    parts: [],
  }
}

function commit({ records, messages, steps, rows }: Work): void {
  if (records.conflicts() || messages.conflicts())
    throw new SemelError('SEMEL_STORE_CONTENDED', 'a record was changed by somebody else meanwhile')
  for (const overlay of [records, messages, steps, rows]) overlay.commit()
}

function face(
  state: MemoryState,
  work: Work,
  opened: WeakMap<object, Work>,
): OpenTransaction<MemoryTransaction> {
  const now = (): number => state.clock.nowMs()
  return {
    forHandler() {
      const handle = memoryTransaction(work.rows)
      opened.set(handle.tx, work)
      const end = (): void => {
        handle.end()
        opened.delete(handle.tx)
      }
      return { tx: handle.tx, end }
    },
    insert: async (records) => insertAll(work, records, now()),
    read: async (identities) =>
      identities.map((identity) => viewOf(work.records.get(identityName(identity)), now())),
    async settle(settlements) {
      return settlements.map(({ lease, outcome }) => {
        const ask = { on: 'settle', lease, outcome, repeatable: false } as const
        return applyTo(work, lease, ask, now()).changed ? 'settled' : 'fenced'
      })
    },
    parkedIn: async (lanes) => lanes.map((lane) => inLane(work, lane).length > 0),
    async withdraw(identities) {
      for (const identity of identities) applyTo(work, identity, { on: 'forget' }, now())
    },
    savepoint: (inner) => savepoint(work, inner),
    nobodysFault: () => undefined,
    async seal(records) {
      for (const record of records) sealOne(work, record)
    },
  }
}

async function savepoint<R>(work: Work, inner: () => Promise<R>): Promise<R> {
  const undo = [work.records, work.messages, work.steps, work.rows].map((overlay) =>
    overlay.savepoint(),
  )
  work.parts.push(undo)
  try {
    const answer = await inner()
    if (!endPart(work, undo)) throw new SemelError('SEMEL_TX_OVER', 'what was around it has ended')
    return answer
  } catch (error) {
    if (endPart(work, undo)) for (const step of undo) step()
    throw error
  }
}

/** With it end those that were left open inside. Answers false where it has ended so itself. */
function endPart({ parts }: Work, part: Part): boolean {
  const at = parts.indexOf(part)
  if (at >= 0) parts.length = at
  return at >= 0
}

function sealOne(work: Work, record: SealedRecord): void {
  const name = identityName(record)
  const ours = work.records.get(name)
  if (ours?.state !== 'completed')
    throw new SemelError('SEMEL_TX_ROLLED_BACK', 'a record of this transaction is gone')
  work.records.set(name, { ...ours, result: record.result })
}
