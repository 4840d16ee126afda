-- begin: a group that has not counted yet.
insert into semel_rate (group_name)
values (:group)
    on conflict (group_name) do nothing;

-- next: when the next start of a group is due; locked.
select next_ms, coalesce(:now::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint) as now_ms
  from semel_rate
 where group_name = :group
   for update;

-- put: notes it.
update semel_rate
   set next_ms = :nextMs
 where group_name = :group;
