import type { JsonValue } from '../inbox/json.ts'

/** What a producer sent. */
export interface Message<Body = JsonValue> {
  /** Made by the producer or the broker. It names one sending, not one intent: never a default key. */
  readonly id: string
  /** To which it was first sent. */
  readonly topic: string
  readonly tag: string | undefined
  /** The message key that the producer set. */
  readonly key: string | undefined
  readonly headers: Readonly<Record<string, string>>
  /** Milliseconds since 1970, by the producer's or the broker's clock; for people, never for decisions. */
  readonly sentAtMs: number | undefined
  readonly body: Body
}
