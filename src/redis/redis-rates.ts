import type { Rates } from '../inbox/store.ts'
import { script } from './calls.ts'
import { baseOf } from './names.ts'
import { common, rate } from './scripts.gen.ts'
import type { StoreParts } from './store-parts.ts'

const rateScript = script(common, rate)

/** One number for each group: when the next one is due. */
export function redisRates({ calls, prefix, clockMs }: StoreParts): Rates {
  return {
    async take(group, perSecond, wanted) {
      const words = [clockMs(), String(perSecond), String(wanted)]
      const keys = [baseOf(prefix, group)] as const
      const answer = await calls.script('SEMEL_STORE_UNAVAILABLE', rateScript, keys, ...words)
      const [granted, waitMs] = answer as readonly [number, Buffer]
      return { granted, waitMs: Number(waitMs) }
    },
  }
}
