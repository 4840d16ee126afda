import type { Consumer } from '../../consume/consumer-options.ts'
import { assuranceNames } from '../../inbox/assurance.ts'
import { printable } from '../text.ts'

/** What a consumer promises, and when it does not hold. */
export function assuranceText({ group, topic, assurance }: Consumer): string {
  const { level, because, windows } = assurance
  return [
    `${printable(group)} ← ${printable(topic)}: ${level}, ${assuranceNames[level]}`,
    ...because.map((each) => `  because ${printable(each)}`),
    ...windows.map((each) => `  except: ${printable(each)}`),
  ].join('\n')
}
