// Made by scripts/statements.ts out of the SQL files beside; do not edit.

export const guards = {
  columns: `select column_name as 'column_name'
  from information_schema.columns
 where table_schema = coalesce(:database, database()) and table_name = :table`,
  unique: `select index_name as 'index_name', column_name as 'column_name'
  from information_schema.statistics
 where table_schema = coalesce(:database, database()) and table_name = :table and non_unique = 0
   and index_name not in (
       select index_name
         from information_schema.statistics
        where table_schema = coalesce(:database, database()) and table_name = :table and sub_part is not null)
 order by index_name, seq_in_index`,
} as const

export const inbox = {
  read: `select i.scope, i.record_key as 'key', i.readable, i.state, i.token, i.claim_id, i.attempts, i.alone, i.until_ms,
       i.fingerprint, i.result, i.reason, i.detail, i.changed_ms, n.name as origin, p.lane,
       case when p.stands then p.seq end as place,
       coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000) as now_ms
  from ([select :scope as scope, :key as record_key]) asked
  straight_join semel_inbox i force index (primary) on i.scope = asked.scope and i.record_key = asked.record_key
  left join semel_parked p on i.is_kept and p.scope = i.scope and p.record_key = i.record_key
  left join semel_name n on n.id = p.origin`,
  readLatest: `select i.scope, i.record_key as 'key', i.readable, i.state, i.token, i.claim_id, i.attempts, i.alone, i.until_ms,
       i.fingerprint, i.result, i.reason, i.detail, i.changed_ms, n.name as origin, p.lane,
       case when p.stands then p.seq end as place,
       coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000) as now_ms
  from ([select :scope as scope, :key as record_key]) asked
  straight_join semel_inbox i force index (primary) on i.scope = asked.scope and i.record_key = asked.record_key
  left join semel_parked p on i.is_kept and p.scope = i.scope and p.record_key = i.record_key
  left join semel_name n on n.id = p.origin
  lock in share mode`,
  lock: `select i.scope, i.record_key as 'key', i.readable, i.state, i.token, i.claim_id, i.attempts, i.alone, i.until_ms,
       i.fingerprint, i.result, i.reason, i.detail, i.changed_ms, i.is_kept,
       coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000) as now_ms
  from ([select :scope as scope, :key as record_key]) asked
  straight_join semel_inbox i force index (primary) on i.scope = asked.scope and i.record_key = asked.record_key
   for update`,
  there: `select i.scope, i.record_key as 'key'
  from ([select :scope as scope, :key as record_key]) asked
  straight_join semel_inbox i force index (primary) on i.scope = asked.scope and i.record_key = asked.record_key`,
  thereLatest: `select i.scope, i.record_key as 'key'
  from ([select :scope as scope, :key as record_key]) asked
  straight_join semel_inbox i force index (primary) on i.scope = asked.scope and i.record_key = asked.record_key
  lock in share mode`,
  insert: `insert into semel_inbox
       (scope, record_key, readable, state, token, claim_id, attempts, alone, until_ms, fingerprint, result, reason,
        detail, is_kept, changed_ms)
values [(:scope, :key, :readable, :state, :token, :claimId, :attempts, :alone,
        coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000) + :untilIn,
        :fingerprint, :result, :reason, :detail, :isKept,
        coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000) + :changedIn)]`,
  insertAlike: `insert into semel_inbox (scope, record_key, state, token, attempts, until_ms, fingerprint, changed_ms)
values [(:scope, :key, :state, 1, 1, coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000) + :untilIn, :fingerprint,
        coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000))]`,
  put: `insert into semel_inbox
       (scope, record_key, readable, state, token, claim_id, attempts, alone, until_ms, fingerprint, result, reason,
        detail, is_kept, changed_ms)
values [(:scope, :key, :readable, :state, :token, :claimId, :attempts, :alone,
        coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000) + :untilIn,
        :fingerprint, :result, :reason, :detail, :isKept,
        coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000) + :changedIn)]
    on duplicate key update
       readable = values(readable), state = values(state), token = values(token), claim_id = values(claim_id),
       attempts = values(attempts), alone = values(alone), until_ms = values(until_ms),
       fingerprint = values(fingerprint), result = values(result), reason = values(reason), detail = values(detail),
       is_kept = values(is_kept), changed_ms = values(changed_ms)`,
  removeMany: `delete semel_inbox
  from ([select :scope as scope, :key as record_key]) asked
  straight_join semel_inbox on semel_inbox.scope = asked.scope and semel_inbox.record_key = asked.record_key`,
  seal: `select ~0 + (count(*) <> :records) as sealed
  from ([select :scope as scope, :key as record_key]) asked
  straight_join semel_inbox i force index (primary) on i.scope = asked.scope and i.record_key = asked.record_key
 where i.state = 2`,
  sealLeased: `update ([select :scope as scope, :key as record_key]) asked
  straight_join semel_inbox i on i.scope = asked.scope and i.record_key = asked.record_key
   set i.state = 2, i.claim_id = null,
       i.until_ms = coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000) + :untilIn
 where i.state = 1 and i.claim_id = :claimId`,
  writeResult: `update ([select :scope as scope, :key as record_key, :result as result]) asked
  straight_join semel_inbox i on i.scope = asked.scope and i.record_key = asked.record_key
   set i.result = asked.result
 where i.state = 2`,
  list: `select s.name, i.scope, i.record_key as 'key', i.readable, i.state, i.token, i.claim_id, i.attempts, i.alone, i.until_ms,
       i.fingerprint, i.result, i.reason, i.detail, i.changed_ms, n.name as origin, p.lane,
       case when p.stands then p.seq end as place,
       coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000) as now_ms
  from semel_inbox i
  join semel_name s on s.id = i.scope
  left join semel_parked p on i.is_kept and p.scope = i.scope and p.record_key = i.record_key
  left join semel_name n on n.id = p.origin
 where (:state is null or i.state = :state)
   and (:reason is null or i.reason = :reason)
   and (i.is_kept or not :withMessage)
 order by i.changed_ms desc, s.name, i.record_key
 limit :limit offset :offset`,
  listNames: `select s.name, i.scope, i.record_key as 'key', i.readable, i.state, i.token, i.claim_id, i.attempts, i.alone, i.until_ms,
       i.fingerprint, i.result, i.reason, i.detail, i.changed_ms, n.name as origin, p.lane,
       case when p.stands then p.seq end as place,
       coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000) as now_ms
  from semel_inbox i
  join semel_name s on s.id = i.scope
  left join semel_parked p on i.is_kept and p.scope = i.scope and p.record_key = i.record_key
  left join semel_name n on n.id = p.origin
 where s.name >= :from and s.name < :below
   and (:state is null or i.state = :state)
   and (:reason is null or i.reason = :reason)
   and (i.is_kept or not :withMessage)
 order by i.changed_ms desc, s.name, i.record_key
 limit :limit offset :offset`,
  count: `select s.name, i.state, count(*) as records
  from semel_inbox i
  join semel_name s on s.id = i.scope
 group by s.name, i.state
 order by s.name, i.state`,
  countNames: `select s.name, i.state, count(*) as records
  from semel_inbox i
  join semel_name s on s.id = i.scope
 where s.name >= :from and s.name < :below
 group by s.name, i.state
 order by s.name, i.state`,
  prune: `delete semel_inbox
  from ([select :scope as scope, :key as record_key]) asked
  straight_join semel_inbox on semel_inbox.scope = asked.scope and semel_inbox.record_key = asked.record_key
 where semel_inbox.state = 2 and semel_inbox.until_ms <= coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000)`,
  audit: `insert into semel_audit (scope, record_key, at_ms, who, act, why)
values (:scope, :key, coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000), :who, :act, :why)`,
  audited: `select at_ms, who, act, why
  from semel_audit
 where scope = :scope and record_key = :key
 order by seq`,
} as const

