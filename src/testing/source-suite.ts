import type { Publisher } from '../delivery/publisher.ts'
import type { Source } from '../delivery/source.ts'
import type { Store } from '../inbox/store.ts'
import type { Effects } from './store-suite.ts'
import type { Adapter, Case, Closable, Need } from './suite.ts'

/** One promise of the ports `Source` and `Publisher`. */
export type SourceCase = Case<OpenedSource>

/** How the suite gets at one broker. */
export type SourceAdapter = Adapter<OpenedSource>

export interface SourceChoice {
  /** Default: the topic of the case. */
  readonly topic?: string
  /** Default: every tag. */
  readonly tag?: string
  /** Whether the case lets holds end: then deliveries are held for `holdMs`, else for longer than any case. */
  readonly ending?: boolean
}

export interface PublisherChoice {
  /** Default: the topic of the case; undefined: none. */
  readonly topic?: string | undefined
  readonly inFlightMax?: number
  readonly bodyBytesMax?: number
  readonly onError?: (error: unknown) => void
}

/** A broker with topics that nobody else uses. */
export interface OpenedSource extends Closable {
  /** A new consumer, not opened yet. The suite closes what it opens. */
  source(choice?: SourceChoice): Source
  publisher(choice?: PublisherChoice): Publisher
  /** A topic of the case; two names are two topics. */
  topic(name: string): string
  /** How long a source for which `ending` was chosen holds a delivery, in milliseconds; short. */
  readonly holdMs: number
  /** How long a case waits for what must come, in milliseconds. */
  readonly arrivalMs: number
  /** How long nothing may arrive before a case believes that nothing comes, in milliseconds. */
  readonly quietMs: number
  /** Waits until the broker's clock has gone on by so many milliseconds, or moves it. */
  passTime(ms: number): Promise<void>
  /**
   * Drops a consumer as a killed process would, without a word to the broker, and waits until its deliveries can
   * come again.
   */
  crash(source: Source): Promise<void>
  /** What the broker lacks that the port does not declare. */
  readonly lacks: readonly Lack[]
  /** A prepared store with the same medium, and rows of the user's own in it; where there is one. */
  readonly joined?: { readonly store: Store; readonly effects: Effects }
  /** Makes the broker refuse what is sent, until the function that it answers is called; where it can be made to. */
  refuseSends?(): Promise<() => Promise<void>>
  close(): Promise<void>
}

/** What a broker may lack besides the capabilities of its source. */
export type Lack = 'tags' | 'broadcast' | 'ids of the producer' | 'guarded acknowledgements'

export const marks: Need<OpenedSource> = {
  name: 'marks redelivery',
  because: 'the broker does not say that a delivery is not the first',
  declared: (opened) => opened.source().capabilities.marksRedelivery,
}

export const delays: Need<OpenedSource> = {
  name: 'delays',
  because: 'the broker delivers at once',
  declared: (opened) => opened.source().capabilities.delays === 'native',
}

export const order: Need<OpenedSource> = {
  name: 'order',
  because: 'the broker promises none',
  declared: (opened) => opened.source().capabilities.order !== 'none',
}

export const keyOrder: Need<OpenedSource> = {
  name: 'order by key',
  because: 'the broker does not keep an order on one consumer',
  declared: (opened) => opened.source().capabilities.order === 'key',
}

export const holds: Need<OpenedSource> = {
  name: 'holds that end',
  because: 'a delivery is held as long as the connection',
  declared: (opened) => opened.source().capabilities.holdMs !== undefined,
}

export const joins: Need<OpenedSource> = {
  name: 'one medium with a store',
  because: 'messages cannot be acknowledged inside a transaction of a store',
  declared: (opened) => opened.source().within !== undefined && opened.joined !== undefined,
}

export const refusals: Need<OpenedSource> = {
  name: 'refused sends',
  because: 'the broker cannot be made to refuse a message',
  declared: ({ refuseSends }) => refuseSends !== undefined,
}

export const tags: Need<OpenedSource> = lacking('tags', 'messages have no tags there')

export const broadcast: Need<OpenedSource> = lacking(
  'broadcast',
  'each message goes to one of a group',
)

export const producerIds: Need<OpenedSource> = lacking(
  'ids of the producer',
  'the broker makes the ids',
)

export const guarded: Need<OpenedSource> = lacking(
  'guarded acknowledgements',
  'a late acknowledgement counts for whoever holds the message now',
)

function lacking(name: Lack, because: string): Need<OpenedSource> {
  return { name, because, declared: ({ lacks }) => !lacks.includes(name) }
}
