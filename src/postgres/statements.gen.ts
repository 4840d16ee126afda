// Made by scripts/statements.ts out of the SQL files beside; do not edit.

export const guards = {
  columns: `select attname as column_name
  from pg_attribute
 where attrelid = to_regclass(:table::text)::oid and attnum > 0 and not attisdropped
 order by attnum`,
  unique: `select i.indexrelid::text as index_name, a.attname as column_name
  from pg_index i
  join lateral unnest(i.indkey::smallint[]) with ordinality as k (attnum, place) on k.place <= i.indnkeyatts
  join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
 where i.indrelid = to_regclass(:table::text)::oid
   and i.indisunique and i.indisvalid and i.indimmediate and i.indpred is null and i.indexprs is null
 order by i.indexrelid, k.place`,
} as const

export const inbox = {
  read: `select i.scope, i.key, i.readable, i.state, i.token, i.claim_id, i.attempts, i.alone, i.until_ms, i.fingerprint,
       i.result, i.reason, i.detail, i.changed_ms, n.name as origin, p.lane,
       case when p.stands then p.seq end as place,
       coalesce(:now::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint) as now_ms
  from (values [(:scope::integer, :key::bytea)]) as asked (scope, key)
  join semel_inbox i on i.scope = asked.scope and i.key = asked.key
  left join semel_parked p on i.is_kept and p.scope = i.scope and p.key = i.key
  left join semel_name n on n.id = p.origin`,
  lock: `select i.scope, i.key, i.readable, i.state, i.token, i.claim_id, i.attempts, i.alone, i.until_ms, i.fingerprint,
       i.result, i.reason, i.detail, i.changed_ms, i.is_kept,
       coalesce(:now::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint) as now_ms
  from (values [(:scope::integer, :key::bytea)]) as asked (scope, key)
  join semel_inbox i on i.scope = asked.scope and i.key = asked.key
 order by i.scope, i.key
   for update of i`,
  insert: `insert into semel_inbox
       (scope, key, readable, state, token, claim_id, attempts, alone, until_ms, fingerprint, result, reason,
        detail, is_kept, changed_ms)
select r.scope, r.key, r.readable, r.state, r.token, r.claim_id, r.attempts, r.alone, n.now_ms + r.until_in,
       r.fingerprint, r.result, r.reason, r.detail, r.is_kept, n.now_ms + r.changed_in
  from (values [(:scope::integer, :key::bytea, :readable::text, :state::smallint, :token::bigint,
        :claimId::bytea, :attempts::smallint, :alone::boolean, :untilIn::bigint, :fingerprint::bytea, :result::text,
        :reason::text, :detail::text, :isKept::boolean, :changedIn::bigint)])
       as r (scope, key, readable, state, token, claim_id, attempts, alone, until_in, fingerprint, result, reason,
        detail, is_kept, changed_in),
       (select coalesce(:now::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint) as now_ms) n
    on conflict (scope, key) do nothing
returning scope, key`,
  insertAlike: `insert into semel_inbox (scope, key, state, token, claim_id, attempts, until_ms, fingerprint, changed_ms)
select :scope::integer, decode(r.key, 'hex'), :state::smallint, 1, :claimId::bytea, 1, n.now_ms + :untilIn::bigint,
       decode(r.fingerprint, 'hex'), n.now_ms
  from unnest(:keys::text[], :fingerprints::text[]) as r (key, fingerprint),
       (select coalesce(:now::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint) as now_ms) n
    on conflict (scope, key) do nothing
returning scope, key`,
  put: `insert into semel_inbox
       (scope, key, readable, state, token, claim_id, attempts, alone, until_ms, fingerprint, result, reason,
        detail, is_kept, changed_ms)
select r.scope, r.key, r.readable, r.state, r.token, r.claim_id, r.attempts, r.alone, n.now_ms + r.until_in,
       r.fingerprint, r.result, r.reason, r.detail, r.is_kept, n.now_ms + r.changed_in
  from (values [(:scope::integer, :key::bytea, :readable::text, :state::smallint, :token::bigint,
        :claimId::bytea, :attempts::smallint, :alone::boolean, :untilIn::bigint, :fingerprint::bytea, :result::text,
        :reason::text, :detail::text, :isKept::boolean, :changedIn::bigint)])
       as r (scope, key, readable, state, token, claim_id, attempts, alone, until_in, fingerprint, result, reason,
        detail, is_kept, changed_in),
       (select coalesce(:now::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint) as now_ms) n
    on conflict (scope, key) do update
   set readable = excluded.readable, state = excluded.state, token = excluded.token,
       claim_id = excluded.claim_id, attempts = excluded.attempts, alone = excluded.alone,
       until_ms = excluded.until_ms, fingerprint = excluded.fingerprint, result = excluded.result,
       reason = excluded.reason, detail = excluded.detail, is_kept = excluded.is_kept,
       changed_ms = excluded.changed_ms`,
  removeMany: `delete from semel_inbox i
 using (values [(:scope::integer, :key::bytea)]) as asked (scope, key)
 where i.scope = asked.scope and i.key = asked.key`,
  seal: `select 1 / (count(*) filter (where i.state = 2) = :records::bigint)::integer as sealed
  from unnest(:scopes::integer[], :keys::text[]) as asked (scope, key)
  join semel_inbox i on i.scope = asked.scope and i.key = decode(asked.key, 'hex')`,
  sealLeased: `update semel_inbox i
   set state = 2, claim_id = null,
       until_ms = coalesce(:now::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint) + :untilIn::bigint
  from (values [(:scope::integer, :key::bytea)]) as asked (scope, key)
 where i.scope = asked.scope and i.key = asked.key and i.state + 0 = 1 and i.claim_id = :claimId::bytea`,
  writeResult: `update semel_inbox i
   set result = asked.result
  from (values [(:scope::integer, :key::bytea, :result::text)]) as asked (scope, key, result)
 where i.scope = asked.scope and i.key = asked.key and i.state + 0 = 2`,
  list: `select s.name, i.scope, i.key, i.readable, i.state, i.token, i.claim_id, i.attempts, i.alone, i.until_ms, i.fingerprint,
       i.result, i.reason, i.detail, i.changed_ms, n.name as origin, p.lane,
       case when p.stands then p.seq end as place,
       coalesce(:now::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint) as now_ms
  from semel_inbox i
  join semel_name s on s.id = i.scope
  left join semel_parked p on i.is_kept and p.scope = i.scope and p.key = i.key
  left join semel_name n on n.id = p.origin
 where (:state::smallint is null or i.state = :state::smallint)
   and (:reason::text is null or i.reason = :reason::text)
   and (i.is_kept or not :withMessage::boolean)
 order by i.changed_ms desc, s.name, i.key
 limit :limit::bigint offset :offset::bigint`,
  listNames: `select s.name, i.scope, i.key, i.readable, i.state, i.token, i.claim_id, i.attempts, i.alone, i.until_ms, i.fingerprint,
       i.result, i.reason, i.detail, i.changed_ms, n.name as origin, p.lane,
       case when p.stands then p.seq end as place,
       coalesce(:now::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint) as now_ms
  from semel_inbox i
  join semel_name s on s.id = i.scope
  left join semel_parked p on i.is_kept and p.scope = i.scope and p.key = i.key
  left join semel_name n on n.id = p.origin
 where s.name >= :from::bytea and s.name < :below::bytea
   and (:state::smallint is null or i.state = :state::smallint)
   and (:reason::text is null or i.reason = :reason::text)
   and (i.is_kept or not :withMessage::boolean)
 order by i.changed_ms desc, s.name, i.key
 limit :limit::bigint offset :offset::bigint`,
  count: `select s.name, i.state, count(*) as records
  from semel_inbox i
  join semel_name s on s.id = i.scope
 group by s.name, i.state
 order by s.name, i.state`,
  countNames: `select s.name, i.state, count(*) as records
  from semel_inbox i
  join semel_name s on s.id = i.scope
 where s.name >= :from::bytea and s.name < :below::bytea
 group by s.name, i.state
 order by s.name, i.state`,
  prune: `delete from semel_inbox
 where (scope, key) in (
       select scope, key
         from semel_inbox
        where state = 2
          and until_ms <= coalesce(:now::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint)
        order by until_ms
        limit :limit::bigint
          for update skip locked)
returning 1 as pruned`,
  audit: `insert into semel_audit (scope, key, at_ms, who, act, why)
values (:scope, :key, coalesce(:now::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint), :who, :act, :why)`,
  audited: `select at_ms, who, act, why
  from semel_audit
 where scope = :scope and key = :key
 order by seq`,
} as const

