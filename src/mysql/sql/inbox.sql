-- What both databases understand. `key` is a word of theirs, so the column has another name; the rows that are
-- asked for are a table of their own, so that each is found, and locked, through the primary key. What is deleted from is named
-- in full: an alias would be looked for in the database of the connection, which may have none.

-- read: what stands under some keys, with what is kept beside it.
select i.scope, i.record_key as 'key', i.readable, i.state, i.token, i.claim_id, i.attempts, i.alone, i.until_ms,
       i.fingerprint, i.result, i.reason, i.detail, i.changed_ms, n.name as origin, p.lane,
       case when p.stands then p.seq end as place,
       coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000) as now_ms
  from ([select :scope as scope, :key as record_key]) asked
  straight_join semel_inbox i force index (primary) on i.scope = asked.scope and i.record_key = asked.record_key
  left join semel_parked p on i.is_kept and p.scope = i.scope and p.record_key = i.record_key
  left join semel_name n on n.id = p.origin;

-- readLatest: the same where an older snapshot may be open: what is committed now.
select i.scope, i.record_key as 'key', i.readable, i.state, i.token, i.claim_id, i.attempts, i.alone, i.until_ms,
       i.fingerprint, i.result, i.reason, i.detail, i.changed_ms, n.name as origin, p.lane,
       case when p.stands then p.seq end as place,
       coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000) as now_ms
  from ([select :scope as scope, :key as record_key]) asked
  straight_join semel_inbox i force index (primary) on i.scope = asked.scope and i.record_key = asked.record_key
  left join semel_parked p on i.is_kept and p.scope = i.scope and p.record_key = i.record_key
  left join semel_name n on n.id = p.origin
  lock in share mode;

-- lock: the same without what is kept, locked in the order in which everybody locks.
select i.scope, i.record_key as 'key', i.readable, i.state, i.token, i.claim_id, i.attempts, i.alone, i.until_ms,
       i.fingerprint, i.result, i.reason, i.detail, i.changed_ms, i.is_kept,
       coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000) as now_ms
  from ([select :scope as scope, :key as record_key]) asked
  straight_join semel_inbox i force index (primary) on i.scope = asked.scope and i.record_key = asked.record_key
   for update;

-- there: which of some keys are there.
select i.scope, i.record_key as 'key'
  from ([select :scope as scope, :key as record_key]) asked
  straight_join semel_inbox i force index (primary) on i.scope = asked.scope and i.record_key = asked.record_key;

-- thereLatest: the same where an older snapshot may be open.
select i.scope, i.record_key as 'key'
  from ([select :scope as scope, :key as record_key]) asked
  straight_join semel_inbox i force index (primary) on i.scope = asked.scope and i.record_key = asked.record_key
  lock in share mode;

-- insert: records that are not there, in the order given; waits for whoever is inserting one, and fails if that commits.
insert into semel_inbox
       (scope, record_key, readable, state, token, claim_id, attempts, alone, until_ms, fingerprint, result, reason,
        detail, is_kept, changed_ms)
values [(:scope, :key, :readable, :state, :token, :claimId, :attempts, :alone,
        coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000) + :untilIn,
        :fingerprint, :result, :reason, :detail, :isKept,
        coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000) + :changedIn)];

-- insertAlike: the same of records that differ in key and fingerprint alone.
insert into semel_inbox (scope, record_key, state, token, attempts, until_ms, fingerprint, changed_ms)
values [(:scope, :key, :state, 1, 1, coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000) + :untilIn, :fingerprint,
        coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000))];

-- put: records that are there and locked.
insert into semel_inbox
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
       is_kept = values(is_kept), changed_ms = values(changed_ms);

-- removeMany: some records.
delete semel_inbox
  from ([select :scope as scope, :key as record_key]) asked
  straight_join semel_inbox on semel_inbox.scope = asked.scope and semel_inbox.record_key = asked.record_key;

-- seal: fails unless so many of some records are there and completed (P9); division by zero is no error here.
select ~0 + (count(*) <> :records) as sealed
  from ([select :scope as scope, :key as record_key]) asked
  straight_join semel_inbox i force index (primary) on i.scope = asked.scope and i.record_key = asked.record_key
 where i.state = 2;

-- sealLeased: completes what a transaction has written leased.
update ([select :scope as scope, :key as record_key]) asked
  straight_join semel_inbox i on i.scope = asked.scope and i.record_key = asked.record_key
   set i.state = 2, i.claim_id = null,
       i.until_ms = coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000) + :untilIn
 where i.state = 1 and i.claim_id = :claimId;

-- writeResult: of records that are completed.
update ([select :scope as scope, :key as record_key, :result as result]) asked
  straight_join semel_inbox i on i.scope = asked.scope and i.record_key = asked.record_key
   set i.result = asked.result
 where i.state = 2;

-- list: the newest change first.
select s.name, i.scope, i.record_key as 'key', i.readable, i.state, i.token, i.claim_id, i.attempts, i.alone, i.until_ms,
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
 limit :limit offset :offset;

-- listNames: the same, of a range of scopes.
select s.name, i.scope, i.record_key as 'key', i.readable, i.state, i.token, i.claim_id, i.attempts, i.alone, i.until_ms,
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
 limit :limit offset :offset;

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
 where s.name >= :from and s.name < :below
 group by s.name, i.state
 order by s.name, i.state;

-- prune: some records, if their time has passed and nobody has changed them (P32).
delete semel_inbox
  from ([select :scope as scope, :key as record_key]) asked
  straight_join semel_inbox on semel_inbox.scope = asked.scope and semel_inbox.record_key = asked.record_key
 where semel_inbox.state = 2 and semel_inbox.until_ms <= coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000);

-- audit: notes an act.
insert into semel_audit (scope, record_key, at_ms, who, act, why)
values (:scope, :key, coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000), :who, :act, :why);

-- audited: acts on a key, the first one first.
select at_ms, who, act, why
  from semel_audit
 where scope = :scope and record_key = :key
 order by seq;
