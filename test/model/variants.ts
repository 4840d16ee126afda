import type { Wrong } from './wrong.ts'

export interface Variant {
  /** Of PROTOCOL; W: of the list of wrong designs that the rules come from. */
  readonly rule: string
  readonly wrong: Wrong
  /** Its name in `scenarios`. */
  readonly scenario: string
  /** How the violation begins; undefined: this one is right, too. */
  readonly costs: string | undefined
}

/** Each rule left out by itself, and what it costs. */
export const variants: readonly Variant[] = [
  { rule: 'P5, W4', wrong: 'the state before the fingerprint', scenario: 'mismatch', costs: 'I5' },
  {
    rule: 'P5',
    wrong: 'one’s own claim id counts in every state',
    scenario: 'plain',
    costs: 'I4',
  },
  { rule: 'P5', wrong: 'one’s own claim keeps its token', scenario: 'levelB', costs: 'I3' },
  { rule: 'P6, W1', wrong: 'deliveries run parked messages', scenario: 'lane', costs: 'I13' },
  { rule: 'P7', wrong: 'settlements without a token', scenario: 'slow', costs: 'I6' },
  { rule: 'P7', wrong: 'a fenced settlement commits all the same', scenario: 'slow', costs: 'I1' },
  { rule: 'P8', wrong: 'no conflict re-read', scenario: 'failsTwice', costs: 'I5' },
  { rule: 'P8', wrong: 'a vanished conflict is a duplicate', scenario: 'stops', costs: 'I5' },
  {
    rule: 'P8',
    wrong: 'copies in a batch are claims of their own',
    scenario: 'copies',
    costs: 'I1',
  },
  { rule: 'P9', wrong: 'no seal', scenario: 'swallows', costs: 'I5' },
  { rule: 'P9, W10', wrong: 'a handler may commit', scenario: 'commits', costs: 'I2' },
  {
    rule: 'P10',
    wrong: 'the rest of a batch re-runs with its lane',
    scenario: 'lane',
    costs: 'I13',
  },
  {
    rule: 'P10',
    wrong: 'the rest of a careful batch re-runs with its lane',
    scenario: 'lane',
    costs: 'I13',
  },
  {
    rule: 'P10',
    wrong: 'what failed in company runs before what left after it',
    scenario: 'laneThree',
    costs: 'I13',
  },
  {
    rule: 'P10',
    wrong: 'what left a batch does not wait for its lane',
    scenario: 'laneLater',
    costs: 'I13',
  },
  {
    rule: 'P10',
    wrong: 'a failure in company counts',
    scenario: 'parkedCompany',
    costs: 'INNOCENT',
  },
  { rule: 'P13', wrong: 'marked deliveries are no suspects', scenario: 'killer', costs: 'I8' },
  {
    rule: 'P18',
    wrong: 'bodies are read before they are counted',
    scenario: 'unreadable',
    costs: 'I8',
  },
  { rule: 'P14', wrong: 'suspects run beside others', scenario: 'killer', costs: 'INNOCENT' },
  {
    rule: 'P14, W12',
    wrong: 'alone in its consumer, not in its process',
    scenario: 'killer',
    costs: 'INNOCENT',
  },
  {
    rule: 'P14, W12b',
    wrong: 'alone in its consumer, not in its process',
    scenario: 'killerThree',
    costs: 'INNOCENT',
  },
  { rule: 'P15, W7', wrong: 'every crash counts', scenario: 'failsThenKills', costs: 'INNOCENT' },
  {
    rule: 'P16, W8',
    wrong: 'the bound travels with acknowledgements',
    scenario: 'windowKiller',
    costs: 'I8',
  },
  { rule: 'P17, W9', wrong: 'the full prefetch after a crash', scenario: 'limit', costs: 'BROKER' },
  { rule: 'P21, W2', wrong: 'due are failed ones only', scenario: 'fails', costs: 'STUCK' },
  { rule: 'P21, W3', wrong: 'the head wakes its followers', scenario: 'lane', costs: 'STUCK' },
  { rule: 'P21', wrong: 'takers do not bury', scenario: 'followerKiller', costs: 'STUCK' },
  {
    rule: 'P22',
    wrong: 'takers ask with a fingerprint made anew',
    scenario: 'fails',
    costs: 'STUCK',
  },
  { rule: 'P22', wrong: 'parked ones in fast batches', scenario: 'followerKiller', costs: 'I8' },
  { rule: 'P23', wrong: 'later ones of a lane are not parked', scenario: 'lane', costs: 'I13' },
  {
    rule: 'P23',
    wrong: 'a parked head found by the re-read closes no lane',
    scenario: 'laneTaken',
    costs: 'I13',
  },
  { rule: 'P23', wrong: 'the lane look sees failed ones only', scenario: 'lane', costs: 'I13' },
  {
    rule: 'P23',
    wrong: 'the claim does not look at the lane',
    scenario: 'laneThree',
    costs: 'I13',
  },
  {
    rule: 'P24, W11',
    wrong: 'a held head of a lane is given back by itself',
    scenario: 'laneNack',
    costs: 'I13',
  },
  {
    rule: 'P24, W11b',
    wrong: 'a held head is given back with all behind it',
    scenario: 'laneNack',
    costs: undefined,
  },
  { rule: 'P25, W5', wrong: 'a dead head holds its lane', scenario: 'laneAlways', costs: 'STUCK' },
  { rule: 'P25, W6', wrong: 'an early head holds its lane', scenario: 'early', costs: 'STUCK' },
  { rule: 'verdicts', wrong: 'an unknown commit is believed', scenario: 'plain', costs: 'I5' },
  { rule: 'P7', wrong: 'burial without looking again', scenario: 'burialRedriven', costs: 'I7' },
  { rule: 'P32', wrong: 'retention shorter than redelivery', scenario: 'prunes', costs: 'I1' },
  {
    rule: 'level B',
    wrong: 'the key forwarded changes with the attempt',
    scenario: 'levelB',
    costs: 'I1',
  },
  { rule: 'level D', wrong: 'no intent before the effect', scenario: 'levelD', costs: 'I1' },
]
