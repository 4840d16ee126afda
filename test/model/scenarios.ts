import type { Scenario } from './scenario-kinds.ts'
import { failing, laned, message, scenario } from './small.ts'

/** What is looked at, small enough to be looked at whole. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  plain: scenario('two messages', {
    messages: [message(0), message(1)],
    budget: { crash: 1, lost: 1 },
  }),
  taken: scenario('deliveries taken away', {
    messages: [message(0), message(1)],
    budget: { taken: 1, crash: 1 },
  }),
  copies: scenario('a copy under another id', {
    messages: [message(0), message(1)],
    deliveries: [0, 1, 0],
    budget: { lost: 1 },
  }),
  fails: scenario('a handler that fails once', {
    messages: [message(0, failing(1)), message(1)],
    budget: { crash: 1 },
  }),
  failsLost: scenario('a handler that fails, answers lost', {
    messages: [message(0, failing(1))],
    deliveries: [0, 0],
    budget: { lost: 1 },
  }),
  failsTwice: scenario('a copy of a message that fails twice', {
    messages: [message(0, failing(2))],
    deliveries: [0, 0],
    attemptsMax: 4,
    slots: 1,
    budget: { taken: 1 },
  }),
  always: scenario('a handler that always fails', {
    messages: [message(0, { handler: 'always' }), message(1)],
    attemptsMax: 2,
    budget: { lost: 1 },
  }),
  company: scenario('a handler that fails in company', {
    messages: [message(0, { handler: 'batch' }), message(1)],
    attemptsMax: 2,
    budget: { crash: 1 },
  }),
  parkedCompany: scenario('a handler that fails in company, parked', {
    messages: [laned(0, failing(1)), laned(1, { handler: 'batch' }), laned(2)],
    attemptsMax: 2,
    budget: {},
  }),
  killer: scenario('a killer and an innocent', {
    messages: [message(0, { handler: 'kills' }), message(1)],
    attemptsMax: 2,
    budget: { crash: 1 },
  }),
  burialRedriven: scenario('a person redrives what is about to be buried', {
    messages: [message(0, { handler: 'fails then kills', fails: 1 })],
    attemptsMax: 2,
    budget: { person: 1 },
  }),
  burialRenewed: scenario('a burial and an owner that renews', {
    messages: [message(0, { handler: 'always' })],
    attemptsMax: 2,
    budget: { slow: 2 },
  }),
  unreadable: scenario('a body that ends whoever reads it', {
    messages: [message(0, { handler: 'unreadable' }), message(1)],
    attemptsMax: 2,
    budget: { crash: 1 },
  }),
  laneUnreadable: scenario('a body that ends whoever reads it, in a lane', {
    messages: [laned(0, failing(1)), laned(1, { handler: 'unreadable' })],
    attemptsMax: 3,
    budget: {},
  }),
  killerThree: scenario('a killer and two innocents', {
    messages: [message(0, { handler: 'kills' }), message(1), message(2)],
    attemptsMax: 2,
    batch: 3,
    processes: 1,
    budget: {},
  }),
  failsThenKills: scenario('a killer that fails first, beside an innocent that is parked', {
    messages: [message(0, { handler: 'fails then kills', fails: 1 }), message(1, failing(1))],
    attemptsMax: 2,
    processes: 1,
    budget: {},
  }),
  stops: scenario('stops in order', {
    messages: [message(0, { handler: 'batch' }), message(1)],
    deliveries: [0, 1, 0],
    slots: 1,
    budget: { stop: 1 },
  }),
  lane: scenario('a lane, its head fails', {
    messages: [laned(0, failing(2)), laned(1)],
    attemptsMax: 4,
    budget: { crash: 1 },
  }),
  laneTaken: scenario('a lane, taken away', {
    messages: [laned(0, failing(1)), laned(1)],
    attemptsMax: 4,
    budget: { taken: 1 },
  }),
  laneLost: scenario('a lane, answers lost', {
    messages: [laned(0, failing(1)), laned(1)],
    attemptsMax: 4,
    budget: { lost: 1 },
  }),
  laneNack: scenario('a lane, given back', {
    messages: [laned(0, failing(1)), laned(1)],
    attemptsMax: 4,
    budget: { taken: 1, nack: 1 },
  }),
  laneThree: scenario('a lane of three, two fail', {
    messages: [laned(0, failing(1)), laned(1, failing(1)), laned(2)],
    attemptsMax: 4,
    budget: { slow: 1 },
  }),
  laneLater: scenario('a lane, its head fails when the batch re-runs', {
    messages: [laned(0, { handler: 'fails later', fails: 2 }), laned(1, { handler: 'batch' })],
    attemptsMax: 4,
    budget: { crash: 1 },
  }),
  laneAlways: scenario('a lane with a dead head', {
    messages: [laned(0, { handler: 'always' }), laned(1)],
    attemptsMax: 2,
    budget: { crash: 1 },
  }),
  laneKiller: scenario('a lane with a killer', {
    messages: [laned(0, { handler: 'kills' }), laned(1)],
    attemptsMax: 2,
    budget: {},
  }),
  followerKiller: scenario('a lane with a killer behind a head that fails', {
    messages: [laned(0, failing(1)), laned(1, { handler: 'kills' })],
    attemptsMax: 2,
    budget: {},
  }),
  laneCopy: scenario('a lane with a copy', {
    messages: [laned(0, failing(1)), laned(1)],
    deliveries: [0, 1, 0],
    budget: {},
  }),
  laneProcesses: scenario('a lane and three processes', {
    messages: [laned(0, failing(1)), laned(1)],
    attemptsMax: 4,
    processes: 3,
    slots: 1,
    budget: { crash: 1 },
  }),
  parkedTwo: scenario('two parked messages, answers lost', {
    messages: [message(0, failing(1)), message(1, failing(1))],
    attemptsMax: 4,
    budget: { lost: 1 },
  }),
  early: scenario('an early head', {
    messages: [laned(0, { needs: 1 }), laned(1)],
    budget: { crash: 1 },
  }),
  swallows: scenario('a handler that hides an error', {
    messages: [message(0, { handler: 'swallows', fails: 1 }), message(1)],
    budget: { lost: 1 },
  }),
  commits: scenario('a handler that commits', {
    messages: [message(0, { handler: 'commits' }), message(1)],
    attemptsMax: 2,
    budget: { crash: 1 },
  }),
  mismatch: scenario('one key, two bodies', {
    messages: [message(0, { handler: 'always' }), message(0, { body: 1 })],
    attemptsMax: 2,
    budget: { lost: 1 },
  }),
  slow: scenario('leases that end under their owner', {
    messages: [message(0, failing(1))],
    attemptsMax: 5,
    budget: { slow: 2, crash: 1 },
  }),
  people: scenario('what people do', {
    messages: [laned(0, { handler: 'always' }), laned(1, failing(1))],
    attemptsMax: 3,
    budget: { person: 1 },
  }),
  freed: scenario('a lease that a person frees', {
    messages: [message(0, failing(1))],
    attemptsMax: 4,
    budget: { person: 1, taken: 1, slow: 1 },
  }),
  prunes: scenario('records that are pruned', {
    messages: [message(0), message(1)],
    deliveries: [0, 1, 0],
    prunes: true,
    budget: { crash: 1 },
  }),
  window: scenario('a broker without marks', {
    messages: [message(0, failing(1)), message(1)],
    broker: 'window',
    budget: { crash: 1 },
  }),
  windowKiller: scenario('a killer on a broker without marks', {
    messages: [message(0, { handler: 'kills' }), message(1)],
    broker: 'window',
    attemptsMax: 2,
    budget: {},
  }),
  limit: scenario('a broker that gives up', {
    messages: [message(0, { handler: 'kills' }), message(1, { handler: 'kills' }), message(2)],
    attemptsMax: 2,
    deliveryLimit: 4,
    processes: 1,
    slots: 1,
    budget: {},
  }),
  levelB: scenario('level B', {
    level: 'B',
    messages: [message(0, failing(1))],
    attemptsMax: 5,
    budget: { crash: 1, lost: 1, slow: 1 },
  }),
  levelBasks: scenario('level B, the far side is asked', {
    level: 'B asks',
    messages: [message(0, failing(1))],
    attemptsMax: 5,
    budget: { crash: 1, lost: 1 },
  }),
  levelC: scenario('level C', {
    level: 'C',
    messages: [message(0, failing(1))],
    attemptsMax: 5,
    budget: { crash: 1, lost: 1, slow: 1 },
  }),
  levelD: scenario('level D', {
    level: 'D',
    messages: [message(0, failing(1))],
    attemptsMax: 5,
    budget: { crash: 1, lost: 1, slow: 1 },
  }),
  nack: scenario('a held delivery is given back', {
    messages: [message(0)],
    attemptsMax: 4,
    budget: { taken: 1, nack: 1 },
  }),
  doorMismatch: scenario('run() of one key with two fingerprints', {
    messages: [message(0, failing(1)), message(0, { body: 1 })],
    deliveries: [],
    calls: [0, 1],
    budget: { lost: 1 },
  }),
  doorDead: scenario('run() of what is dead', {
    messages: [message(0, { handler: 'always' })],
    calls: [0],
    attemptsMax: 2,
    budget: { crash: 1 },
  }),
  door: scenario('run()', {
    messages: [message(0, failing(1))],
    deliveries: [],
    calls: [0, 0],
    budget: { crash: 1, lost: 1 },
  }),
  doorBoth: scenario('run() and a consumer', {
    messages: [message(0, failing(1))],
    calls: [0],
    attemptsMax: 4,
    budget: { crash: 1 },
  }),
  doorB: scenario('run() at level B', {
    level: 'B',
    messages: [message(0, failing(1))],
    deliveries: [],
    calls: [0, 0],
    attemptsMax: 5,
    budget: { crash: 1, lost: 1, slow: 1 },
  }),
}

/** Windows that are named in the documentation: the counterexample is there, and is expected. */
export const windows: Readonly<Record<string, Scenario>> = {
  levelBasksSlow: scenario('level B, asked by two at a time', {
    level: 'B asks',
    messages: [message(0)],
    attemptsMax: 5,
    budget: { slow: 1, taken: 1 },
  }),
}