export const mariadb = {
  begin: `set @semel_autocommit = @@session.autocommit, @semel_lock = @@session.innodb_lock_wait_timeout,
    @semel_idle = @@session.idle_transaction_timeout,
    autocommit = 0,
    innodb_lock_wait_timeout = cast(coalesce(:lockSeconds, @@session.innodb_lock_wait_timeout) as unsigned),
    idle_transaction_timeout = :idleSeconds`,
  restore: 'set autocommit = @semel_autocommit, innodb_lock_wait_timeout = @semel_lock, idle_transaction_timeout = @semel_idle',
  prunable: `select scope, record_key as 'key'
  from semel_inbox force index (semel_inbox_prune)
 where state = 2
   and until_ms <= coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000)
 order by until_ms
 limit :limit
   for update skip locked`,
} as const

export const mysql = {
  begin: `set @semel_autocommit = @@session.autocommit, @semel_lock = @@session.innodb_lock_wait_timeout,
    @semel_idle = @@session.wait_timeout, @@transaction_isolation = :isolation,
    autocommit = 0,
    innodb_lock_wait_timeout = cast(coalesce(:lockSeconds, @@session.innodb_lock_wait_timeout) as unsigned),
    wait_timeout = :idleSeconds`,
  restore: 'set autocommit = @semel_autocommit, innodb_lock_wait_timeout = @semel_lock, wait_timeout = @semel_idle',
  prunable: `select scope, record_key as 'key'
  from semel_inbox force index (semel_inbox_prune)
 where state = 2
   and until_ms <= coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000)
 order by until_ms
 limit :limit
   for update skip locked`,
} as const

