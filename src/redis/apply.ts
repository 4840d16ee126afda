import type { SemelCode } from '../errors/catalog.ts'
import { assertThat, isSemelError, SemelError } from '../errors/semel-error.ts'
import {
  type Answered,
  type Asking,
  guessed,
  type ScriptAnswer,
  seenIn,
  type Turn,
} from './asking.ts'
import { script } from './calls.ts'
import { baseOf, placeOf } from './names.ts'
import { change, common } from './scripts.gen.ts'
import type { StoreParts } from './store-parts.ts'
import { type Try, tryOf } from './trying.ts'

const changeScript = script(common, change)
/** Somebody else was first so many times: it is tried again by whoever asked. */
const roundsMax = 20

/**
 * Decides by the table of transitions, here, and writes what is decided where the record still is what was decided
 * on. What is thought to be known is not read first: the usual claim and the usual settlement are one round trip,
 * and so is a whole batch. Answers stand in the order of what is asked.
 *
 * @param unanswered What a call is that gets no answer.
 */
export async function applyAll(
  parts: StoreParts,
  askings: readonly Asking[],
  unanswered: SemelCode,
): Promise<readonly Answered[]> {
  const turns: readonly Turn[] = askings.map((asking) => ({
    asking,
    place: placeOf(asking.identity),
    seen: guessed(asking),
    answered: undefined,
  }))
  for (let round = 0; round < roundsMax; round++) {
    const tries = turns.filter(({ answered }) => answered === undefined).flatMap(tryOf)
    if (tries.length === 0) return turns.map(answerOf)
    const groups = Map.groupBy(tries, ({ turn }) => turn.place.group)
    await Promise.all([...groups].map(([group, some]) => runGroup(parts, group, some, unanswered)))
  }
  throw new SemelError('SEMEL_STORE_CONTENDED', `redis: others were first ${roundsMax} times`)
}

export async function applyOne(
  parts: StoreParts,
  asking: Asking,
  unanswered: SemelCode,
): Promise<Answered> {
  const [answered] = await applyAll(parts, [asking], unanswered)
  assertThat(answered, 'what is asked is answered')
  return answered
}

function answerOf({ answered }: Turn): Answered {
  assertThat(answered, 'what has no turn left is answered')
  return answered
}

/** A call is shared with others: without an answer each of them is what its own asker says. */
async function runGroup(
  parts: StoreParts,
  group: string,
  tries: readonly Try[],
  unanswered: SemelCode,
): Promise<void> {
  try {
    if (tries.some(({ seen }) => seen !== undefined)) await parts.introduce(group)
    await parts.together(group, tries)
  } catch (error) {
    if (!isSemelError(error, 'SEMEL_OUTCOME_UNKNOWN')) throw error
    throw new SemelError(unanswered, error.message, { cause: error.cause })
  }
}

/** One call of the script. */
export async function runPiece(
  { calls, prefix, clockMs }: Pick<StoreParts, 'calls' | 'prefix' | 'clockMs'>,
  group: string,
  piece: readonly Try[],
): Promise<void> {
  const all = Buffer.concat(piece.map((one) => one.packed))
  const keys = [baseOf(prefix, group)] as const
  const asked = calls.script('SEMEL_OUTCOME_UNKNOWN', changeScript, keys, clockMs(), all)
  const answers = (await asked) as readonly ScriptAnswer[]
  for (const [at, { turn, seen, done }] of piece.entries()) {
    const answer = answers[at]
    assertThat(answer, 'the script answers each')
    if (answer[0] === 1) turn.answered = done(answer[1])
    else turn.seen = seenIn(answer, turn.asking.identity, seen === undefined ? 'looked' : 'refused')
  }
}
