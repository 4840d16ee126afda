export { lockCases } from './lock-cases.ts'
export type { LockAdapter, LockCase, OpenedLock } from './lock-suite.ts'
export { type ManualClock, manualClock } from './manual-clock.ts'
export { sourceCases } from './source-cases.ts'
export type {
  Lack,
  OpenedSource,
  PublisherChoice,
  SourceAdapter,
  SourceCase,
  SourceChoice,
} from './source-suite.ts'
export { storeCases } from './store-cases.ts'
export type { Effects, OpenedStore, StoreAdapter, StoreCase } from './store-suite.ts'
export {
  type Adapter,
  type AdapterReport,
  type Case,
  type CaseResult,
  type Closable,
  type Need,
  register,
  runCases,
  type TestFunction,
} from './suite.ts'
