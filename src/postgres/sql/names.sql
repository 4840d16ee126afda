-- find: the number of a name.
select id from semel_name where name = :name;

-- add: a name that has no number yet.
insert into semel_name (name)
values (:name)
    on conflict (name) do nothing;
