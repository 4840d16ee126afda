// Made by scripts/statements.ts out of the SQL files beside; do not edit.

export const guards = {
  columns: `select name as column_name
  from pragma_table_info(?, ?)
 order by cid`,
  unique: `select i.name as index_name, k.name as column_name, k.seqno as place
  from pragma_index_list(?1, ?2) as i, pragma_index_info(i.name, ?2) as k
 where i."unique" = 1 and i.partial = 0
   and not exists (select 1 from pragma_index_info(i.name, ?2) as e where e.name is null)
union all
select 'primary key', name, pk
  from pragma_table_info(?1, ?2)
 where pk > 0
 order by 1, 3`,
} as const

export const inbox = {
  read: `select readable, state, token, claim_id, attempts, alone, until_ms, fingerprint, result, reason, detail,
       origin, lane, place, changed_ms
  from semel_inbox
 where scope = ? and key = ?`,
  insert: `insert into semel_inbox
       (scope, key, readable, state, token, claim_id, attempts, alone, until_ms, fingerprint, result, reason,
        detail, origin, lane, place, changed_ms)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (scope, key) do nothing`,
  put: `insert into semel_inbox
       (scope, key, readable, state, token, claim_id, attempts, alone, until_ms, fingerprint, result, reason,
        detail, origin, lane, place, changed_ms)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (scope, key) do update
   set readable = excluded.readable, state = excluded.state, token = excluded.token,
       claim_id = excluded.claim_id, attempts = excluded.attempts, alone = excluded.alone,
       until_ms = excluded.until_ms, fingerprint = excluded.fingerprint, result = excluded.result,
       reason = excluded.reason, detail = excluded.detail, origin = excluded.origin,
       lane = excluded.lane, place = excluded.place,
       changed_ms = excluded.changed_ms`,
  remove: `delete from semel_inbox
 where scope = ? and key = ?`,
  sealed: `select result
  from semel_inbox
 where scope = ? and key = ? and state = 2`,
  writeResult: `update semel_inbox
   set result = ?
 where scope = ? and key = ? and state = 2`,
  list: `select scope, key, readable, state, token, claim_id, attempts, alone, until_ms, fingerprint, result, reason,
       detail, origin, lane, place, changed_ms
  from semel_inbox
 where state = ifnull(?, state) and reason is ifnull(?, reason) and (origin is not null) >= ?
 order by changed_ms desc, scope, key
 limit ? offset ?`,
  listScopes: `select scope, key, readable, state, token, claim_id, attempts, alone, until_ms, fingerprint, result, reason,
       detail, origin, lane, place, changed_ms
  from semel_inbox
 where scope >= ? and scope < ?
   and state = ifnull(?, state) and reason is ifnull(?, reason) and (origin is not null) >= ?
 order by changed_ms desc, scope, key
 limit ? offset ?`,
  count: `select scope, state, count(*) as records
  from semel_inbox
 group by scope, state`,
  countScopes: `select scope, state, count(*) as records
  from semel_inbox
 where scope >= ? and scope < ?
 group by scope, state`,
  prunable: `select scope, key
  from semel_inbox
 where state = 2 and until_ms <= ?
 order by until_ms
 limit ?`,
  audit: `insert into semel_audit (scope, key, at_ms, who, act, why)
values (?, ?, ?, ?, ?, ?)`,
  audited: `select at_ms, who, act, why
  from semel_audit
 where scope = ? and key = ?
 order by seq`,
  known: `select key
  from semel_inbox
 where scope = ? and key in (?)`,
  insertMany: `insert into semel_inbox (scope, key, state, token, attempts, alone, until_ms, fingerprint, changed_ms)
select g.scope, r.column1, g.state, g.token, g.attempts, g.alone, g.until_ms, r.column2, g.changed_ms
  from (select ? as scope, ? as state, ? as token, ? as attempts, ? as alone, ? as until_ms, ? as changed_ms) g,
       (values (?, ?)) r`,
  sealedMany: `select count(*) as records
  from semel_inbox
 where scope = ? and state = 2 and result is null and key in (?)`,
} as const

