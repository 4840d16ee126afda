-- exists: whether there is a table that says how far the others are.
select to_regclass(:name) is not null as is_there;

-- version: of the tables; null before the first migration.
select max(version) as version from semel_schema;

-- lock: of several that migrate at once the second one finds it done.
select pg_advisory_xact_lock(7369656, 1);
