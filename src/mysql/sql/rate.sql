-- begin: a group that has not counted yet.
insert into semel_rate (group_name)
values (:group)
    on duplicate key update group_name = values(group_name);

-- next: when the next start of a group is due; locked.
select next_ms, coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000) as now_ms
  from semel_rate
 where group_name = :group
   for update;

-- put: notes it.
update semel_rate
   set next_ms = :nextMs
 where group_name = :group;
