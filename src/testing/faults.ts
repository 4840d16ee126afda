import type { Source } from '../delivery/source.ts'
import type { OpenTransaction, Store } from '../inbox/store.ts'

/** Calls of the ports around which a fault can be made to happen, in the order of the flow. */
export const portCalls = [
  'pull',
  'begin',
  'record insert',
  'record read',
  'handler',
  'joined ack',
  'record settle',
  'seal',
  'commit',
  'claim',
  'renew',
  'settle',
  'bury',
  'release',
  'insert',
  'read',
  'due',
  'ack',
  'nack',
  'hold',
] as const

export type PortCall = (typeof portCalls)[number]
/** One side of a call: nothing has been asked yet, or the answer is about to be handed over. */
export type FaultPoint = `${'before' | 'after'} ${PortCall}`

/** Is told every point that is reached. May end the process, or throw: the call fails, or its answer is lost. */
export type Reach = (point: FaultPoint) => void

/** A store that tells where it is; everything else is as it was. */
export function faultyStore<Tx>(store: Store<Tx>, reach: Reach): Store<Tx> {
  const { transactions } = store
  const watched: Partial<Store<Tx>> = {
    leases: around(store.leases, leaseCalls, reach),
    parking: around(store.parking, { due: 'due' }, reach),
    transactions: transactions && {
      open: async (work, terms) => {
        reach('before begin')
        const result = await transactions.open(async (open) => {
          reach('after begin')
          const done = await work(faultyTransaction(open, reach))
          reach('before commit')
          return done
        }, terms)
        reach('after commit')
        return result
      },
      join: (tx) => faultyTransaction(transactions.join(tx), reach),
    },
  }
  return over(store, watched)
}

/** A source that tells where it is; everything else is as it was. */
export function faultySource(source: Source, reach: Reach): Source {
  const { within } = source
  const watched = around(source, sourceCalls, reach)
  if (within === undefined) return watched
  return over(watched, {
    within: {
      medium: within.medium,
      ack: (deliveries) => told('joined ack', reach, () => within.ack(deliveries)),
    },
  })
}

const leaseCalls = {
  claim: 'claim',
  renew: 'renew',
  settle: 'settle',
  bury: 'bury',
  release: 'release',
  insert: 'insert',
  read: 'read',
} as const

const sourceCalls = { pull: 'pull', ack: 'ack', nack: 'nack', renew: 'hold' } as const

const transactionCalls = {
  insert: 'record insert',
  read: 'record read',
  settle: 'record settle',
  seal: 'seal',
} as const

function faultyTransaction<Tx>(open: OpenTransaction<Tx>, reach: Reach): OpenTransaction<Tx> {
  return over(around(open, transactionCalls, reach), {
    forHandler() {
      reach('before handler')
      const { tx, end } = open.forHandler()
      const endAndTell = (threw?: boolean): void => {
        end(threw)
        reach('after handler')
      }
      return { tx, end: endAndTell }
    },
  })
}

/** The port with some of its asynchronous members told about. */
function around<Port extends object>(
  port: Port,
  calls: Readonly<Record<string, PortCall>>,
  reach: Reach,
): Port {
  const members = Object.entries(calls).map(([member, call]) => {
    const inner: unknown = Reflect.get(port, member)
    const watched = async (...given: readonly unknown[]): Promise<unknown> => {
      reach(`before ${call}`)
      const answer: unknown = await Reflect.apply(inner as () => unknown, port, given)
      reach(`after ${call}`)
      return answer
    }
    return [member, watched] as const
  })
  return over(port, Object.fromEntries(members) as Partial<Port>)
}

function told<R>(call: PortCall, reach: Reach, work: () => R): R {
  reach(`before ${call}`)
  const answer = work()
  reach(`after ${call}`)
  return answer
}

/** `base`, also where it is an instance of a class, with `members` instead of its own. */
function over<Port extends object>(base: Port, members: Partial<Port>): Port {
  return new Proxy(base, {
    get: (target, name) =>
      Object.hasOwn(members, name) ? Reflect.get(members, name) : Reflect.get(target, name, target),
  })
}
