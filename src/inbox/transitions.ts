import type { State } from './record.ts'

/**
 * Every change that a record can make, and every answer to somebody who may not make it, as one ordered table:
 * the first row whose guards all hold decides. The stores that can read, decide and write in one step run it
 * as it is (`decide.ts`); the others repeat it in guarded statements, and the conformance suite compares.
 */
export interface Transition {
  readonly on: Event
  readonly from: readonly (State | 'absent')[]
  readonly when: readonly Guard[]
  /** The next state; a row without it answers and changes nothing. */
  readonly to?: State | 'absent' | 'as asked'
  readonly token?: 'raised'
  readonly attempts?: Attempts
  /** What becomes of the message that is kept with the record. Default: it stays. */
  readonly message?: 'dropped'
  readonly answer: string
}

/** `recounted`: a crash counts only if the message ran alone (P15). */
export type Attempts = 'counted' | 'recounted' | 'uncounted' | 'cleared' | 'as asked'

export type Event =
  | 'claim'
  | 'insert'
  | 'settle'
  | 'renew'
  | 'bury'
  | 'release'
  | 'prune'
  | 'redrive'
  | 'skip'
  | 'free'
  | 'forget'

export type Guard =
  | 'another fingerprint'
  | 'by a taker'
  | 'by a delivery'
  | 'by run()'
  | 'parked'
  | 'not parked'
  | 'own claim'
  | 'own lease'
  | 'own settlement'
  | 'time passed'
  | 'attempts used up'
  | 'not alone'
  | 'first attempt'
  | 'under its bytes'
  | 'token as seen'
  | 'behind in its lane'

const known: readonly State[] = ['leased', 'completed', 'failed', 'dead']

export const transitions: readonly Transition[] = [
  // claim: the fingerprint first, in every state (P5)
  { on: 'claim', from: ['absent'], when: ['by a taker'], answer: 'gone' },
  { on: 'claim', from: ['absent'], when: ['behind in its lane'], answer: 'behind' },
  {
    on: 'claim',
    from: ['absent'],
    when: [],
    to: 'leased',
    token: 'raised',
    attempts: 'counted',
    answer: 'granted',
  },
  { on: 'claim', from: known, when: ['another fingerprint'], answer: 'mismatched' },
  {
    on: 'claim',
    from: ['leased'],
    when: ['own claim'],
    to: 'leased',
    token: 'raised',
    answer: 'granted',
  },
  { on: 'claim', from: known, when: ['by a taker', 'not parked'], answer: 'gone' },
  { on: 'claim', from: ['completed'], when: [], answer: 'completed' },
  { on: 'claim', from: ['dead'], when: [], answer: 'dead' },
  { on: 'claim', from: ['leased', 'failed'], when: ['parked', 'by run()'], answer: 'held' },
  // what is parked runs through its takers alone (P6)
  { on: 'claim', from: ['leased', 'failed'], when: ['by a delivery', 'parked'], answer: 'parked' },
  // a lane's first one goes first, and is the only one that can be buried (P21, P23)
  { on: 'claim', from: ['leased', 'failed'], when: ['behind in its lane'], answer: 'behind' },
  {
    on: 'claim',
    from: ['leased', 'failed'],
    when: ['time passed', 'attempts used up'],
    answer: 'exhausted',
  },
  // a lease that ended under somebody: a suspect runs alone (P14); calls of run() are exempt
  { on: 'claim', from: ['leased'], when: ['time passed', 'not alone'], answer: 'suspect' },
  {
    on: 'claim',
    from: ['leased'],
    when: ['time passed'],
    to: 'leased',
    token: 'raised',
    attempts: 'recounted',
    answer: 'granted',
  },
  {
    on: 'claim',
    from: ['failed'],
    when: ['time passed'],
    to: 'leased',
    token: 'raised',
    attempts: 'counted',
    answer: 'granted',
  },
  { on: 'claim', from: ['leased', 'failed'], when: [], answer: 'held' },

  // insert: the fast path, and messages without an identity of their own (P3, P8)
  {
    on: 'insert',
    from: ['absent'],
    when: [],
    to: 'as asked',
    token: 'raised',
    attempts: 'as asked',
    answer: 'inserted',
  },
  { on: 'insert', from: known, when: [], answer: 'conflict' },

  // with claim id and token (P7)
  {
    on: 'settle',
    from: ['leased'],
    when: ['own lease'],
    to: 'as asked',
    attempts: 'as asked',
    answer: 'settled',
  },
  {
    on: 'settle',
    from: ['completed', 'failed', 'dead'],
    when: ['own settlement'],
    answer: 'settled',
  },
  { on: 'renew', from: ['leased'], when: ['own lease'], to: 'leased', answer: 'renewed' },
  {
    on: 'release',
    from: ['leased'],
    when: ['own lease', 'not parked', 'first attempt'],
    to: 'absent',
    answer: 'released',
  },
  // counted until it was decoded (P18); from then on its own key counts
  {
    on: 'release',
    from: ['leased'],
    when: ['own lease', 'not parked', 'under its bytes'],
    to: 'absent',
    answer: 'released',
  },
  {
    on: 'release',
    from: ['leased'],
    when: ['own lease'],
    to: 'failed',
    token: 'raised',
    attempts: 'uncounted',
    answer: 'released',
  },
  {
    on: 'bury',
    from: ['leased', 'failed'],
    when: ['time passed', 'token as seen'],
    to: 'dead',
    token: 'raised',
    answer: 'buried',
  },

  // by the clock of the store (P32), and by people (P31)
  { on: 'prune', from: ['completed'], when: ['time passed'], to: 'absent', answer: 'pruned' },
  {
    on: 'redrive',
    from: ['dead', 'failed'],
    when: [],
    to: 'failed',
    token: 'raised',
    attempts: 'cleared',
    answer: 'done',
  },
  {
    on: 'skip',
    from: ['dead', 'failed'],
    when: [],
    to: 'completed',
    token: 'raised',
    message: 'dropped',
    answer: 'done',
  },
  { on: 'free', from: ['leased'], when: [], to: 'failed', token: 'raised', answer: 'done' },
  { on: 'forget', from: known, when: [], to: 'absent', message: 'dropped', answer: 'done' },
]
