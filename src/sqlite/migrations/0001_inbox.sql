-- The inbox: one record per key, the messages that are kept with some of them, and what people did to them.

-- How far the tables of this file are; each migration notes itself.
create table semel_schema (
  version     integer primary key,
  name        text    not null,
  migrated_ms integer not null
) strict;

-- state: 1 leased, 2 completed, 3 failed, 4 dead. Times are milliseconds since 1970 by the clock of this host.
create table semel_inbox (
  scope       blob    not null,
  key         blob    not null,
  readable    text,
  state       integer not null check (state between 1 and 4),
  token       integer not null,
  claim_id    blob,
  attempts    integer not null,
  alone       integer not null,
  until_ms    integer,
  fingerprint blob    not null,
  result      text,
  reason      text,
  detail      text,
  origin      blob,
  lane        blob,
  place       integer,
  changed_ms  integer not null,
  primary key (scope, key)
) strict, without rowid;

-- What may be taken from the parking and stands in no lane, the longest waiting first.
create index semel_inbox_due on semel_inbox (origin, until_ms)
  where origin is not null and place is null and state in (1, 3);

-- What stands in a lane, in order.
create index semel_inbox_lane on semel_inbox (lane, place)
  where place is not null;

-- What is parked, and what is dead with its message.
create index semel_inbox_kept on semel_inbox (scope, state)
  where origin is not null;

-- What may be pruned.
create index semel_inbox_prune on semel_inbox (until_ms)
  where state = 2;

-- The messages themselves; a row exists exactly as long as its record has an origin.
create table semel_parked (
  seq         integer primary key autoincrement,
  scope       blob    not null,
  key         blob    not null,
  id          text    not null,
  topic       text    not null,
  tag         text,
  message_key text,
  headers     text    not null,
  sent_ms     integer,
  parked_ms   integer not null,
  body        blob    not null,
  unique (scope, key)
) strict;

-- Peak shaving: when the next start of a group is due.
create table semel_rate (
  group_name text primary key,
  next_ms    real not null
) strict, without rowid;

-- Acts of people; never changed, never pruned.
create table semel_audit (
  seq   integer primary key,
  scope blob    not null,
  key   blob    not null,
  at_ms integer not null,
  who   text    not null,
  act   text    not null,
  why   text    not null
) strict;

create index semel_audit_of on semel_audit (scope, key);
