-- What was not loaded, or not whole: where is it in the raw logs, and why?
-- A rejected line is in no table; a rejected value is NULL in a row that was loaded.
select source,
       regexp_extract(object, '[^/]*$')                                             as object,
       min(line)                                                                    as first_line,
       count(*)                                                                     as rejects,
       reason,
       kind || coalesce(' in ' || nullif(table_name, '') || '.' || column_name, '') as what
from _dray.rejects
group by source, object, reason, what
order by rejects desc, source, object, first_line
limit 10;
