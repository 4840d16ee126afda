-- read: every step of a key.
select step, kind, intent_id, begun_ms, done, result
  from semel_step
 where scope = :scope and key = :key
 order by step;

-- put: a step, whatever stood there.
insert into semel_step (scope, key, step, kind, intent_id, begun_ms, done, result)
values (:scope, :key, :step, :kind, :intentId,
        coalesce(:now::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint) + :begunIn::bigint, :done, :result)
    on conflict (scope, key, step) do update
   set kind = excluded.kind, intent_id = excluded.intent_id, done = excluded.done, result = excluded.result;

-- removeAll: the steps of some keys.
delete from semel_step t
 using (values [(:scope::integer, :key::bytea)]) as asked (scope, key)
 where t.scope = asked.scope and t.key = asked.key;

-- removeOpen: those without a result.
delete from semel_step t
 using (values [(:scope::integer, :key::bytea)]) as asked (scope, key)
 where t.scope = asked.scope and t.key = asked.key and not t.done;
