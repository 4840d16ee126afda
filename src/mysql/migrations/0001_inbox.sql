-- The inbox: one record per key, the messages that are kept with some of them, and what people did to them.
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