export const names = {
  find: 'select id from semel_name where name = :name',
  add: `insert into semel_name (name)
values (:name)
    on conflict (name) do nothing`,
} as const

export const parking = {
  kept: `select p.scope, p.key, n.name as origin, p.lane, case when p.stands then p.seq end as place
  from (values [(:scope::integer, :key::bytea)]) as asked (scope, key)
  join semel_parked p on p.scope = asked.scope and p.key = asked.key
  join semel_name n on n.id = p.origin`,
  park: `insert into semel_parked (scope, key, origin, lane, stands, state, until_ms, parked_ms, envelope, body)
select r.scope, r.key, r.origin, r.lane, r.stands, r.state, n.now_ms + r.until_in, n.now_ms, r.envelope, r.body
  from (values [(:scope::integer, :key::bytea, :origin::integer, :lane::bytea, :stands::boolean, :state::smallint,
        :untilIn::bigint, :envelope::text, :body::bytea)])
       as r (scope, key, origin, lane, stands, state, until_in, envelope, body),
       (select coalesce(:now::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint) as now_ms) n
    on conflict (scope, key) do nothing`,
  follow: `update semel_parked p
   set state = r.state, stands = r.stands,
       until_ms = coalesce(:now::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint) + r.until_in
  from (values [(:scope::integer, :key::bytea, :state::smallint, :stands::boolean, :untilIn::bigint)])
       as r (scope, key, state, stands, until_in)
 where p.scope = r.scope and p.key = r.key`,
  message: `select envelope, body
  from semel_parked
 where scope = :scope and key = :key`,
  drop: `delete from semel_parked p
 using (values [(:scope::integer, :key::bytea)]) as asked (scope, key)
 where p.scope = asked.scope and p.key = asked.key`,
  due: `select s.name, i.key, i.readable, i.state, i.fingerprint, i.reason, p.lane, p.stands, p.seq as place, p.until_ms,
       p.parked_ms, n.now_ms
  from (select coalesce(:now::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint) as now_ms) n,
       semel_parked p
  join semel_inbox i on i.scope = p.scope and i.key = p.key
  join semel_name s on s.id = p.scope
 where p.origin = :origin and not p.stands and p.state in (1, 3) and p.until_ms <= n.now_ms
 order by p.until_ms
 limit :limit::bigint`,
  firsts: `with recursive heads as (
  (select p.lane, p.scope, p.key
     from semel_parked p
    where p.stands and p.lane >= :from::bytea and p.lane < :below::bytea
    order by p.lane, p.seq
    limit 1)
  union all
  select h.lane, h.scope, h.key
    from heads
   cross join lateral (
         select p.lane, p.scope, p.key
           from semel_parked p
          where p.stands and p.lane > heads.lane and p.lane < :below::bytea
          order by p.lane, p.seq
          limit 1) h)
select s.name, i.key, i.readable, i.state, i.fingerprint, i.reason, p.lane, p.stands, p.seq as place, p.until_ms,
       p.parked_ms, n.now_ms
  from (select coalesce(:now::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint) as now_ms) n,
       heads
  join semel_parked p on p.scope = heads.scope and p.key = heads.key
  join semel_inbox i on i.scope = p.scope and i.key = p.key
  join semel_name s on s.id = p.scope
 where p.until_ms <= n.now_ms
 order by p.until_ms
 limit :limit::bigint`,
  next: `select s.name, i.key, i.readable, i.state, i.fingerprint, i.reason, p.lane, p.stands, p.seq as place, p.until_ms,
       p.parked_ms, coalesce(:now::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint) as now_ms
  from semel_parked p
  join semel_inbox i on i.scope = p.scope and i.key = p.key
  join semel_name s on s.id = p.scope
 where p.stands and p.lane = :lane and p.seq > :place::bigint
 order by p.seq
 limit :limit::bigint`,
  heads: `select s.name, h.key, h.lane, h.place, h.state, h.claim_id
  from (values [(:lane::bytea, :most::integer)]) as asked (lane, most)
 cross join lateral (
       select p.scope, p.key, p.lane, p.seq as place, i.state, i.claim_id
         from semel_parked p
         join semel_inbox i on i.scope = p.scope and i.key = p.key
        where p.stands and p.lane = asked.lane
        order by p.seq
        limit asked.most) h
  join semel_name s on s.id = h.scope`,
  standing: `select asked.lane
  from (values [(:lane::bytea)]) as asked (lane)
 where exists (select 1 from semel_parked p where p.stands and p.lane = asked.lane)`,
  usage: `select p.state, count(*) as messages, sum(length(p.body)) as bytes
  from semel_parked p
  join semel_name s on s.id = p.scope
 where s.name >= :from::bytea and s.name < :below::bytea
 group by p.state`,
  fullest: `select max(messages) as messages
  from (select count(*) as messages
          from semel_parked
         where stands and lane >= :from::bytea and lane < :below::bytea
         group by lane) lanes`,
} as const

