/**
 * The floors of the house, lowest first. A room imports from lower lines only; rooms of one line are strangers
 * to each other. A new room gets its place here before it gets a file.
 */
const floors = [
  ['errors'],
  ['options'],
  ['inbox'],
  ['delivery'],
  ['events'],
  ['sql'],
  ['once'],
  ['strategies'],
  [
    'outbox',
    'ids',
    'memory',
    'sqlite',
    'postgres',
    'mysql',
    'redis',
    'orm/[^/]+',
    'sharding',
    'kafka',
    'rocketmq',
    'rabbitmq',
    'nats',
    'activemq',
    'zookeeper',
  ],
  ['consume'],
  ['operate'],
  ['http'],
  ['config', 'console', 'testing', 'index\\.ts'],
  ['cli'],
]
const rooms = (list) => `^src/(${list.join('|')})(?:/|$)`

const looksDown = floors.slice(0, -1).map((floor, at) => ({
  name: `floor-of-${floor[0].replace('\\', '')}-looks-down`,
  severity: 'error',
  from: { path: rooms(floor) },
  to: { path: rooms(floors.slice(at + 1).flat()) },
}))
const strangers = floors
  .filter((floor) => floor.length > 1)
  .map((floor) => ({
    name: `rooms-beside-${floor[0]}-are-strangers`,
    severity: 'error',
    from: { path: rooms(floor) },
    to: { path: rooms(floor), pathNot: '^src/$1(?:/|$)' },
  }))

export default {
  forbidden: [
    ...looksDown,
    ...strangers,
    {
      name: 'no-circles',
      severity: 'error',
      comment: 'types of one room may name each other; nothing that runs may',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'every-file-has-a-room',
      severity: 'error',
      from: {},
      to: { path: '^src/', pathNot: rooms(floors.flat()) },
    },
    {
      name: 'pure-floor-does-no-io',
      severity: 'error',
      from: { path: rooms(['errors', 'options', 'inbox', 'delivery', 'events']) },
      to: {
        dependencyTypes: ['core'],
        pathNot: '^(node:)?(crypto|diagnostics_channel|util|perf_hooks)$',
      },
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
    {
      name: 'examples-and-bench-are-users',
      severity: 'error',
      comment: 'they import semel by its subpaths, as everybody does',
      from: { path: '^(examples|bench)/' },
      to: { path: '^src/', dependencyTypes: ['local'] },
    },
    {
      name: 'src-stands-alone',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|examples|scripts|bench)/' },
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
