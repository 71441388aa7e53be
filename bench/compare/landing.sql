-- The least that DuckDB can do with the logs: one raw table, as they are.
CREATE TABLE raw AS
SELECT * FROM read_ndjson_auto(:logs, union_by_name = true);
