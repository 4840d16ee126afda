-- kept: what is kept beside some records.
select p.scope, p.record_key as 'key', n.name as origin, p.lane, case when p.stands then p.seq end as place
  from ([select :scope as scope, :key as record_key]) asked
  straight_join semel_parked p force index (primary) on p.scope = asked.scope and p.record_key = asked.record_key
  join semel_name n on n.id = p.origin;

-- park: keeps messages with their records, in the order given; the first one stays.
insert into semel_parked
       (scope, record_key, origin, lane, lane_digest, stands, state, until_ms, parked_ms, envelope, body)
values [(:scope, :key, :origin, :lane, unhex(sha2(:lane, 256)), :stands, :state,
        coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000) + :untilIn,
        coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000), :envelope, :body)]
    on duplicate key update scope = values(scope);

-- follow: what is kept stands as its record does.
update ([select :scope as scope, :key as record_key, :state as state, :stands as stands, :untilIn as until_in]) asked
  straight_join semel_parked p on p.scope = asked.scope and p.record_key = asked.record_key
   set p.state = asked.state, p.stands = asked.stands,
       p.until_ms = coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000) + asked.until_in;

-- message: what is kept with a record.
select envelope, body
  from semel_parked
 where scope = :scope and record_key = :key;

-- drop: the messages of some records.
delete semel_parked
  from ([select :scope as scope, :key as record_key]) asked
  straight_join semel_parked on semel_parked.scope = asked.scope and semel_parked.record_key = asked.record_key;

-- due: what may be taken now and stands in no lane, the longest waiting first.
select s.name, i.record_key as 'key', i.readable, i.state, i.fingerprint, i.reason, p.lane, p.stands, p.seq as place,
       p.until_ms, p.parked_ms,
       coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000) as now_ms
  from semel_parked p
  join semel_inbox i on i.scope = p.scope and i.record_key = p.record_key
  join semel_name s on s.id = p.scope
 where p.origin = :origin and p.stands = 0 and p.state in (1, 3)
   and p.until_ms <= coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000)
 order by p.until_ms
 limit :limit;

-- firsts: of each lane of an origin the first one, if it may be taken now; from lane to lane through the index.
select s.name, i.record_key as 'key', i.readable, i.state, i.fingerprint, i.reason, p.lane, p.stands, p.seq as place,
       p.until_ms, p.parked_ms,
       coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000) as now_ms
  from (select min(seq) as seq
          from semel_parked
         where origin = :origin and stands = 1
         group by origin, stands, lane_digest) heads
  straight_join semel_parked p on p.seq = heads.seq
  join semel_inbox i on i.scope = p.scope and i.record_key = p.record_key
  join semel_name s on s.id = p.scope
 where p.lane >= :from and p.lane < :below
   and p.until_ms <= coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000)
 order by p.until_ms
 limit :limit;

-- next: what stands behind a place in a lane, in order.
select s.name, i.record_key as 'key', i.readable, i.state, i.fingerprint, i.reason, p.lane, p.stands, p.seq as place,
       p.until_ms, p.parked_ms,
       coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000) as now_ms
  from semel_parked p force index (semel_parked_lane)
  join semel_inbox i on i.scope = p.scope and i.record_key = p.record_key
  join semel_name s on s.id = p.scope
 where p.lane_digest = unhex(sha2(:lane, 256)) and p.stands = 1 and p.seq > :place and p.lane = :lane
 order by p.seq
 limit :limit;

-- heads: the first ones of some lanes, of each as many as are asked for.
[(select s.name, p.record_key as 'key', p.lane, p.seq as place, i.state, i.claim_id
    from semel_parked p force index (semel_parked_lane)
    join semel_inbox i on i.scope = p.scope and i.record_key = p.record_key
    join semel_name s on s.id = p.scope
   where p.lane_digest = unhex(sha2(:lane, 256)) and p.stands = 1 and p.lane = :lane
   order by p.seq
   limit :most)];

-- standing: which of some lanes somebody stands in.
select asked.lane
  from ([select :lane as lane]) asked
 where exists (
       select 1
         from semel_parked p force index (semel_parked_lane)
        where p.lane_digest = unhex(sha2(asked.lane, 256)) and p.stands = 1 and p.lane = asked.lane);

-- usage: of a range of scopes, parked and dead.
select p.state, count(*) as messages, sum(length(p.body)) as bytes
  from semel_parked p
  join semel_name s on s.id = p.scope
 where s.name >= :from and s.name < :below
 group by p.state;

-- fullest: how many stand in the fullest lane of a range.
select max(messages) as messages
  from (select count(*) as messages
          from semel_parked
         where stands = 1 and lane >= :from and lane < :below
         group by lane_digest) lanes;
