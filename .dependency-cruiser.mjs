/** The floors, lowest first. A room imports from lower lines only; rooms of one line do not know each other. */
const floors = [
  ['errors'],
  ['inbox'],
  ['delivery', 'events'],
  ['once'],
  [
    'strategies',
    'outbox',
    'ids',
    'memory',
    'sqlite',
    'postgres',
    'mysql',
    'redis',
    'orm/kysely',
    'orm/drizzle',
  ],
  ['consume'],
  ['operate', 'http'],
  ['config', 'console', 'testing', 'index\\.ts'],
  ['cli'],
]
const rooms = (list) => `^src/(${list.join('|')})(?:/|$)`

const looksDown = floors.slice(0, -1).map((floor, at) => ({
  name: `floor-${at + 1}-looks-down`,
  severity: 'error',
  from: { path: rooms(floor) },
  to: { path: rooms(floors.slice(at + 1).flat()) },
}))
const strangers = floors.map((floor, at) => ({
  name: `rooms-of-floor-${at + 1}-are-strangers`,
  severity: 'error',
  from: { path: rooms(floor) },
  to: { path: rooms(floor), pathNot: '^src/$1(?:/|$)' },
}))

export default {
  forbidden: [
    ...looksDown,
    ...strangers,
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'every-file-has-a-room',
      severity: 'error',
      from: {},
      to: { path: '^src/', pathNot: rooms(floors.flat()) },
    },
    {
      name: 'clients-are-the-users',
      severity: 'error',
      comment: 'a driver may be imported for its types alone',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-optional', 'npm-peer'],
        dependencyTypesNot: ['type-only'],
      },
    },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['semel-source', 'import', 'types', 'node', 'default'],
      extensions: ['.ts', '.mjs', '.js', '.d.ts', '.json'],
    },
  },
}
