-- What MySQL 5.6 and 5.7 have instead.

-- begin: remembers the settings of the session, and makes them ours; the isolation is of the next transaction alone.
set @semel_autocommit = @@session.autocommit, @semel_lock = @@session.innodb_lock_wait_timeout,
    @semel_idle = @@session.wait_timeout, @@tx_isolation = :isolation,
    autocommit = 0,
    innodb_lock_wait_timeout = cast(coalesce(:lockSeconds, @@session.innodb_lock_wait_timeout) as unsigned),
    wait_timeout = :idleSeconds;

-- restore: the settings of the session as they were.
set autocommit = @semel_autocommit, innodb_lock_wait_timeout = @semel_lock, wait_timeout = @semel_idle;

-- prunable: completed records whose time has passed. It cannot leave out what somebody is looking at.
select scope, record_key as 'key'
  from semel_inbox force index (semel_inbox_prune)
 where state = 2
   and until_ms <= coalesce(:now, unix_timestamp() * 1000 + microsecond(now(3)) div 1000)
 order by until_ms
 limit :limit;

-- impatient: nobody is waited for longer than the server's shortest time.
set innodb_lock_wait_timeout = 1;
