-- columns: of a table of the user's.
select column_name as 'column_name'
  from information_schema.columns
 where table_schema = coalesce(:database, database()) and table_name = :table;

-- unique: the columns of each unique index, in order; those over a part of a column are left out.
select index_name as 'index_name', column_name as 'column_name'
  from information_schema.statistics
 where table_schema = coalesce(:database, database()) and table_name = :table and non_unique = 0
   and index_name not in (
       select index_name
         from information_schema.statistics
        where table_schema = coalesce(:database, database()) and table_name = :table and sub_part is not null)
 order by index_name, seq_in_index;
