-- exists: whether there is a table that says how far the others are.
select count(*) as tables
  from sqlite_schema
 where type = 'table' and name = 'semel_schema';

-- version: of the tables; null before the first migration.
select max(version) as version
  from semel_schema;
