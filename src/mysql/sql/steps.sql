-- read: every step of a key.
select step, kind, intent_id, begun_ms, done, result
  from semel_step
 where scope = :scope and record_key = :key
 order by step;

-- put: a step, whatever stood there.
insert into semel_step (scope, record_key, step, kind, intent_id, begun_ms, done, result)
values (:scope, :key, :step, :kind, :intentId,
        coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000) + :begunIn, :done, :result)
    on duplicate key update
       kind = values(kind), intent_id = values(intent_id), done = values(done), result = values(result);

-- removeAll: the steps of some keys.
delete semel_step
  from ([select :scope as scope, :key as record_key]) asked
  straight_join semel_step on semel_step.scope = asked.scope and semel_step.record_key = asked.record_key;

-- removeOpen: those without a result.
delete semel_step
  from ([select :scope as scope, :key as record_key]) asked
  straight_join semel_step on semel_step.scope = asked.scope and semel_step.record_key = asked.record_key
 where semel_step.done = 0;
