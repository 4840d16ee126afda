-- read: every step of a key.
--   1 scope, 2 key
select step, kind, intent_id, begun_ms, done, result
  from semel_step
 where scope = ? and key = ?
 order by step;

-- readOne: one step.
--   1 scope, 2 key, 3 step
select step, kind, intent_id, begun_ms, done, result
  from semel_step
 where scope = ? and key = ? and step = ?;

-- put: a step, whatever stood there.
insert into semel_step (scope, key, step, kind, intent_id, begun_ms, done, result)
values (?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (scope, key, step) do update
   set kind = excluded.kind, intent_id = excluded.intent_id, begun_ms = excluded.begun_ms,
       done = excluded.done, result = excluded.result;

-- removeAll: the steps of a key.
--   1 scope, 2 key
delete from semel_step
 where scope = ? and key = ?;

-- removeOpen: those without a result.
--   1 scope, 2 key
delete from semel_step
 where scope = ? and key = ? and done = 0;
