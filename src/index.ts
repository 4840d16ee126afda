export type { Consumer, ConsumerOptions, ConsumerStatus } from './consume/consumer-options.ts'
export { createConsumer } from './consume/create-consumer.ts'
export type { Message } from './delivery/message.ts'
export {
  type DelayLevel,
  delayLevels,
  type OutgoingMessage,
  type Publisher,
} from './delivery/publisher.ts'
export { type Schema, type SchemaResult, unchecked } from './delivery/schema.ts'
export type {
  Delivery,
  Source,
  SourceCapabilities,
  Subscription,
  WithinTransaction,
} from './delivery/source.ts'
export { catalog, type CatalogEntry, type SemelCode } from './errors/catalog.ts'
export { isSemelError, SemelError, type SemelErrorOptions } from './errors/semel-error.ts'
export { DeadLetter, RetryLater, TooEarly } from './errors/steering.ts'
export {
  type EventBase,
  type EventName,
  type Events,
  eventChannel,
  eventNames,
  on,
} from './events/events.ts'
export {
  type Assurance,
  type AssuranceLevel,
  assuranceNames,
  type Weakest,
} from './inbox/assurance.ts'
export type { JsonOf, JsonShape, JsonValue } from './inbox/json.ts'
export type { Key, KeyPart } from './inbox/key.ts'
export type { HeldLock, Lock, LockTerms } from './inbox/lock.ts'
export type {
  Act,
  AuditEntry,
  Inspector,
  RecordCount,
  RecordDetails,
  RecordFilter,
} from './inbox/inspector.ts'
export type { Claim, ClaimRequest, ClaimTerms, NewRecord } from './inbox/claim.ts'
export type { Identity } from './inbox/identity.ts'
export type {
  InboxRecord,
  Lease,
  Outcome,
  ParkedMessage,
  Reason,
  RecordView,
  State,
} from './inbox/record.ts'
export type {
  DueMessage,
  Leases,
  NoTransaction,
  OpenTransaction,
  Parking,
  ParkingUsage,
  SealedRecord,
  Settlement,
  TransactionTerms,
  Store,
  StoreCapabilities,
  Transactions,
} from './inbox/store.ts'
export type {
  EffectKind,
  RecordedStep,
  StepAnswer,
  StepIntent,
  Steps,
} from './inbox/steps.ts'
export type { Strategy } from './inbox/strategy.ts'
export type {
  AttemptContext,
  EffectsContext,
  HandlerContext,
  LevelOf,
  TransactionContext,
} from './once/context.ts'
export {
  type AnyCall,
  atLeastOnce,
  atMostOnce,
  type Call,
  checkable,
  type Effect,
  type EffectCall,
  type EffectCalls,
  type Effects,
  forwardedKey,
  type NoEffects,
} from './once/effects/declarations.ts'
export {
  type Once,
  type RunAnswer,
  type RunOptions,
  type SemelOptions,
  semel,
} from './once/semel.ts'
export { type Option, type OptionName, options } from './options/table.ts'
