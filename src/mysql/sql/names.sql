-- find: the number of a name.
select id
  from semel_name
 where digest = unhex(sha2(:name, 256)) and name = :name;

-- add: a name that has no number yet.
insert into semel_name (digest, name)
values (unhex(sha2(:name, 256)), :name)
    on duplicate key update name = values(name);
