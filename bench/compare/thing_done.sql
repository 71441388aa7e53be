-- tables.sql for the inputs of nasty.py: one event, whatever its properties.
CREATE TEMP TABLE raw AS
SELECT * FROM read_ndjson_auto(:logs, union_by_name = true:options);

CREATE SCHEMA shop;

CREATE TABLE shop.thing_done AS
SELECT messageId AS id, receivedAt::TIMESTAMP AS received_at, properties.*
FROM raw WHERE event = 'Thing Done'
QUALIFY row_number() OVER (PARTITION BY messageId ORDER BY receivedAt DESC) = 1;