export const mysql5 = {
  begin: `set @semel_autocommit = @@session.autocommit, @semel_lock = @@session.innodb_lock_wait_timeout,
    @semel_idle = @@session.wait_timeout, @@tx_isolation = :isolation,
    autocommit = 0,
    innodb_lock_wait_timeout = cast(coalesce(:lockSeconds, @@session.innodb_lock_wait_timeout) as unsigned),
    wait_timeout = :idleSeconds`,
  restore: 'set autocommit = @semel_autocommit, innodb_lock_wait_timeout = @semel_lock, wait_timeout = @semel_idle',
  prunable: `select scope, record_key as 'key'
  from semel_inbox force index (semel_inbox_prune)
 where state = 2
   and until_ms <= coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000)
 order by until_ms
 limit :limit`,
  impatient: 'set innodb_lock_wait_timeout = 1',
} as const

export const names = {
  find: `select id
  from semel_name
 where digest = unhex(sha2(:name, 256)) and name = :name`,
  add: `insert into semel_name (digest, name)
values (unhex(sha2(:name, 256)), :name)
    on duplicate key update name = values(name)`,
} as const

export const parking = {
  kept: `select p.scope, p.record_key as 'key', n.name as origin, p.lane, case when p.stands then p.seq end as place
  from ([select :scope as scope, :key as record_key]) asked
  straight_join semel_parked p force index (primary) on p.scope = asked.scope and p.record_key = asked.record_key
  join semel_name n on n.id = p.origin`,
  park: `insert into semel_parked
       (scope, record_key, origin, lane, lane_digest, stands, state, until_ms, parked_ms, envelope, body)
values [(:scope, :key, :origin, :lane, unhex(sha2(:lane, 256)), :stands, :state,
        coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000) + :untilIn,
        coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000), :envelope, :body)]
    on duplicate key update scope = values(scope)`,
  follow: `update ([select :scope as scope, :key as record_key, :state as state, :stands as stands, :untilIn as until_in]) asked
  straight_join semel_parked p on p.scope = asked.scope and p.record_key = asked.record_key
   set p.state = asked.state, p.stands = asked.stands,
       p.until_ms = coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000) + asked.until_in`,
  message: `select envelope, body
  from semel_parked
 where scope = :scope and record_key = :key`,
  drop: `delete semel_parked
  from ([select :scope as scope, :key as record_key]) asked
  straight_join semel_parked on semel_parked.scope = asked.scope and semel_parked.record_key = asked.record_key`,
  due: `select s.name, i.record_key as 'key', i.readable, i.state, i.fingerprint, i.reason, p.lane, p.stands, p.seq as place,
       p.until_ms, p.parked_ms,
       coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000) as now_ms
  from semel_parked p
  join semel_inbox i on i.scope = p.scope and i.record_key = p.record_key
  join semel_name s on s.id = p.scope
 where p.origin = :origin and p.stands = 0 and p.state in (1, 3)
   and p.until_ms <= coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000)
 order by p.until_ms
 limit :limit`,
  firsts: `select s.name, i.record_key as 'key', i.readable, i.state, i.fingerprint, i.reason, p.lane, p.stands, p.seq as place,
       p.until_ms, p.parked_ms,
       coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000) as now_ms
  from (select min(seq) as seq
          from semel_parked
         where origin = :origin and stands = 1
         group by origin, stands, lane_digest) heads
  straight_join semel_parked p on p.seq = heads.seq
  join semel_inbox i on i.scope = p.scope and i.record_key = p.record_key
  join semel_name s on s.id = p.scope
 where p.lane >= :from and p.lane < :below
   and p.until_ms <= coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000)
 order by p.until_ms
 limit :limit`,
  next: `select s.name, i.record_key as 'key', i.readable, i.state, i.fingerprint, i.reason, p.lane, p.stands, p.seq as place,
       p.until_ms, p.parked_ms,
       coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000) as now_ms
  from semel_parked p force index (semel_parked_lane)
  join semel_inbox i on i.scope = p.scope and i.record_key = p.record_key
  join semel_name s on s.id = p.scope
 where p.lane_digest = unhex(sha2(:lane, 256)) and p.stands = 1 and p.seq > :place and p.lane = :lane
 order by p.seq
 limit :limit`,
  heads: `[(select s.name, p.record_key as 'key', p.lane, p.seq as place, i.state, i.claim_id
    from semel_parked p force index (semel_parked_lane)
    join semel_inbox i on i.scope = p.scope and i.record_key = p.record_key
    join semel_name s on s.id = p.scope
   where p.lane_digest = unhex(sha2(:lane, 256)) and p.stands = 1 and p.lane = :lane
   order by p.seq
   limit :most)]`,
  standing: `select asked.lane
  from ([select :lane as lane]) asked
 where exists (
       select 1
         from semel_parked p force index (semel_parked_lane)
        where p.lane_digest = unhex(sha2(asked.lane, 256)) and p.stands = 1 and p.lane = asked.lane)`,
  usage: `select p.state, count(*) as messages, sum(length(p.body)) as bytes
  from semel_parked p
  join semel_name s on s.id = p.scope
 where s.name >= :from and s.name < :below
 group by p.state`,
  fullest: `select max(messages) as messages
  from (select count(*) as messages
          from semel_parked
         where stands = 1 and lane >= :from and lane < :below
         group by lane_digest) lanes`,
} as const

