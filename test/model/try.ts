import { modelOf } from './world.ts'
import { search } from './search.ts'
import { scenarios } from './scenarios.ts'
import { variants } from './variants.ts'
const want = process.argv[2]
const happened = new Map<string, number>()
const one = (id: string, s: any, wrong: any, costs?: string) => {
  const t = performance.now()
  const f = search(modelOf(s, wrong, happened), 400_000)
  const ok = costs ? f.violation?.startsWith(costs) : !f.violation
  console.log(
    ok ? '  ' : '**',
    id,
    wrong ?? '',
    f.violation ?? 'holds',
    f.states,
    f.steps,
    f.capped ? 'CAPPED' : '',
    Math.round(performance.now() - t),
    'ms',
  )
  if ((!ok && f.violation) || want) console.log(f.trace.map((l) => '   ' + l).join('\n'))
}
if (want !== 'wrong')
  for (const [id, s] of Object.entries(scenarios)) if (!want || want === id) one(id, s, undefined)
for (const v of variants)
  if (!want || want === 'wrong' || v.wrong === want)
    one(v.scenario, scenarios[v.scenario], v.wrong, v.costs)
console.log([...happened].map(([k, n]) => `${k}=${n}`).join(', '))
