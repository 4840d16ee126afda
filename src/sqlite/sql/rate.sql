-- next: when the next start of a group is due.
--   1 group
select next_ms
  from semel_rate
 where group_name = ?;

-- put: notes it.
--   1 group, 2 time
insert into semel_rate (group_name, next_ms)
values (?, ?)
    on conflict (group_name) do update set next_ms = excluded.next_ms;