export const rate = {
  begin: `insert into semel_rate (group_name)
values (:group)
    on duplicate key update group_name = values(group_name)`,
  next: `select next_ms, coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000) as now_ms
  from semel_rate
 where group_name = :group
   for update`,
  put: `update semel_rate
   set next_ms = :nextMs
 where group_name = :group`,
} as const

export const schema = {
  exists: `select count(*) as is_there
  from information_schema.tables
 where table_schema = coalesce(:database, database()) and table_name = :name`,
  version: 'select max(version) as version from semel_schema',
  lock: 'select get_lock(:name, 60) as is_ours',
  unlock: 'select release_lock(:name) as was_ours',
  engines: `select table_name as 'table', engine
  from information_schema.tables
 where table_schema = coalesce(:database, database()) and table_name in (:inbox, :parked, :name, :step)`,
  columns: `select table_name as 'table', column_name as 'column', data_type as 'type'
  from information_schema.columns
 where table_schema = coalesce(:database, database()) and table_name in (:inbox, :parked, :name, :step)
   and column_name in ('record_key', 'fingerprint', 'digest', 'lane', 'step')`,
  settings: `select version() as version, @@session.sql_mode as sql_mode, @@session.autocommit as autocommit,
       @@log_bin as log_bin, @@session.binlog_format as binlog_format, @@read_only as read_only,
       @@innodb_flush_log_at_trx_commit as flush_log, @@sync_binlog as sync_binlog`,
} as const

export const steps = {
  read: `select step, kind, intent_id, begun_ms, done, result
  from semel_step
 where scope = :scope and record_key = :key
 order by step`,
  put: `insert into semel_step (scope, record_key, step, kind, intent_id, begun_ms, done, result)
values (:scope, :key, :step, :kind, :intentId,
        coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000) + :begunIn, :done, :result)
    on duplicate key update
       kind = values(kind), intent_id = values(intent_id), done = values(done), result = values(result)`,
  removeAll: `delete semel_step
  from ([select :scope as scope, :key as record_key]) asked
  straight_join semel_step on semel_step.scope = asked.scope and semel_step.record_key = asked.record_key`,
  removeOpen: `delete semel_step
  from ([select :scope as scope, :key as record_key]) asked
  straight_join semel_step on semel_step.scope = asked.scope and semel_step.record_key = asked.record_key
 where semel_step.done = 0`,
} as const