export const parking = {
  park: `insert into semel_parked
       (scope, key, id, topic, tag, message_key, headers, sent_ms, parked_ms, body)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (scope, key) do nothing`,
  message: `select id, topic, tag, message_key, headers, sent_ms, body
  from semel_parked
 where scope = ? and key = ?`,
  mend: `update semel_parked
   set body = ?
 where scope = ? and key = ?`,
  restart: `update semel_parked
   set parked_ms = ?
 where scope = ? and key = ?`,
  drop: `delete from semel_parked
 where scope = ? and key = ?`,
  due: `select i.scope, i.key, i.readable, i.state, i.fingerprint, i.reason, i.lane, i.place, i.until_ms, p.parked_ms
  from semel_inbox i
  join semel_parked p on p.scope = i.scope and p.key = i.key
 where i.origin = ? and i.place is null and i.state in (1, 3) and i.until_ms <= ?
 order by i.until_ms
 limit ?`,
  firsts: `with recursive lanes (lane) as (
  select min(lane) from semel_inbox where place is not null and lane >= ? and lane < ?
  union all
  select (select min(i.lane) from semel_inbox i where i.place is not null and i.lane > lanes.lane and i.lane < ?)
    from lanes
   where lanes.lane is not null)
select i.scope, i.key, i.readable, i.state, i.fingerprint, i.reason, i.lane, i.place, i.until_ms, p.parked_ms
  from lanes
 cross join semel_inbox i
    on i.lane = lanes.lane and i.place is not null
   and i.place = (select min(f.place) from semel_inbox f where f.lane = lanes.lane and f.place is not null)
  join semel_parked p on p.scope = i.scope and p.key = i.key
 where i.until_ms <= ?
 order by i.until_ms
 limit ?`,
  next: `select i.scope, i.key, i.readable, i.state, i.fingerprint, i.reason, i.lane, i.place, i.until_ms, p.parked_ms
  from semel_inbox i
  join semel_parked p on p.scope = i.scope and p.key = i.key
 where i.lane = ? and i.place > ?
 order by i.place
 limit ?`,
  before: `select 1 as stands
  from semel_inbox
 where lane = ? and place < ? and not (state = 1 and claim_id is ?)
 limit 1`,
  lane: `select max(place) as place
  from semel_inbox
 where lane = ? and place is not null`,
  fullest: `select max(messages) as messages
  from (select count(*) as messages
          from semel_inbox indexed by semel_inbox_lane
         where place is not null and lane >= ? and lane < ?
         group by lane)`,
  usage: `select i.state, count(*) as messages, sum(length(p.body)) as bytes
  from semel_inbox i
  join semel_parked p on p.scope = i.scope and p.key = i.key
 where i.origin is not null and i.scope >= ? and i.scope < ?
 group by i.state`,
} as const

