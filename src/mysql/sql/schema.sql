-- exists: whether there is a table that says how far the others are.
select count(*) as is_there
  from information_schema.tables
 where table_schema = coalesce(:database, database()) and table_name = :name;

-- version: of the tables; null before the first migration.
select max(version) as version from semel_schema;

-- lock: of several that migrate at once the second one finds it done. One name holds for the whole server.
select get_lock(:name, 60) as is_ours;

-- unlock: lets the next one in.
select release_lock(:name) as was_ours;

-- engines: of our tables.
select table_name as 'table', engine
  from information_schema.tables
 where table_schema = coalesce(:database, database()) and table_name in (:inbox, :parked, :name, :step);

-- columns: of our tables, that must be bytes.
select table_name as 'table', column_name as 'column', data_type as 'type'
  from information_schema.columns
 where table_schema = coalesce(:database, database()) and table_name in (:inbox, :parked, :name, :step)
   and column_name in ('record_key', 'fingerprint', 'digest', 'lane', 'step');

-- settings: of the server and of this connection, that decide what can be lost.
select version() as version, @@session.sql_mode as sql_mode, @@session.autocommit as autocommit,
       @@log_bin as log_bin, @@session.binlog_format as binlog_format, @@read_only as read_only,
       @@innodb_flush_log_at_trx_commit as flush_log, @@sync_binlog as sync_binlog;
