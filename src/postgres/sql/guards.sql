-- columns: the columns of a table of the user's; none: there is no such table.
select attname as column_name
  from pg_attribute
 where attrelid = to_regclass(:table::text)::oid and attnum > 0 and not attisdropped
 order by attnum;

-- unique: the columns of its indexes that an insert can meet: of all rows, of plain columns, checked at once.
select i.indexrelid::text as index_name, a.attname as column_name
  from pg_index i
  join lateral unnest(i.indkey::smallint[]) with ordinality as k (attnum, place) on k.place <= i.indnkeyatts
  join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
 where i.indrelid = to_regclass(:table::text)::oid
   and i.indisunique and i.indisvalid and i.indimmediate and i.indpred is null and i.indexprs is null
 order by i.indexrelid, k.place;
