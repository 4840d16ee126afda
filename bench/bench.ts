// Compares semel with what people would write instead: `npm run bench -- [question …] [--seconds n] [--rounds n] [--json]`
import { readArguments } from './arguments.ts'
import type { Answer } from './harness.ts'
import { questions } from './questions/questions.ts'
import { machine, tableOf } from './table.ts'

const { asked, seconds, rounds, json } = readArguments(
  process.argv.slice(2),
  Object.keys(questions),
)

console.error(machine())
const answers: Answer[] = []
for (const name of asked) {
  const onRound = (contestant: string, round: number, perSecond: number): void =>
    console.error(
      `  ${name}, round ${round} of ${rounds}: ${contestant}, ${Math.round(perSecond)} a second`,
    )
  const answered = await questions[name]?.({ seconds, rounds, onRound })
  if (answered !== undefined) answers.push(answered)
}
console.log(json ? JSON.stringify({ questions: answers }) : answers.map(tableOf).join('\n'))
