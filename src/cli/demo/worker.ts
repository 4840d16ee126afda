// One consumer of the demo, as a process of its own.
import { reportToParent } from './parent.ts'
import { ways } from './ways/ways.ts'

const parent = reportToParent()
const { way, file } = parent.given as { readonly way: string; readonly file: string }
const found = ways.find(({ name }) => name === way)
if (found === undefined) throw new Error(`there is no way "${way}"`)
await found.consume(file, parent)
