-- columns: the columns of a table of the user's; none: there is no such table.
--   1 table, 2 schema
select name as column_name
  from pragma_table_info(?, ?)
 order by cid;

-- unique: the columns of its indexes that an insert can meet: of all rows and of plain columns; and of the key of its rows.
--   1 table, 2 schema
select i.name as index_name, k.name as column_name, k.seqno as place
  from pragma_index_list(?1, ?2) as i, pragma_index_info(i.name, ?2) as k
 where i."unique" = 1 and i.partial = 0
   and not exists (select 1 from pragma_index_info(i.name, ?2) as e where e.name is null)
union all
select 'primary key', name, pk
  from pragma_table_info(?1, ?2)
 where pk > 0
 order by 1, 3;