export const migrations = [
  { version: 1, name: '0001_inbox', sql: `-- The inbox: one record per key, the messages that are kept with some of them, and what people did to them.
-- Keys, names and fingerprints are bytes: no collation reads them. The format of the rows is the server's own.

-- How far these tables are; each migration notes itself.
create table if not exists semel_schema (
  version     int          not null primary key,
  name        varchar(100) not null,
  migrated_ms bigint       not null
) engine = InnoDB default character set = utf8mb4 collate = utf8mb4_bin;

-- Scopes and origins, so that a record names its scope in four bytes. Rows are never changed or removed.
create table if not exists semel_name (
  id     int unsigned    not null auto_increment primary key,
  digest binary(32)      not null,
  name   varbinary(8192) not null,
  unique key semel_name_digest (digest)
) engine = InnoDB default character set = utf8mb4 collate = utf8mb4_bin;

-- state: 1 leased, 2 completed, 3 failed, 4 dead. Times are milliseconds since 1970 by the clock of this server.
-- The second index is for pruning alone.
create table if not exists semel_inbox (
  scope       int unsigned      not null,
  record_key  varbinary(255)    not null,
  state       tinyint unsigned  not null,
  token       int unsigned      not null,
  attempts    smallint unsigned not null,
  alone       tinyint unsigned  not null default 0,
  is_kept     tinyint unsigned  not null default 0,
  until_ms    bigint,
  changed_ms  bigint            not null,
  fingerprint varbinary(255)    not null,
  claim_id    varbinary(64),
  readable    text,
  result      mediumblob,
  reason      varchar(64),
  detail      mediumtext,
  primary key (scope, record_key),
  key semel_inbox_prune (state, until_ms)
) engine = InnoDB default character set = utf8mb4 collate = utf8mb4_bin;

-- Kept messages: a row exists exactly as long as its record is_kept. state and until_ms are those of the record.
-- What stands in a lane stands there in the order of seq. Lanes are longer than an index takes: it has their digests.
create table if not exists semel_parked (
  scope       int unsigned     not null,
  record_key  varbinary(255)   not null,
  seq         bigint unsigned  not null auto_increment,
  origin      int unsigned     not null,
  stands      tinyint unsigned not null,
  state       tinyint unsigned not null,
  until_ms    bigint,
  parked_ms   bigint           not null,
  lane_digest binary(32),
  lane        varbinary(8192),
  envelope    mediumblob       not null,
  body        longblob         not null,
  primary key (scope, record_key),
  unique key semel_parked_seq (seq),
  key semel_parked_due (origin, stands, until_ms),
  key semel_parked_lanes (origin, stands, lane_digest, seq),
  key semel_parked_lane (lane_digest, stands, seq)
) engine = InnoDB default character set = utf8mb4 collate = utf8mb4_bin;

-- Declared effects: each call to the outside is noted before it is made, and its result after.
create table if not exists semel_step (
  scope      int unsigned     not null,
  record_key varbinary(255)   not null,
  step       varbinary(640)   not null,
  done       tinyint unsigned not null,
  begun_ms   bigint           not null,
  kind       varchar(64)      not null,
  intent_id  varbinary(64)    not null,
  result     mediumblob,
  primary key (scope, record_key, step)
) engine = InnoDB default character set = utf8mb4 collate = utf8mb4_bin;

-- Peak shaving: when the next start of a group is due.
create table if not exists semel_rate (
  group_name varbinary(640) not null primary key,
  next_ms    double
) engine = InnoDB default character set = utf8mb4 collate = utf8mb4_bin;

-- Acts of people; never changed, never pruned.
create table if not exists semel_audit (
  seq        bigint unsigned not null auto_increment primary key,
  at_ms      bigint          not null,
  scope      int unsigned    not null,
  record_key varbinary(255)  not null,
  who        text            not null,
  act        varchar(64)     not null,
  why        mediumtext      not null,
  key semel_audit_of (scope, record_key)
) engine = InnoDB default character set = utf8mb4 collate = utf8mb4_bin;
` },
] as const
