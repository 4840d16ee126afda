-- settings: what is looked at before anything is consumed.
select current_setting('server_version_num')::integer as version,
       pg_is_in_recovery() as in_recovery,
       current_setting('transaction_read_only') as read_only,
       current_setting('server_encoding') as encoding,
       current_setting('fsync') as fsync,
       current_setting('synchronous_commit') as synchronous_commit,
       current_setting('full_page_writes') as full_page_writes;
