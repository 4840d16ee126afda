import type { InboxRecord } from '../../src/inbox/record.ts'
import type { Model, World } from './kinds.ts'

/** Records that stand in the lane; there is one lane in the model. */
export function inLane(model: Model, world: World): readonly InboxRecord[] {
  const standing: InboxRecord[] = []
  for (const record of world.records) if (record && stands(model, record)) standing.push(record)
  return standing.sort((a, b) => (a.place ?? 0) - (b.place ?? 0))
}

function stands({ wrong }: Model, record: InboxRecord): boolean {
  if (wrong === 'a dead head holds its lane' && record.state === 'dead')
    return record.lane !== undefined
  if (wrong === 'an early head holds its lane' && record.reason === 'early')
    return record.lane !== undefined
  if (wrong === 'the lane look sees failed ones only' && record.state !== 'failed') return false
  return record.place !== undefined
}

export function endOfLane(world: World): number {
  return 1 + Math.max(0, ...world.records.map((record) => record?.place ?? 0))
}

export function isFirst(model: Model, world: World, record: InboxRecord): boolean {
  if (record.lane === undefined || !stands(model, record)) return true
  return inLane(model, world)[0] === record
}
