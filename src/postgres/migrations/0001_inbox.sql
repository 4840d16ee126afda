-- The inbox: one record per key, the messages that are kept with some of them, and what people did to them.

-- How far these tables are; each migration notes itself.
create table semel_schema (
  version     integer primary key,
  name        text    not null,
  migrated_ms bigint  not null
);

-- Scopes and origins, so that a record names its scope in four bytes. Rows are never changed or removed.
create table semel_name (
  id   integer generated always as identity primary key,
  name bytea   not null unique
);

-- state: 1 leased, 2 completed, 3 failed, 4 dead. Times are milliseconds since 1970 by the clock of this server.
-- Wide columns first: nothing is lost to alignment.
create table semel_inbox (
  token       bigint   not null,
  until_ms    bigint,
  changed_ms  bigint   not null,
  scope       integer  not null,
  state       smallint not null check (state between 1 and 4),
  attempts    smallint not null,
  alone       boolean  not null default false,
  is_kept     boolean  not null default false,
  key         bytea    not null,
  fingerprint bytea    not null,
  claim_id    bytea,
  readable    text,
  result      text,
  reason      text,
  detail      text,
  primary key (scope, key)
);

-- What may be pruned.
create index semel_inbox_prune on semel_inbox (until_ms) where state = 2;

-- Kept messages: a row exists exactly as long as its record is_kept. state and until_ms are those of the record.
-- What stands in a lane stands there in the order of seq.
create table semel_parked (
  seq       bigint   generated always as identity,
  until_ms  bigint,
  parked_ms bigint   not null,
  scope     integer  not null,
  origin    integer  not null,
  state     smallint not null,
  stands    boolean  not null,
  key       bytea    not null,
  lane      bytea,
  envelope  text     not null,
  body      bytea    not null,
  primary key (scope, key)
);

-- What may be taken and stands in no lane, the longest waiting first.
create index semel_parked_due on semel_parked (origin, until_ms) where not stands and state in (1, 3);

-- What stands in a lane, in order.
create index semel_parked_lane on semel_parked (lane, seq) where stands;

-- Declared effects: each call to the outside is noted before it is made, and its result after.
create table semel_step (
  begun_ms  bigint  not null,
  scope     integer not null,
  done      boolean not null,
  key       bytea   not null,
  step      bytea   not null,
  kind      text    not null,
  intent_id bytea   not null,
  result    text,
  primary key (scope, key, step)
);

-- Peak shaving: when the next start of a group is due.
create table semel_rate (
  group_name bytea primary key,
  next_ms    double precision
);

-- Acts of people; never changed, never pruned.
create table semel_audit (
  seq   bigint  generated always as identity primary key,
  at_ms bigint  not null,
  scope integer not null,
  key   bytea   not null,
  who   text    not null,
  act   text    not null,
  why   text    not null
);

create index semel_audit_of on semel_audit (scope, key);
