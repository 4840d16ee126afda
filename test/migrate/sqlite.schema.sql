CREATE INDEX semel_audit_of on semel_audit (scope, key);

CREATE INDEX semel_inbox_due on semel_inbox (origin, until_ms)
  where origin is not null and place is null and state in (1, 3);

CREATE INDEX semel_inbox_kept on semel_inbox (scope, state)
  where origin is not null;

CREATE INDEX semel_inbox_lane on semel_inbox (lane, place)
  where place is not null;

CREATE INDEX semel_inbox_prune on semel_inbox (until_ms)
  where state = 2;

CREATE INDEX semel_queue_delivery_order on semel_queue_delivery (subscription, order_key, seq)
  where order_key is not null;

CREATE INDEX semel_queue_delivery_visible on semel_queue_delivery (subscription, visible_ms);

CREATE INDEX semel_queue_message_topic on semel_queue_message (topic);

CREATE TABLE semel_audit (
  seq   integer primary key,
  scope blob    not null,
  key   blob    not null,
  at_ms integer not null,
  who   text    not null,
  act   text    not null,
  why   text    not null
) strict;

CREATE TABLE semel_inbox (
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

CREATE TABLE semel_parked (
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

CREATE TABLE semel_queue_delivery (
  subscription integer not null,
  seq          integer not null,
  visible_ms   integer not null,
  deliveries   integer not null,
  holder       integer,
  order_key    text,
  primary key (subscription, seq)
) strict, without rowid;

CREATE TABLE semel_queue_message (
  seq         integer primary key autoincrement,
  topic       text    not null,
  id          text    not null,
  tag         text,
  message_key text,
  headers     text,
  order_key   text,
  sent_ms     integer not null,
  due_ms      integer not null,
  body        blob    not null
) strict;

CREATE TABLE semel_queue_subscription (
  id            integer primary key,
  topic         text    not null,
  group_name    text    not null,
  instance      text    not null,
  cursor        integer not null,
  unique (topic, group_name, instance)
) strict;

CREATE TABLE semel_rate (
  group_name text primary key,
  next_ms    real not null
) strict, without rowid;

CREATE TABLE semel_schema (
  version     integer primary key,
  name        text    not null,
  migrated_ms integer not null
) strict;

CREATE TABLE semel_step (
  scope     blob    not null,
  key       blob    not null,
  step      text    not null,
  kind      text    not null,
  intent_id blob    not null,
  begun_ms  integer not null,
  done      integer not null check (done in (0, 1)),
  result    text,
  primary key (scope, key, step)
) strict, without rowid;

CREATE TABLE sqlite_sequence(name,seq);
