import type { RecordRow } from '../../operate/records.ts'
import type { Answer } from '../answering.ts'
import { printable } from '../text.ts'

/** What one act did, for people and programs. */
export function actAnswer(done: string, record: RecordRow | undefined): Answer {
  if (record === undefined) return { text: done, json: { done } }
  const text = `${done}: ${printable(record.key)} (group ${printable(record.group)}, id ${record.id}) is ${record.state}`
  return { text, json: { done, record } }
}
