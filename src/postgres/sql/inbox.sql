-- read: what stands under some keys, with what is kept beside it.
select i.scope, i.key, i.readable, i.state, i.token, i.claim_id, i.attempts, i.alone, i.until_ms, i.fingerprint,
       i.result, i.reason, i.detail, i.changed_ms, n.name as origin, p.lane,
       case when p.stands then p.seq end as place,
       coalesce(:now::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint) as now_ms
  from (values [(:scope::integer, :key::bytea)]) as asked (scope, key)
  join semel_inbox i on i.scope = asked.scope and i.key = asked.key
  left join semel_parked p on i.is_kept and p.scope = i.scope and p.key = i.key
  left join semel_name n on n.id = p.origin;

-- lock: the same without what is kept, locked in the order in which everybody locks.
select i.scope, i.key, i.readable, i.state, i.token, i.claim_id, i.attempts, i.alone, i.until_ms, i.fingerprint,
       i.result, i.reason, i.detail, i.changed_ms, i.is_kept,
       coalesce(:now::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint) as now_ms
  from (values [(:scope::integer, :key::bytea)]) as asked (scope, key)
  join semel_inbox i on i.scope = asked.scope and i.key = asked.key
 order by i.scope, i.key
   for update of i;

-- insert: records that are not there, in the order given; waits for whoever is inserting one. Answers the new ones.
insert into semel_inbox
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
returning scope, key;

-- insertAlike: the same of records that differ in key and fingerprint alone, which come as arrays of hexadecimal.
insert into semel_inbox (scope, key, state, token, claim_id, attempts, until_ms, fingerprint, changed_ms)
select :scope::integer, decode(r.key, 'hex'), :state::smallint, 1, :claimId::bytea, 1, n.now_ms + :untilIn::bigint,
       decode(r.fingerprint, 'hex'), n.now_ms
  from unnest(:keys::text[], :fingerprints::text[]) as r (key, fingerprint),
       (select coalesce(:now::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint) as now_ms) n
    on conflict (scope, key) do nothing
returning scope, key;

-- put: records that are there and locked.
insert into semel_inbox
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
       changed_ms = excluded.changed_ms;

-- removeMany: some records.
delete from semel_inbox i
 using (values [(:scope::integer, :key::bytea)]) as asked (scope, key)
 where i.scope = asked.scope and i.key = asked.key;

-- seal: fails unless so many of some records are there and completed (P9). The state is no condition: before the
-- first ANALYZE the planner would go through the index of what may be pruned.
select 1 / (count(*) filter (where i.state = 2) = :records::bigint)::integer as sealed
  from unnest(:scopes::integer[], :keys::text[]) as asked (scope, key)
  join semel_inbox i on i.scope = asked.scope and i.key = decode(asked.key, 'hex');

-- sealLeased: completes what a transaction has written leased.
update semel_inbox i
   set state = 2, claim_id = null,
       until_ms = coalesce(:now::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint) + :untilIn::bigint
  from (values [(:scope::integer, :key::bytea)]) as asked (scope, key)
 where i.scope = asked.scope and i.key = asked.key and i.state + 0 = 1 and i.claim_id = :claimId::bytea;

-- writeResult: of records that are completed.
update semel_inbox i
   set result = asked.result
  from (values [(:scope::integer, :key::bytea, :result::text)]) as asked (scope, key, result)
 where i.scope = asked.scope and i.key = asked.key and i.state + 0 = 2;

-- list: the newest change first.
select s.name, i.scope, i.key, i.readable, i.state, i.token, i.claim_id, i.attempts, i.alone, i.until_ms, i.fingerprint,
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
 limit :limit::bigint offset :offset::bigint;

-- listNames: the same, of a range of scopes.
select s.name, i.scope, i.key, i.readable, i.state, i.token, i.claim_id, i.attempts, i.alone, i.until_ms, i.fingerprint,
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
 limit :limit::bigint offset :offset::bigint;

-- count: records by scope and state.
select s.name, i.state, count(*) as records
  from semel_inbox i
  join semel_name s on s.id = i.scope
 group by s.name, i.state
 order by s.name, i.state;

-- countNames: the same, of a range of scopes.
select s.name, i.state, count(*) as records
  from semel_inbox i
  join semel_name s on s.id = i.scope
 where s.name >= :from::bytea and s.name < :below::bytea
 group by s.name, i.state
 order by s.name, i.state;

-- prune: completed records whose time has passed, those that somebody is looking at left out (P32).
delete from semel_inbox
 where (scope, key) in (
       select scope, key
         from semel_inbox
        where state = 2
          and until_ms <= coalesce(:now::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint)
        order by until_ms
        limit :limit::bigint
          for update skip locked)
returning 1 as pruned;

-- audit: notes an act.
insert into semel_audit (scope, key, at_ms, who, act, why)
values (:scope, :key, coalesce(:now::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint), :who, :act, :why);

-- audited: acts on a key, the first one first.
select at_ms, who, act, why
  from semel_audit
 where scope = :scope and key = :key
 order by seq;
