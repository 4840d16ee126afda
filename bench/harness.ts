/** What is compared, on one kind of place: a file, a database, a broker. */
export interface Question<Place> {
  readonly name: string
  /** In one sentence. */
  readonly asks: string
  /** The first is what the others are compared to. */
  readonly contestants: readonly Contestant<Place>[]
  /** A fresh place with messages waiting, of which a fixed share are copies. */
  prepare(messages: number): Promise<Place>
  close(place: Place): Promise<void>
}

export interface Contestant<Place> {
  readonly name: string
  /** What must be there before; not timed. */
  arrange?(place: Place): Promise<void>
  /** The part that is timed: resolves when nothing is waiting any more. */
  consume(place: Place): Promise<void>
  /** Throws when it has not left exactly the effects that it must leave. */
  verify(place: Place): void | Promise<void>
}

export interface Terms {
  /** How long one contestant runs in one round, about. */
  readonly seconds: number
  readonly rounds: number
  readonly onRound: (contestant: string, round: number, perSecond: number) => void
}

export interface Answer {
  readonly question: string
  readonly contestants: readonly Standing[]
}

export interface Standing {
  readonly name: string
  /** Deliveries a second, the median of the rounds. */
  readonly perSecond: number
  /** To the first contestant, the median of the ratios within each round. */
  readonly ratio: number
}

const tryMessages = 300
const messagesMax = 200_000

/**
 * All contestants in one run, in rounds, each round beginning with another one; a machine that is busy for a while
 * is busy for all of them.
 */
export async function answer<Place>(question: Question<Place>, terms: Terms): Promise<Answer> {
  const { contestants } = question
  const sizes = new Map<string, number>()
  for (const contestant of contestants) {
    const first = await measure(question, contestant, tryMessages)
    // So few are mostly beginning and end.
    const perSecond = await measure(question, contestant, sizeOf((first * terms.seconds) / 2))
    sizes.set(contestant.name, sizeOf(perSecond * terms.seconds))
  }
  const rounds: Map<string, number>[] = []
  for (let round = 0; round < terms.rounds; round++) {
    const figures = new Map<string, number>()
    for (const contestant of rotated(contestants, round)) {
      const messages = sizes.get(contestant.name) ?? tryMessages
      const perSecond = await measure(question, contestant, messages)
      figures.set(contestant.name, perSecond)
      terms.onRound(contestant.name, round + 1, perSecond)
    }
    rounds.push(figures)
  }
  const names = contestants.map(({ name }) => name)
  return { question: question.name, contestants: standings(names, rounds) }
}

async function measure<Place>(
  question: Question<Place>,
  contestant: Contestant<Place>,
  messages: number,
): Promise<number> {
  const place = await question.prepare(messages)
  try {
    await contestant.arrange?.(place)
    const began = performance.now()
    await contestant.consume(place)
    const seconds = (performance.now() - began) / 1_000
    await contestant.verify(place)
    return messages / seconds
  } finally {
    await question.close(place)
  }
}

function standings(
  names: readonly string[],
  rounds: readonly ReadonlyMap<string, number>[],
): readonly Standing[] {
  const [plain = ''] = names
  return names.map((name) => ({
    name,
    perSecond: Math.round(median(rounds.map((round) => round.get(name) ?? 0))),
    ratio: rounded(median(rounds.map((round) => (round.get(name) ?? 0) / (round.get(plain) ?? 1)))),
  }))
}

function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b)
  const upper = Math.floor(sorted.length / 2)
  const lower = Math.ceil(sorted.length / 2) - 1
  return ((sorted[lower] ?? 0) + (sorted[upper] ?? 0)) / 2
}

function rotated<One>(list: readonly One[], by: number): readonly One[] {
  const at = by % list.length
  return [...list.slice(at), ...list.slice(0, at)]
}

function sizeOf(messages: number): number {
  return Math.max(tryMessages, Math.min(messagesMax, Math.round(messages / 100) * 100))
}

function rounded(ratio: number): number {
  return Math.round(ratio * 100) / 100
}
