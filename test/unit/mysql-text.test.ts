import assert from 'node:assert/strict'
import test from 'node:test'
import { refuseOurs } from '../../src/mysql/sql-text.ts'

const refused = [
  'commit',
  'COMMIT WORK',
  '  /* why */ commit',
  '-- why\ncommit',
  '# why\ncommit',
  '/*! commit */',
  '/*!50600 commit */',
  '/*M! commit */',
  '/*M!100000 commit */',
  'rollback',
  'rollback and chain',
  'begin',
  'begin not atomic commit; end',
  'start transaction',
  'start slave',
  "xa start 'a'",
  'set autocommit = 1',
  'set session autocommit = 1',
  'set @@autocommit = 1',
  'set @a = 1, autocommit = 1',
  'set @a = (select max(x, y) from t), @@session.autocommit = 1',
  'set global max_connections = 1',
  'set names latin1',
  'set transaction isolation level serializable',
  'set password = password("x")',
  'use other',
  'lock tables t write',
  'unlock tables',
  'create table t (id int)',
  'create index i on t (id)',
  'drop table t',
  'alter table t add c int',
  'truncate t',
  'truncate table t',
  'rename table t to s',
  'grant all on *.* to a',
  'revoke all on *.* from a',
  'analyze table t',
  'optimize table t',
  'check table t',
  'repair table t',
  'flush tables',
  'load index into cache t',
  'cache index t in c',
  'install plugin p soname "s"',
  'uninstall plugin p',
  'reset query cache',
  "prepare s from 'commit'",
  "execute immediate 'commit'",
  'if 1 then commit; end if',
  'insert into t values (1); commit',
  "insert into t values ('a;b'); commit",
  // Under NO_BACKSLASH_ESCAPES the literal ends before the semicolon.
  "insert into t values ('\\'); commit -- ')",
  "insert into t values ('\\\\'); commit",
]

const allowed = [
  'select 1',
  "insert into t values ('commit')",
  "insert into t values ('a; commit')",
  "insert into t values ('it''s; commit')",
  "insert into t values ('it\\'s')",
  'insert into `commit` values (1)',
  'update t set begin = 1, commit = 2',
  'select * from t -- commit\n where id = 1',
  'select * from t /* ; commit */',
  'select 1 # ; commit',
  'savepoint a',
  'rollback to a',
  'rollback work to savepoint a',
  'release savepoint a',
  'set @a = 1, @b = (select max(x, y) from t)',
  'set statement max_statement_time = 1 for select 1',
  'create temporary table t (id int)',
  'create or replace temporary table t (id int)',
  'drop temporary table t',
  "load data infile 'f' into table t",
  'call p()',
  'analyze select 1',
  'select case when 1 then 2 end',
  'insert into t select if(1, 2, 3)',
  undefined,
  17,
]

for (const sql of refused)
  test(`a handler cannot say ${JSON.stringify(sql)} (P9)`, () => {
    assert.throws(() => refuseOurs(sql), { code: 'SEMEL_TX_OURS' })
  })

test('everything else passes, words inside of literals, names and comments too', () => {
  for (const sql of allowed) assert.doesNotThrow(() => refuseOurs(sql), String(sql))
})

test('a text of hundreds of thousands of characters is read in time that grows with it', () => {
  const long = `insert into t values ${Array.from({ length: 20_000 }, (_, at) => `('commit ${at}')`).join(', ')}`
  assert.doesNotThrow(() => refuseOurs(long))
  assert.throws(() => refuseOurs(`${long}; commit`), { code: 'SEMEL_TX_OURS' })
})
