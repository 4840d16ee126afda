-- read: one record.
--   1 scope, 2 key
select readable, state, token, claim_id, attempts, alone, until_ms, fingerprint, result, reason, detail,
       origin, lane, place, changed_ms
  from semel_inbox
 where scope = ? and key = ?;

-- insert: a record where there is none; no change where there is one.
insert into semel_inbox
       (scope, key, readable, state, token, claim_id, attempts, alone, until_ms, fingerprint, result, reason,
        detail, origin, lane, place, changed_ms)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (scope, key) do nothing;

-- put: a record, whatever stood there.
insert into semel_inbox
       (scope, key, readable, state, token, claim_id, attempts, alone, until_ms, fingerprint, result, reason,
        detail, origin, lane, place, changed_ms)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (scope, key) do update
   set readable = excluded.readable, state = excluded.state, token = excluded.token,
       claim_id = excluded.claim_id, attempts = excluded.attempts, alone = excluded.alone,
       until_ms = excluded.until_ms, fingerprint = excluded.fingerprint, result = excluded.result,
       reason = excluded.reason, detail = excluded.detail, origin = excluded.origin,
       lane = excluded.lane, place = excluded.place,
       changed_ms = excluded.changed_ms;

-- remove: one record.
--   1 scope, 2 key
delete from semel_inbox
 where scope = ? and key = ?;

-- sealed: the result of a record, if it is completed.
--   1 scope, 2 key
select result
  from semel_inbox
 where scope = ? and key = ? and state = 2;

-- writeResult: of a record that is completed.
--   1 result, 2 scope, 3 key
update semel_inbox
   set result = ?
 where scope = ? and key = ? and state = 2;

-- list: the newest change first.
--   1 state or null, 2 reason or null, 3 whether only with a message (1, 0), 4 limit, 5 offset
select scope, key, readable, state, token, claim_id, attempts, alone, until_ms, fingerprint, result, reason,
       detail, origin, lane, place, changed_ms
  from semel_inbox
 where state = ifnull(?, state) and reason is ifnull(?, reason) and (origin is not null) >= ?
 order by changed_ms desc, scope, key
 limit ? offset ?;

-- listScopes: the same, of a range of scopes.
--   1 first scope, 2 scope after the last, then as list
select scope, key, readable, state, token, claim_id, attempts, alone, until_ms, fingerprint, result, reason,
       detail, origin, lane, place, changed_ms
  from semel_inbox
 where scope >= ? and scope < ?
   and state = ifnull(?, state) and reason is ifnull(?, reason) and (origin is not null) >= ?
 order by changed_ms desc, scope, key
 limit ? offset ?;

-- count: records by scope and state.
select scope, state, count(*) as records
  from semel_inbox
 group by scope, state;

-- countScopes: the same, of a range of scopes.
--   1 first scope, 2 scope after the last
select scope, state, count(*) as records
  from semel_inbox
 where scope >= ? and scope < ?
 group by scope, state;

-- prunable: completed records whose time has passed.
--   1 now, 2 limit
select scope, key
  from semel_inbox
 where state = 2 and until_ms <= ?
 order by until_ms
 limit ?;

-- audit: notes an act.
insert into semel_audit (scope, key, at_ms, who, act, why)
values (?, ?, ?, ?, ?, ?);

-- audited: acts on a key, the first one first.
--   1 scope, 2 key
select at_ms, who, act, why
  from semel_audit
 where scope = ? and key = ?
 order by seq;

-- known: which of some keys are there; the last list is repeated.
--   1 scope, then the keys
select key
  from semel_inbox
 where scope = ? and key in (?);

-- insertMany: records that are not there; the last list is repeated.
--   1 scope, 2 state, 3 token, 4 attempts, 5 alone, 6 until, 7 changed, then key and fingerprint of each
insert into semel_inbox (scope, key, state, token, attempts, alone, until_ms, fingerprint, changed_ms)
select g.scope, r.column1, g.state, g.token, g.attempts, g.alone, g.until_ms, r.column2, g.changed_ms
  from (select ? as scope, ? as state, ? as token, ? as attempts, ? as alone, ? as until_ms, ? as changed_ms) g,
       (values (?, ?)) r;

-- sealedMany: how many of some keys are completed without a result; the last list is repeated.
--   1 scope, then the keys
select count(*) as records
  from semel_inbox
 where scope = ? and state = 2 and result is null and key in (?);
