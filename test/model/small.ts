import type { Budget, Message, Scenario } from './scenario-kinds.ts'

const none: Budget = { crash: 0, lost: 0, taken: 0, slow: 0, person: 0, stop: 0, nack: 0 }

export function message(key: number, more: Partial<Message> = {}): Message {
  return { key, handler: 'ok', fails: 0, lane: false, body: 0, needs: undefined, ...more }
}
export function laned(key: number, more: Partial<Message> = {}): Message {
  return message(key, { lane: true, ...more })
}
/** Throws so often, then does its work. */
export function failing(fails: number): Partial<Message> {
  return { handler: 'fails', fails }
}

type Given = Omit<Partial<Scenario>, 'budget' | 'messages'> & {
  readonly messages: readonly Message[]
  readonly budget: Partial<Budget>
}

export function scenario(name: string, { messages, budget, ...more }: Given): Scenario {
  return {
    name,
    messages,
    deliveries: messages.map((_, at) => at),
    calls: [],
    processes: 2,
    slots: 2,
    prefetch: 3,
    batch: 2,
    attemptsMax: 3,
    broker: 'marks',
    deliveryLimit: undefined,
    level: 'A',
    prunes: false,
    budget: { ...none, ...budget },
    ...more,
  }
}
