-- begin: takes the lock of the writer at once; a deferred one would fail later, and without waiting.
begin immediate;

-- beginRead: sees one state of the file, and keeps nobody out.
begin;

-- commit: for both.
commit;

-- rollback: for both.
rollback;

-- mark: stands until the seal, and falls with the transaction.
savepoint semel;

-- release: fails where the mark has fallen.
release semel;

-- file: of the main database. Returns its path.
select file from pragma_database_list where name = 'main';
