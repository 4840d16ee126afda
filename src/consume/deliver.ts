import type { Delivery } from '../delivery/source.ts'
import { describeError } from '../errors/semel-error.ts'
import { type EventBase, emit } from '../events/events.ts'
import { type Identity, identityName } from '../inbox/identity.ts'
import { newClaimId } from '../once/careful.ts'
import type { Arrival } from './arrivals.ts'
import { consume } from './consume.ts'
import { type Driven, drive, type Final } from './drive.ts'
import { about, type Runtime } from './runtime.ts'
import type { Situation } from './verdict.ts'

/** With a commit of their own, which the acknowledgement can be part of. */
const performed: readonly Situation['kind'][] = ['applied', 'passed']

/** One delivery by itself, to its acknowledgement. That comes last, and only from a durable state. */
export async function deliver(arrival: Arrival, run: Runtime): Promise<Final> {
  const { delivery, suspect, identified, lane } = arrival
  const { source, joins, group, topic } = run.flow
  const { message } = delivery
  const claimId = newClaimId()
  let base: EventBase = { group, topic, key: message.key ?? message.id }
  let name = message.id
  let joined = false
  const acknowledge = joins
    ? (): void => {
        joined = source.within?.ack([delivery]) === true
      }
    : undefined
  const onIdentified = (identity: Identity): void => {
    base = about(run.flow, identity)
    name = identityName(identity)
  }
  const driven: Driven = {
    about: () => base,
    name: () => name,
    alone: suspect ? 'if empty' : false,
    // P24: given back, it could come again behind those that come after it.
    keeps: lane !== undefined || (suspect && run.flow.options.orderedBy !== undefined),
    attempt(alone) {
      joined = false
      const known = arrival.handled ? undefined : identified
      arrival.handled = true
      const job = {
        delivery,
        identified: known,
        suspect,
        alone,
        claimId,
        acknowledge,
        onIdentified,
      }
      return consume(job, run)
    },
  }
  const final = await drive(driven, run)
  const committed = final.verdict === 'ack' && performed.includes(final.situation.kind)
  const done = committed && joined
  if (!done) await acknowledgeOne(delivery, final, run)
  return final
}

async function acknowledgeOne(delivery: Delivery, final: Final, run: Runtime): Promise<void> {
  if (final.verdict === 'ack') await acknowledgeAll([delivery], run)
  if (final.verdict === 'nack')
    await tell(run, ({ source }) => source.nack([delivery], final.afterMs))
}

/** A lost acknowledgement is harmless: the delivery comes again and meets its record. */
export async function acknowledgeAll(deliveries: readonly Delivery[], run: Runtime): Promise<void> {
  if (deliveries.length > 0) await tell(run, ({ source }) => source.ack(deliveries))
}

async function tell(
  { flow }: Runtime,
  what: (flow: Runtime['flow']) => Promise<void>,
): Promise<void> {
  const { group, topic } = flow
  try {
    await what(flow)
  } catch (error) {
    emit('source-unavailable', () => ({ group, topic, error: describeError(error) }))
  }
}