export const queue = {
  append: `insert into semel_queue_message (topic, id, tag, message_key, headers, order_key, sent_ms, due_ms, body)
values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  subscribe: `insert into semel_queue_subscription (topic, group_name, instance, cursor)
values (?, ?, ?, 0)
    on conflict (topic, group_name, instance) do nothing`,
  subscription: `select id
  from semel_queue_subscription
 where topic = ? and group_name = ? and instance = ?`,
  cursor: `select cursor
  from semel_queue_subscription
 where id = ?`,
  advance: `update semel_queue_subscription
   set cursor = ?
 where id = ?`,
  lastOf: `select max(seq) as seq
  from semel_queue_message
 where topic = ?`,
  nextVisible: `select min(visible_ms) as visible_ms
  from semel_queue_delivery
 where subscription = ?`,
  visible: `select d.seq, d.deliveries, m.topic, m.id, m.tag, m.message_key, m.headers, m.sent_ms, m.due_ms, m.body
  from semel_queue_delivery d
  join semel_queue_message m on m.seq = d.seq
 where d.subscription = ? and d.visible_ms <= ?
   and (d.order_key is null
        or not exists (select 1
                         from semel_queue_delivery e
                        where e.subscription = d.subscription and e.order_key = d.order_key and e.seq < d.seq
                          and e.visible_ms > ? and e.holder is not ?))
 order by d.seq
 limit ?`,
  behind: `select seq, topic, id, tag, message_key, headers, order_key, sent_ms, due_ms, body
  from semel_queue_message
 where topic = ? and seq > ?
 order by seq
 limit ?`,
  reach: `insert into semel_queue_delivery (subscription, seq, visible_ms, deliveries, holder, order_key)
values (?, ?, ?, ?, ?, ?)`,
  reachAll: `insert into semel_queue_delivery (subscription, seq, visible_ms, deliveries, holder)
select ?, seq, ?, 1, ?
  from semel_queue_message
 where topic = ? and seq > ? and seq <= ?`,
  ahead: `select 1 as stands
  from semel_queue_delivery
 where subscription = ? and order_key = ? and holder is not ?
 limit 1`,
  handOut: `update semel_queue_delivery
   set visible_ms = ?, deliveries = ?, holder = ?
 where subscription = ? and seq = ?`,
  ack: `delete from semel_queue_delivery
 where subscription = ? and seq = ? and holder = ? and deliveries = ?`,
  ackFirst: `delete from semel_queue_delivery
 where subscription = ? and seq between ? and ? and holder = ? and deliveries = 1`,
  nack: `update semel_queue_delivery
   set visible_ms = ?, holder = null
 where subscription = ? and seq = ? and holder = ? and deliveries = ?`,
  renew: `update semel_queue_delivery
   set visible_ms = ?
 where subscription = ? and seq = ? and holder = ? and deliveries = ?`,
  giveBack: `update semel_queue_delivery
   set visible_ms = ?, holder = null
 where subscription = ? and holder = ?`,
  trim: `delete from semel_queue_message
 where seq = ?
   and exists (select 1 from semel_queue_subscription s where s.topic = semel_queue_message.topic)
   and not exists (
         select 1
           from semel_queue_subscription s
          where s.topic = semel_queue_message.topic
            and (s.cursor < semel_queue_message.seq
                 or exists (select 1
                              from semel_queue_delivery d
                             where d.subscription = s.id and d.seq = semel_queue_message.seq)))`,
  trimAll: `delete from semel_queue_message
 where topic = ? and seq between ? and ?
   and seq <= (select min(s.cursor) from semel_queue_subscription s where s.topic = ?)
   and not exists (
         select 1
           from semel_queue_delivery d
          where d.seq = semel_queue_message.seq
            and d.subscription in (select s.id from semel_queue_subscription s where s.topic = ?))`,
  after: `select seq
  from semel_queue_message
 where topic = ? and seq > ?
 order by seq
 limit ?`,
  topics: `select topic, count(*) as messages, sum(length(body)) as bytes
  from semel_queue_message
 group by topic
 order by topic`,
  subscriptions: `select s.topic, s.group_name, s.instance,
       (select count(*) from semel_queue_message m
         where m.topic = s.topic and m.seq > s.cursor and m.due_ms <= ?) as unseen,
       (select count(*) from semel_queue_message m
         where m.topic = s.topic and m.seq > s.cursor and m.due_ms > ?) as undue,
       (select count(*) from semel_queue_delivery d
         where d.subscription = s.id and d.visible_ms <= ?) as visible,
       (select count(*) from semel_queue_delivery d
         where d.subscription = s.id and d.visible_ms > ? and d.holder is not null) as in_flight,
       (select count(*) from semel_queue_delivery d
         where d.subscription = s.id and d.visible_ms > ? and d.holder is null) as hidden
  from semel_queue_subscription s
 order by s.topic, s.group_name, s.instance`,
  removeDeliveries: `delete from semel_queue_delivery
 where subscription in (select id from semel_queue_subscription
                         where topic = ? and group_name = ? and instance = ?)`,
  removeSubscription: `delete from semel_queue_subscription
 where topic = ? and group_name = ? and instance = ?`,
  removeOlder: `delete from semel_queue_message
 where seq in (select seq from semel_queue_message where topic = ? and sent_ms < ? order by seq limit ?)`,
  orphans: `delete from semel_queue_delivery
 where subscription in (select id from semel_queue_subscription where topic = ?)
   and not exists (select 1 from semel_queue_message m where m.seq = semel_queue_delivery.seq)`,
} as const

export const rate = {
  next: `select next_ms
  from semel_rate
 where group_name = ?`,
  put: `insert into semel_rate (group_name, next_ms)
values (?, ?)
    on conflict (group_name) do update set next_ms = excluded.next_ms`,
} as const

export const schema = {
  exists: `select count(*) as tables
  from sqlite_schema
 where type = 'table' and name = 'semel_schema'`,
  version: `select max(version) as version
  from semel_schema`,
} as const

export const steps = {
  read: `select step, kind, intent_id, begun_ms, done, result
  from semel_step
 where scope = ? and key = ?
 order by step`,
  readOne: `select step, kind, intent_id, begun_ms, done, result
  from semel_step
 where scope = ? and key = ? and step = ?`,
  put: `insert into semel_step (scope, key, step, kind, intent_id, begun_ms, done, result)
values (?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (scope, key, step) do update
   set kind = excluded.kind, intent_id = excluded.intent_id, begun_ms = excluded.begun_ms,
       done = excluded.done, result = excluded.result`,
  removeAll: `delete from semel_step
 where scope = ? and key = ?`,
  removeOpen: `delete from semel_step
 where scope = ? and key = ? and done = 0`,
} as const

export const transaction = {
  begin: 'begin immediate',
  beginRead: 'begin',
  commit: 'commit',
  rollback: 'rollback',
  mark: 'savepoint semel',
  release: 'release semel',
  file: `select file from pragma_database_list where name = 'main'`,
} as const

export const migrations = [
  { version: 1, name: '0001_inbox', sql: `-- The inbox: one record per key, the messages that are kept with some of them, and what people did to them.

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
` },
  { version: 2, name: '0002_queue', sql: `-- The queue: a log of messages, who reads it and how far, and what is under way.

-- seq is never used again, or a message could stand behind a cursor that has passed it.
create table semel_queue_message (
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

create index semel_queue_message_topic on semel_queue_message (topic);

-- One row per group; in broadcast one per instance of it. Everything up to the cursor has been looked at.
create table semel_queue_subscription (
  id            integer primary key,
  topic         text    not null,
  group_name    text    not null,
  instance      text    not null,
  cursor        integer not null,
  unique (topic, group_name, instance)
) strict;

-- What a subscription has looked at and not acknowledged. Hidden until visible_ms; delivered so many times; in
-- the hands of a holder, or of nobody.
create table semel_queue_delivery (
  subscription integer not null,
  seq          integer not null,
  visible_ms   integer not null,
  deliveries   integer not null,
  holder       integer,
  order_key    text,
  primary key (subscription, seq)
) strict, without rowid;

create index semel_queue_delivery_visible on semel_queue_delivery (subscription, visible_ms);

-- What is under way of one order key.
create index semel_queue_delivery_order on semel_queue_delivery (subscription, order_key, seq)
  where order_key is not null;
` },
  { version: 3, name: '0003_steps', sql: `-- Declared effects: each call to the outside is noted before it is made, and its result after.

-- A row exists from the intent until its record is completed, forgotten or pruned. The intent id
-- is that of the call that first began it; done is 1 once there is a result, which may be null.
create table semel_step (
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
` },
] as const
