-- park: keeps a message with its record; the first one stays.
insert into semel_parked
       (scope, key, id, topic, tag, message_key, headers, sent_ms, lane, parked_ms, body)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (scope, key) do nothing;

-- message: what is kept with a record.
--   1 scope, 2 key
select id, topic, tag, message_key, headers, sent_ms, lane, body
  from semel_parked
 where scope = ? and key = ?;

-- mend: gives a kept message another body.
--   1 body, 2 scope, 3 key
update semel_parked
   set body = ?
 where scope = ? and key = ?;

-- restart: lets a kept message wait anew.
--   1 now, 2 scope, 3 key
update semel_parked
   set parked_ms = ?
 where scope = ? and key = ?;

-- drop: the message of a record.
--   1 scope, 2 key
delete from semel_parked
 where scope = ? and key = ?;

-- due: what may be taken now, the longest waiting first.
--   1 origin, 2 now, 3 limit
select i.scope, i.key, i.readable, i.state, i.fingerprint, i.reason, p.parked_ms
  from semel_inbox i
  join semel_parked p on p.scope = i.scope and p.key = i.key
 where i.origin = ? and i.state in (1, 3) and i.until_ms <= ?
 order by i.until_ms
 limit ?;

-- usage: of a range of scopes, parked and dead.
--   1 first scope, 2 scope after the last
select i.state, count(*) as messages, sum(length(p.body)) as bytes
  from semel_inbox i
  join semel_parked p on p.scope = i.scope and p.key = i.key
 where i.origin is not null and i.scope >= ? and i.scope < ?
 group by i.state;