export const rate = {
  begin: `insert into semel_rate (group_name)
values (:group)
    on conflict (group_name) do nothing`,
  next: `select next_ms, coalesce(:now::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint) as now_ms
  from semel_rate
 where group_name = :group
   for update`,
  put: `update semel_rate
   set next_ms = :nextMs
 where group_name = :group`,
} as const

export const schema = {
  exists: 'select to_regclass(:name) is not null as is_there',
  version: 'select max(version) as version from semel_schema',
  lock: 'select pg_advisory_xact_lock(7369656, 1)',
} as const

export const server = {
  settings: `select current_setting('server_version_num')::integer as version,
       pg_is_in_recovery() as in_recovery,
       current_setting('transaction_read_only') as read_only,
       current_setting('server_encoding') as encoding,
       current_setting('fsync') as fsync,
       current_setting('synchronous_commit') as synchronous_commit,
       current_setting('full_page_writes') as full_page_writes`,
} as const

export const steps = {
  read: `select step, kind, intent_id, begun_ms, done, result
  from semel_step
 where scope = :scope and key = :key
 order by step`,
  put: `insert into semel_step (scope, key, step, kind, intent_id, begun_ms, done, result)
values (:scope, :key, :step, :kind, :intentId,
        coalesce(:now::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint) + :begunIn::bigint, :done, :result)
    on conflict (scope, key, step) do update
   set kind = excluded.kind, intent_id = excluded.intent_id, done = excluded.done, result = excluded.result`,
  removeAll: `delete from semel_step t
 using (values [(:scope::integer, :key::bytea)]) as asked (scope, key)
 where t.scope = asked.scope and t.key = asked.key`,
  removeOpen: `delete from semel_step t
 using (values [(:scope::integer, :key::bytea)]) as asked (scope, key)
 where t.scope = asked.scope and t.key = asked.key and not t.done`,
} as const

export const migrations = [
  { version: 1, name: '0001_inbox', sql: `-- The inbox: one record per key, the messages that are kept with some of them, and what people did to them.

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
` },
] as const
