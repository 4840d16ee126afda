import { groupRange } from '../inbox/identity.ts'
import type { Reason } from '../inbox/record.ts'
import type { Parking } from '../inbox/store.ts'
import { stateOf } from './record-rows.ts'
import type { StoreParts } from './store-parts.ts'
import { parking } from './statements.gen.ts'

interface DueRow {
  readonly scope: Uint8Array
  readonly key: Uint8Array
  readonly readable: string | null
  readonly state: number
  readonly fingerprint: Uint8Array
  readonly reason: string | null
  readonly parked_ms: number
}

interface UsageRow {
  readonly state: number
  readonly messages: number
  readonly bytes: number
}

export function sqliteParking({ read, clock }: StoreParts): Parking {
  return {
    due: (origin, limit) =>
      read((connection) => {
        const nowMs = clock.nowMs()
        return connection.all<DueRow>(parking.due, origin, nowMs, limit).map((row) => ({
          scope: row.scope,
          key: row.key,
          readable: row.readable ?? undefined,
          fingerprint: row.fingerprint,
          suspect: stateOf(row.state) === 'leased',
          reason: (row.reason ?? undefined) as Reason | undefined,
          waitedMs: nowMs - row.parked_ms,
        }))
      }),
    usage: (group) =>
      read((connection) => {
        const { from, below } = groupRange(group)
        const rows = connection.all<UsageRow>(parking.usage, from, below)
        const parked = rows.filter(({ state }) => stateOf(state) !== 'dead')
        return {
          messages: sum(parked.map(({ messages }) => messages)),
          bytes: sum(parked.map(({ bytes }) => bytes)),
          dead: sum(rows.map(({ messages }) => messages)) - sum(parked.map((row) => row.messages)),
        }
      }),
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
