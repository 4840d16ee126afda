-- What MySQL 8 and newer have instead.

-- begin: remembers the settings of the session, and makes them ours; the isolation is of the next transaction alone.
set @semel_autocommit = @@session.autocommit, @semel_lock = @@session.innodb_lock_wait_timeout,
    @semel_idle = @@session.wait_timeout, @@transaction_isolation = :isolation,
    autocommit = 0,
    innodb_lock_wait_timeout = cast(coalesce(:lockSeconds, @@session.innodb_lock_wait_timeout) as unsigned),
    wait_timeout = :idleSeconds;

-- restore: the settings of the session as they were.
set autocommit = @semel_autocommit, innodb_lock_wait_timeout = @semel_lock, wait_timeout = @semel_idle;

-- prunable: completed records whose time has passed; those that somebody is looking at are left out.
select scope, record_key as 'key'
  from semel_inbox force index (semel_inbox_prune)
 where state = 2
   and until_ms <= coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000)
 order by until_ms
 limit :limit
   for update skip locked;
