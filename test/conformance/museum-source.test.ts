import test from 'node:test'
import type { Delivery, Message, Publisher, Source } from 'semel'
import { type OpenedSource, sourceCases } from 'semel/testing'
import { memorySourceAdapter } from './adapters/memory.ts'
import { type Exhibit, seenToFail } from './museum.ts'

interface Broker {
  readonly source: Source
  readonly publisher: Publisher
}

const exhibits: readonly Exhibit<Broker>[] = [
  {
    bug: 'a message is acknowledged when it is handed out',
    foundBy: 'what is given back without',
    put: inSource((source) => ({ nack: (deliveries) => source.ack(deliveries) })),
  },
  {
    bug: 'a late acknowledgement counts for whoever has the message now',
    foundBy: 'an acknowledgement by a former owner',
    put: inSource((source) => ({ ack: (deliveries) => source.ack(deliveries.map(asHeldNow)) })),
  },
  {
    bug: 'the hold runs on while the handler works',
    foundBy: 'a renewed message stays',
    put: inSource(() => ({ renew: async () => {} })),
  },
  {
    bug: 'a pull takes more than it was asked for',
    foundBy: 'never answers more',
    put: inSource((source) => ({ pull: (limit, signal) => source.pull(limit + 1, signal) })),
  },
  {
    bug: 'an aborted pull throws away what it had taken',
    foundBy: 'already aborted takes nothing',
    put: inSource((source) => ({
      async pull(limit, signal) {
        const taken = await source.pull(limit, AbortSignal.timeout(50))
        return signal.aborted ? [] : taken
      },
    })),
  },
  {
    bug: 'messages of one batch come in any order',
    foundBy: 'in the order in which one producer',
    put: inSource((source) => ({
      pull: async (limit, signal) => (await source.pull(limit, signal)).toReversed(),
    })),
  },
  {
    bug: 'all groups share one position',
    foundBy: 'groups with different tags',
    put: inSource((source) => ({
      open: (subscription) => source.open({ ...subscription, group: 'one' }),
    })),
  },
  {
    bug: 'each consumer is a group of its own',
    foundBy: 'of one group one consumer',
    put: inSource((source) => ({
      open: (subscription) => source.open({ ...subscription, group: crypto.randomUUID() }),
    })),
  },
  {
    bug: 'a closed source keeps its messages to itself for ever, or fails to say that it is closed',
    foundBy: 'a closed source refuses',
    put: inSource((source) => ({ ack: (deliveries) => source.ack(deliveries).catch(() => {}) })),
  },
  {
    bug: 'a redelivery is not marked',
    foundBy: 'comes again when its hold has ended',
    put: inDeliveries((delivery) => ({ ...delivery, redelivered: false })),
  },
  {
    bug: 'every delivery is marked',
    foundBy: 'a first delivery is not marked',
    put: inDeliveries((delivery) => ({ ...delivery, redelivered: true })),
  },
  {
    bug: 'the id is the one of the delivery',
    foundBy: 'the same at every delivery',
    put: inMessages((message) => ({ ...message, id: crypto.randomUUID() })),
  },
  {
    bug: 'the topic of a redelivery is the one of the retries',
    foundBy: 'the topic is the one',
    put: inDeliveries(({ message, ...rest }) => {
      const topic = rest.redelivered === true ? '%RETRY%points' : message.topic
      return { ...rest, message: { ...message, topic } }
    }),
  },
  {
    bug: 'bodies go through text',
    foundBy: 'bodies come byte for byte',
    put: inMessages((message) => ({
      ...message,
      body: new Uint8Array(Buffer.from(Buffer.from(message.body).toString())),
    })),
  },
  {
    bug: 'header names are folded as in HTTP',
    foundBy: 'keys and headers',
    put: inMessages((message) => ({
      ...message,
      headers: Object.fromEntries(
        Object.entries(message.headers).map(([name, value]) => [name.toLowerCase(), value]),
      ),
    })),
  },
  {
    bug: 'a batch is sent one by one',
    foundBy: 'of a batch with one bad message',
    put: inPublisher((publisher) => ({
      async sendBatch(messages) {
        const ids: string[] = []
        for (const message of messages) ids.push(await publisher.send(message))
        return ids
      },
    })),
  },
  {
    bug: 'a delay is dropped',
    foundBy: 'a delayed message comes after its delay',
    put: inPublisher((publisher) => ({
      send: (message) => publisher.send({ ...message, delay: 0 }),
    })),
  },
  {
    bug: 'the ids of the producer are replaced',
    foundBy: 'ids given by the producer',
    put: inPublisher((publisher) => ({
      send: (message) => publisher.send({ ...message, id: crypto.randomUUID() }),
    })),
  },
  {
    bug: 'sends that nobody awaits are unbounded',
    foundBy: 'more messages in flight',
    put: inPublisher((publisher) => ({
      enqueue(message) {
        publisher.send(message).catch(() => {})
      },
    })),
  },
]

for (const exhibit of exhibits)
  test(`it is noticed when ${exhibit.bug}`, () =>
    seenToFail(sourceCases, memorySourceAdapter, exhibit, patched))

function patched(opened: OpenedSource, put: (broker: Broker) => Broker): OpenedSource {
  return {
    ...opened,
    arrivalMs: 300,
    source: (choice) =>
      put({ source: opened.source(choice), publisher: opened.publisher() }).source,
    publisher: (choice) =>
      put({ source: opened.source(), publisher: opened.publisher(choice) }).publisher,
  }
}

function inSource(patch: (source: Source) => Partial<Source>): (broker: Broker) => Broker {
  return ({ source, publisher }) => ({ source: { ...source, ...patch(source) }, publisher })
}

function inPublisher(
  patch: (publisher: Publisher) => Partial<Publisher>,
): (broker: Broker) => Broker {
  return ({ source, publisher }) => ({ source, publisher: { ...publisher, ...patch(publisher) } })
}

function inDeliveries(change: (delivery: Delivery) => Delivery): (broker: Broker) => Broker {
  return inSource((source) => ({
    pull: async (limit, signal) => (await source.pull(limit, signal)).map(change),
  }))
}

function inMessages(
  change: (message: Message<Uint8Array>) => Message<Uint8Array>,
): (broker: Broker) => Broker {
  return inDeliveries((delivery) => ({ ...delivery, message: change(delivery.message) }))
}

/** What a broker does that knows a message, but not to whom it gave it. */
function asHeldNow(delivery: Delivery): Delivery {
  const held = delivery as Delivery & { readonly waiting: { readonly receipt: object } }
  return Object.assign({}, held, { receipt: held.waiting.receipt })
}
