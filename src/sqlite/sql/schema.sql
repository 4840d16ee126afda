-- prepare: the table that says how far the others are.
create table if not exists semel_schema (
  version     integer primary key,
  name        text    not null,
  migrated_ms integer not null
) strict;

-- exists: whether that table is there.
select count(*) as tables
  from sqlite_schema
 where type = 'table' and name = 'semel_schema';

-- version: of the tables; null before the first migration.
select max(version) as version
  from semel_schema;

-- migrated: notes a migration.
--   1 version, 2 name, 3 now
insert into semel_schema (version, name, migrated_ms)
values (?, ?, ?);
