// `npm run bench -- <question> [--seconds n] [--rounds n] [--json]`
import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { type Answer, answer } from './harness.ts'
import { questions } from './questions/questions.ts'

const { values, positionals } = readArguments()
const asked = positionals.length === 0 ? Object.keys(questions) : positionals
const seconds = numberOf('seconds', values.seconds, 2, 0.05, 60)
const rounds = numberOf('rounds', values.rounds, 5, 1, 99)

console.error(machine())
const answers: Answer[] = []
for (const name of asked) {
  const ask = questions[name] ?? stop(`there is no question "${name}"; there are: ${Object.keys(questions).join(', ')}`)
  const onRound = (contestant: string, round: number, perSecond: number): void =>
    console.error(`  ${name}, round ${round}: ${contestant} ${Math.round(perSecond)} a second`)
  answers.push(await ask((question) => answer(question, { seconds, rounds, onRound })))
}
console.log(values.json ? JSON.stringify({ questions: answers }) : answers.map(tableOf).join('\n'))

function readArguments(): ReturnType<typeof parsed> {
  try {
    return parsed()
  } catch (error) {
    return stop(error instanceof Error ? error.message : String(error))
  }
}

function parsed() {
  return parseArgs({
    allowPositionals: true,
    options: { seconds: { type: 'string' }, rounds: { type: 'string' }, json: { type: 'boolean' } },
  })
}

function numberOf(name: string, text: string | undefined, usual: number, min: number, max: number): number {
  const number = text === undefined ? usual : Number(text)
  if (text !== '' && number >= min && number <= max) return number
  return stop(`--${name} is "${text}"; allowed are ${min} to ${max}`)
}
