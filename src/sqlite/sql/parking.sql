-- park: keeps a message with its record; the first one stays.
insert into semel_parked
       (scope, key, id, topic, tag, message_key, headers, sent_ms, parked_ms, body)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (scope, key) do nothing;

-- message: what is kept with a record.
--   1 scope, 2 key
select id, topic, tag, message_key, headers, sent_ms, body
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

-- due: what may be taken now and stands in no lane, the longest waiting first.
--   1 origin, 2 now, 3 limit
select i.scope, i.key, i.readable, i.state, i.fingerprint, i.reason, i.lane, i.place, i.until_ms, p.parked_ms
  from semel_inbox i
  join semel_parked p on p.scope = i.scope and p.key = i.key
 where i.origin = ? and i.place is null and i.state in (1, 3) and i.until_ms <= ?
 order by i.until_ms
 limit ?;

-- firsts: of each lane in a range the first one, if it may be taken now; from lane to lane through the index.
--   1 first lane, 2 lane after the last, 3 lane after the last, 4 now, 5 limit
with recursive lanes (lane) as (
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
 limit ?;

-- next: what stands behind a place in a lane, in order.
--   1 lane, 2 place, 3 limit
select i.scope, i.key, i.readable, i.state, i.fingerprint, i.reason, i.lane, i.place, i.until_ms, p.parked_ms
  from semel_inbox i
  join semel_parked p on p.scope = i.scope and p.key = i.key
 where i.lane = ? and i.place > ?
 order by i.place
 limit ?;

-- before: whether anything but what is leased under one claim stands in a lane before a place.
--   1 lane, 2 place, 3 claim id
select 1 as stands
  from semel_inbox
 where lane = ? and place < ? and not (state = 1 and claim_id is ?)
 limit 1;

-- lane: the last place in it.
--   1 lane
select max(place) as place
  from semel_inbox
 where lane = ? and place is not null;

-- fullest: how many stand in the fullest lane of a range; through the index of lanes, which is as small as they are.
--   1 first lane, 2 lane after the last
select max(messages) as messages
  from (select count(*) as messages
          from semel_inbox indexed by semel_inbox_lane
         where place is not null and lane >= ? and lane < ?
         group by lane);

-- usage: of a range of scopes, parked and dead.
--   1 first scope, 2 scope after the last
select i.state, count(*) as messages, sum(length(p.body)) as bytes
  from semel_inbox i
  join semel_parked p on p.scope = i.scope and p.key = i.key
 where i.origin is not null and i.scope >= ? and i.scope < ?
 group by i.state;
