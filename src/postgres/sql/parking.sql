-- kept: what is kept beside some records.
select p.scope, p.key, n.name as origin, p.lane, case when p.stands then p.seq end as place
  from (values [(:scope::integer, :key::bytea)]) as asked (scope, key)
  join semel_parked p on p.scope = asked.scope and p.key = asked.key
  join semel_name n on n.id = p.origin;

-- park: keeps messages with their records, in the order given; the first one stays.
insert into semel_parked (scope, key, origin, lane, stands, state, until_ms, parked_ms, envelope, body)
select r.scope, r.key, r.origin, r.lane, r.stands, r.state, n.now_ms + r.until_in, n.now_ms, r.envelope, r.body
  from (values [(:scope::integer, :key::bytea, :origin::integer, :lane::bytea, :stands::boolean, :state::smallint,
        :untilIn::bigint, :envelope::text, :body::bytea)])
       as r (scope, key, origin, lane, stands, state, until_in, envelope, body),
       (select coalesce(:now::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint) as now_ms) n
    on conflict (scope, key) do nothing;

-- follow: what is kept stands as its record does.
update semel_parked p
   set state = r.state, stands = r.stands,
       until_ms = coalesce(:now::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint) + r.until_in
  from (values [(:scope::integer, :key::bytea, :state::smallint, :stands::boolean, :untilIn::bigint)])
       as r (scope, key, state, stands, until_in)
 where p.scope = r.scope and p.key = r.key;

-- message: what is kept with a record.
select envelope, body
  from semel_parked
 where scope = :scope and key = :key;

-- drop: the messages of some records.
delete from semel_parked p
 using (values [(:scope::integer, :key::bytea)]) as asked (scope, key)
 where p.scope = asked.scope and p.key = asked.key;

-- due: what may be taken now and stands in no lane, the longest waiting first.
select s.name, i.key, i.readable, i.state, i.fingerprint, i.reason, p.lane, p.stands, p.seq as place, p.until_ms,
       p.parked_ms, n.now_ms
  from (select coalesce(:now::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint) as now_ms) n,
       semel_parked p
  join semel_inbox i on i.scope = p.scope and i.key = p.key
  join semel_name s on s.id = p.scope
 where p.origin = :origin and not p.stands and p.state in (1, 3) and p.until_ms <= n.now_ms
 order by p.until_ms
 limit :limit::bigint;

-- firsts: of each lane in a range the first one, if it may be taken now; from lane to lane through the index.
with recursive heads as (
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
 limit :limit::bigint;

-- next: what stands behind a place in a lane, in order.
select s.name, i.key, i.readable, i.state, i.fingerprint, i.reason, p.lane, p.stands, p.seq as place, p.until_ms,
       p.parked_ms, coalesce(:now::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint) as now_ms
  from semel_parked p
  join semel_inbox i on i.scope = p.scope and i.key = p.key
  join semel_name s on s.id = p.scope
 where p.stands and p.lane = :lane and p.seq > :place::bigint
 order by p.seq
 limit :limit::bigint;

-- heads: the first ones of some lanes, of each as many as are asked for.
select s.name, h.key, h.lane, h.place, h.state, h.claim_id
  from (values [(:lane::bytea, :most::integer)]) as asked (lane, most)
 cross join lateral (
       select p.scope, p.key, p.lane, p.seq as place, i.state, i.claim_id
         from semel_parked p
         join semel_inbox i on i.scope = p.scope and i.key = p.key
        where p.stands and p.lane = asked.lane
        order by p.seq
        limit asked.most) h
  join semel_name s on s.id = h.scope;

-- standing: which of some lanes somebody stands in.
select asked.lane
  from (values [(:lane::bytea)]) as asked (lane)
 where exists (select 1 from semel_parked p where p.stands and p.lane = asked.lane);

-- usage: of a range of scopes, parked and dead.
select p.state, count(*) as messages, sum(length(p.body)) as bytes
  from semel_parked p
  join semel_name s on s.id = p.scope
 where s.name >= :from::bytea and s.name < :below::bytea
 group by p.state;

-- fullest: how many stand in the fullest lane of a range.
select max(messages) as messages
  from (select count(*) as messages
          from semel_parked
         where stands and lane >= :from::bytea and lane < :below::bytea
         group by lane) lanes;
