-- What clients of Redshift find in a database and PostgreSQL has not. Run once, as a superuser, with :'system' the
-- folder of the files that the stand-in writes.

CREATE SCHEMA standin;
GRANT USAGE ON SCHEMA standin TO PUBLIC;

CREATE FUNCTION standin.fail() RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE 'an error that was injected'; END $$;

-- Comparisons of VARCHAR ignore trailing blanks, as those of CHAR do: the same functions serve.
CREATE FUNCTION standin.vc_eq(varchar, varchar) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'bpchareq';
CREATE FUNCTION standin.vc_ne(varchar, varchar) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'bpcharne';
CREATE FUNCTION standin.vc_lt(varchar, varchar) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'bpcharlt';
CREATE FUNCTION standin.vc_le(varchar, varchar) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'bpcharle';
CREATE FUNCTION standin.vc_gt(varchar, varchar) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'bpchargt';
CREATE FUNCTION standin.vc_ge(varchar, varchar) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'bpcharge';
CREATE FUNCTION standin.vc_cmp(varchar, varchar) RETURNS integer LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'bpcharcmp';
CREATE FUNCTION standin.vc_hash(varchar) RETURNS integer LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'hashbpchar';
CREATE OPERATOR standin.= (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = standin.vc_eq, COMMUTATOR = OPERATOR(standin.=),
  NEGATOR = OPERATOR(standin.<>), RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
CREATE OPERATOR standin.<> (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = standin.vc_ne, COMMUTATOR = OPERATOR(standin.<>),
  NEGATOR = OPERATOR(standin.=), RESTRICT = neqsel, JOIN = neqjoinsel);
CREATE OPERATOR standin.< (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = standin.vc_lt, COMMUTATOR = OPERATOR(standin.>),
  NEGATOR = OPERATOR(standin.>=), RESTRICT = scalarltsel, JOIN = scalarltjoinsel);
CREATE OPERATOR standin.<= (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = standin.vc_le, COMMUTATOR = OPERATOR(standin.>=),
  NEGATOR = OPERATOR(standin.>), RESTRICT = scalarlesel, JOIN = scalarlejoinsel);
CREATE OPERATOR standin.> (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = standin.vc_gt, COMMUTATOR = OPERATOR(standin.<),
  NEGATOR = OPERATOR(standin.<=), RESTRICT = scalargtsel, JOIN = scalargtjoinsel);
CREATE OPERATOR standin.>= (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = standin.vc_ge, COMMUTATOR = OPERATOR(standin.<=),
  NEGATOR = OPERATOR(standin.<), RESTRICT = scalargesel, JOIN = scalargejoinsel);
CREATE OPERATOR CLASS standin.varchar_blanks DEFAULT FOR TYPE varchar USING btree AS
  OPERATOR 1 standin.<, OPERATOR 2 standin.<=, OPERATOR 3 standin.=, OPERATOR 4 standin.>=, OPERATOR 5 standin.>,
  FUNCTION 1 standin.vc_cmp(varchar, varchar);
CREATE OPERATOR CLASS standin.varchar_blanks_hash DEFAULT FOR TYPE varchar USING hash AS
  OPERATOR 1 standin.=, FUNCTION 1 standin.vc_hash(varchar);

-- Functions -----------------------------------------------------------------------------------------------------------

CREATE FUNCTION standin.getdate() RETURNS timestamp LANGUAGE sql STABLE AS
  $$ SELECT date_trunc('second', statement_timestamp() AT TIME ZONE current_setting('TimeZone')) $$;
CREATE FUNCTION standin.sysdate() RETURNS timestamp LANGUAGE sql STABLE AS
  $$ SELECT transaction_timestamp() AT TIME ZONE current_setting('TimeZone') $$;
CREATE FUNCTION standin.version() RETURNS text LANGUAGE sql IMMUTABLE AS
  $$ SELECT 'PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), Redshift 1.0.61687'::text $$;
CREATE FUNCTION standin.current_schemas(boolean) RETURNS name[] LANGUAGE sql STABLE AS
  $$ SELECT array_remove(current_schemas($1), 'standin') $$;
-- Users see their own rows of system tables, a superuser all.
CREATE FUNCTION standin.sees(userid text) RETURNS boolean LANGUAGE sql STABLE AS
  $$ SELECT usesuper OR usesysid::text = $1 FROM pg_user WHERE usename = current_user $$;
CREATE FUNCTION standin.pg_last_copy_id(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT $1 $$;
CREATE FUNCTION standin.pg_last_copy_count(bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT $1 $$;
CREATE FUNCTION standin.pg_last_query_id(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT $1 $$;
CREATE FUNCTION standin.len(text) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT length($1) $$;
CREATE FUNCTION standin.charindex(text, text) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT strpos($2, $1) $$;
CREATE FUNCTION standin.is_valid_json(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT AS
  $$ BEGIN PERFORM $1::json; RETURN json_typeof($1::json) IN ('object', 'array'); EXCEPTION WHEN OTHERS THEN RETURN false; END $$;

-- A number in any base up to 36; a value that is none is an error, as there.
CREATE FUNCTION standin.strtol(digits text, base integer) RETURNS bigint LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
  value numeric := 0;
  rest text := lower(trim(digits));
  sign integer := 1;
  digit integer;
BEGIN
  IF base < 2 OR base > 36 THEN
    RAISE 'The base must be between 2 and 36.' USING ERRCODE = '22023';
  END IF;
  IF left(rest, 1) IN ('-', '+') THEN
    sign := CASE left(rest, 1) WHEN '-' THEN -1 ELSE 1 END;
    rest := substr(rest, 2);
  END IF;
  IF base = 16 AND left(rest, 2) = '0x' THEN
    rest := substr(rest, 3);
  END IF;
  FOR i IN 1..length(rest) LOOP
    digit := strpos('0123456789abcdefghijklmnopqrstuvwxyz', substr(rest, i, 1)) - 1;
    IF digit < 0 OR digit >= base THEN
      RAISE 'The input % is not valid to be converted to base %', digits, base USING ERRCODE = '22023';
    END IF;
    value := value * base + digit;
  END LOOP;
  value := value * sign;
  IF value < -9223372036854775808 OR value > 9223372036854775807 THEN
    RAISE 'Value out of range: %', digits USING ERRCODE = '22003';
  END IF;
  RETURN value;
END $$;

CREATE FUNCTION standin.dateadd(part text, n bigint, t timestamp) RETURNS timestamp LANGUAGE sql IMMUTABLE STRICT AS
  $$ SELECT t + n * CASE WHEN part IN ('quarter', 'quarters', 'qtr') THEN interval '3 months' ELSE ('1 ' || part)::interval END $$;
CREATE FUNCTION standin.datediff(part text, a timestamp, b timestamp) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT CASE
    WHEN part IN ('year', 'years', 'y', 'yr') THEN extract(year FROM b) - extract(year FROM a)
    WHEN part IN ('month', 'months', 'mon') THEN
      (extract(year FROM b) - extract(year FROM a)) * 12 + extract(month FROM b) - extract(month FROM a)
    WHEN part IN ('day', 'days', 'd') THEN b::date - a::date
    ELSE trunc(extract(epoch FROM date_trunc(part, b) - date_trunc(part, a)) / extract(epoch FROM ('1 ' || part)::interval))
  END::bigint $$;

-- Found by the search path, beside PostgreSQL's of the same name.
CREATE FUNCTION standin.trunc(timestamp) RETURNS date LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT $1::date $$;
CREATE FUNCTION standin.add_months(timestamp, integer) RETURNS timestamp LANGUAGE sql IMMUTABLE STRICT AS
  $$ SELECT $1 + $2 * interval '1 month' $$;
CREATE FUNCTION standin.last_day(timestamp) RETURNS date LANGUAGE sql IMMUTABLE STRICT AS
  $$ SELECT (date_trunc('month', $1) + interval '1 month - 1 day')::date $$;
CREATE FUNCTION standin.convert_timezone(text, text, timestamp) RETURNS timestamp LANGUAGE sql STABLE STRICT AS
  $$ SELECT $3 AT TIME ZONE $1 AT TIME ZONE $2 $$;
CREATE FUNCTION standin.convert_timezone(text, timestamp) RETURNS timestamp LANGUAGE sql STABLE STRICT AS
  $$ SELECT $2 AT TIME ZONE 'UTC' AT TIME ZONE $1 $$;
CREATE FUNCTION standin.json_extract_path_text(text, VARIADIC text[]) RETURNS varchar LANGUAGE sql IMMUTABLE STRICT AS
  $$ SELECT coalesce(json_extract_path_text($1::json, VARIADIC $2), '')::varchar $$;
CREATE FUNCTION standin.sha2(text, integer) RETURNS varchar LANGUAGE sql IMMUTABLE STRICT AS
  $$ SELECT encode(CASE $2 WHEN 224 THEN sha224($1::bytea) WHEN 384 THEN sha384($1::bytea) WHEN 512 THEN sha512($1::bytea) ELSE sha256($1::bytea) END, 'hex')::varchar $$;

-- FIRST_VALUE and LAST_VALUE with IGNORE NULLS: a strict aggregate passes over nulls, and starts with the first value.
CREATE FUNCTION standin.keep_first(anyelement, anyelement) RETURNS anyelement LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT $1 $$;
CREATE FUNCTION standin.keep_last(anyelement, anyelement) RETURNS anyelement LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT $2 $$;
CREATE AGGREGATE standin.first_value_ignore_nulls(anyelement) (SFUNC = standin.keep_first, STYPE = anyelement);
CREATE AGGREGATE standin.last_value_ignore_nulls(anyelement) (SFUNC = standin.keep_last, STYPE = anyelement);
CREATE AGGREGATE standin.any_value(anyelement) (SFUNC = standin.keep_first, STYPE = anyelement);

-- Attributes of tables that PostgreSQL has no place for -----------------------------------------------------------------

CREATE TABLE standin.table_attribute (
  relid oid PRIMARY KEY, diststyle text NOT NULL, distkey text, sortkeys text[] NOT NULL, interleaved boolean NOT NULL,
  constrained text[] NOT NULL);
CREATE TABLE standin.column_attribute (relid oid, attname text, encoding text NOT NULL, PRIMARY KEY (relid, attname));
GRANT SELECT ON standin.table_attribute, standin.column_attribute TO PUBLIC;

CREATE FUNCTION standin.record_table(
  relation regclass, diststyle text, distkey text, sortkeys text[], interleaved boolean, constrained text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER AS $$
  INSERT INTO standin.table_attribute VALUES (relation, diststyle, distkey, sortkeys, interleaved, constrained)
  ON CONFLICT (relid) DO UPDATE SET diststyle = excluded.diststyle, distkey = excluded.distkey,
    sortkeys = excluded.sortkeys, interleaved = excluded.interleaved, constrained = excluded.constrained
$$;
CREATE FUNCTION standin.record_column(relation regclass, attname text, encoding text) RETURNS void
LANGUAGE sql SECURITY DEFINER AS $$
  INSERT INTO standin.column_attribute VALUES (relation, attname, encoding)
  ON CONFLICT ON CONSTRAINT column_attribute_pkey DO UPDATE SET encoding = excluded.encoding
$$;

CREATE FUNCTION standin.record_like(relation regclass, source regclass) RETURNS void LANGUAGE sql SECURITY DEFINER AS $$
  INSERT INTO standin.table_attribute
    SELECT relation, diststyle, distkey, sortkeys, interleaved, ARRAY[]::text[] FROM standin.table_attribute WHERE relid = source;
  INSERT INTO standin.column_attribute
    SELECT relation, attname, encoding FROM standin.column_attribute WHERE relid = source
      AND (SELECT relpersistence FROM pg_class WHERE oid = relation) <> 't'
$$;
CREATE FUNCTION standin.record_keys(relation regclass, style text, key text, keys text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER AS $$
  INSERT INTO standin.table_attribute
    VALUES (relation, coalesce(style, 'AUTO(ALL)'), key, coalesce(keys, '{}'), false, '{}')
  ON CONFLICT (relid) DO UPDATE SET diststyle = coalesce(style, table_attribute.diststyle),
    distkey = CASE WHEN style IS NULL THEN table_attribute.distkey ELSE key END, sortkeys = coalesce(keys, table_attribute.sortkeys)
$$;
CREATE FUNCTION standin.record_constraint(relation regclass, names text[]) RETURNS void LANGUAGE sql SECURITY DEFINER AS $$
  INSERT INTO standin.table_attribute VALUES (relation, 'AUTO(ALL)', NULL, '{}', false, names)
  ON CONFLICT (relid) DO UPDATE SET constrained = CASE names WHEN '{}' THEN names ELSE table_attribute.constrained || names END
$$;
CREATE FUNCTION standin.record_rename(relation regclass, old text, new text) RETURNS void LANGUAGE sql SECURITY DEFINER AS $$
  UPDATE standin.table_attribute SET distkey = CASE distkey WHEN old THEN new ELSE distkey END,
    sortkeys = array_replace(sortkeys, old, new), constrained = array_replace(constrained, old, new) WHERE relid = relation;
  UPDATE standin.column_attribute SET attname = new WHERE relid = relation AND attname = old
$$;

-- CREATE TABLE AS leaves PostgreSQL's text and unbounded numbers: they become what Redshift has.
CREATE FUNCTION standin.after_ctas(relation regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  c record;
BEGIN
  FOR c IN SELECT attname, atttypid, atttypmod FROM pg_attribute WHERE attrelid = relation AND attnum > 0 LOOP
    IF c.atttypid IN (25, 1043) AND c.atttypmod < 0 OR c.atttypid = 25 THEN
      EXECUTE format('ALTER TABLE %s ALTER COLUMN %I TYPE varchar(65535)', relation, c.attname);
    ELSIF c.atttypid = 1700 AND c.atttypmod < 0 THEN
      EXECUTE format('ALTER TABLE %s ALTER COLUMN %I TYPE numeric(38,4)', relation, c.attname);
    ELSIF c.atttypid = 1043 THEN
      EXECUTE format('ALTER TABLE %s ADD CONSTRAINT bytes_v_%s_c%s CHECK (octet_length(%I) <= %s)', relation,
        c.atttypmod - 4, md5(c.attname), c.attname, c.atttypmod - 4);
    END IF;
  END LOOP;
END $$;

-- What ALTER TABLE and COPY have to know about the columns of a table, in the caller's transaction.
CREATE FUNCTION standin.table_columns(relation regclass, OUT attname text, OUT typname text, OUT typmod integer, OUT not_null boolean,
  OUT has_default boolean, OUT identity text, OUT encoding text, OUT distkey boolean, OUT sortkey boolean, OUT constrained boolean,
  OUT byte_check text, OUT attnum integer)
RETURNS SETOF record LANGUAGE sql VOLATILE SECURITY DEFINER AS $$
  SELECT a.attname, y.typname, a.atttypmod, a.attnotnull, a.atthasdef, a.attidentity, coalesce(e.encoding, 'auto'),
    coalesce(t.distkey = a.attname, false), coalesce(a.attname::text = ANY (t.sortkeys), false),
    coalesce(a.attname::text = ANY (t.constrained), false),
    (SELECT k.conname FROM pg_constraint k
     WHERE k.conrelid = relation AND k.contype = 'c' AND k.conkey = ARRAY[a.attnum] AND k.conname LIKE 'bytes~_%' ESCAPE '~' LIMIT 1), a.attnum
  FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid
  LEFT JOIN standin.table_attribute t ON t.relid = relation
  LEFT JOIN standin.column_attribute e ON e.relid = relation AND e.attname = a.attname
  WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
$$;

CREATE FUNCTION standin.default_text(relation regclass, number integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  expression text;
  value text;
BEGIN
  SELECT pg_get_expr(adbin, adrelid) INTO expression FROM pg_attrdef WHERE adrelid = relation AND adnum = number;
  EXECUTE 'SELECT (' || expression || ')::text' INTO value;
  RETURN value;
END $$;

-- The rows of a system table: one JSON object a line, written by the stand-in, outside of any snapshot.
CREATE FUNCTION standin.lines(file text) RETURNS SETOF jsonb LANGUAGE sql VOLATILE SECURITY DEFINER AS
  $$ SELECT line::jsonb FROM regexp_split_to_table(pg_read_file(current_setting('standin.system') || '/' || file), '\n') line WHERE line <> '' $$;
CREATE FUNCTION standin.long_names(OUT short text, OUT name text) RETURNS SETOF record LANGUAGE sql VOLATILE SECURITY DEFINER AS
  $$ SELECT split_part(line, E'\t', 1), split_part(line, E'\t', 2)
     FROM regexp_split_to_table(pg_read_file(current_setting('standin.system') || '/names'), '\n') line WHERE line <> '' $$;
CREATE FUNCTION standin.quota(name text) RETURNS bigint LANGUAGE sql VOLATILE SECURITY DEFINER AS
  $$ SELECT (pg_read_file(current_setting('standin.system') || '/capacity')::jsonb ->> name)::bigint $$;

-- System tables ---------------------------------------------------------------------------------------------------------

CREATE VIEW standin.relations AS
  SELECT c.oid, n.nspname::text AS schema_short, coalesce(ln.name, n.nspname)::varchar AS schemaname,
    coalesce(lr.name, c.relname)::varchar AS tablename, c.relkind, c.relowner,
    c.relpersistence = 't' AS temporary, c.relnamespace
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN standin.long_names() ln ON ln.short = n.nspname
  LEFT JOIN standin.long_names() lr ON lr.short = c.relname
  WHERE c.relkind IN ('r', 'v') AND n.nspname NOT IN ('standin', 'pg_catalog', 'information_schema', 'pg_toast');

CREATE VIEW standin.columns AS
  SELECT r.*, a.attnum, a.attname AS attname_short, coalesce(l.name, a.attname)::varchar AS columnname, a.attnotnull,
    a.atttypid, a.atttypmod, pg_get_expr(d.adbin, d.adrelid)::varchar AS column_default,
    row_number() OVER (PARTITION BY r.oid ORDER BY a.attnum) AS position,
    replace(replace(format_type(a.atttypid, a.atttypmod), 'jsonb', 'super'), '"char"', 'char')::varchar AS formatted,
    CASE WHEN a.atttypid IN (1042, 1043) THEN a.atttypmod - 4 END AS length,
    CASE a.atttypid WHEN 21 THEN 16 WHEN 23 THEN 32 WHEN 20 THEN 64 WHEN 700 THEN 24 WHEN 701 THEN 53
      WHEN 1700 THEN ((a.atttypmod - 4) >> 16) & 65535 END AS numeric_precision,
    CASE a.atttypid WHEN 21 THEN 0 WHEN 23 THEN 0 WHEN 20 THEN 0 WHEN 1700 THEN (a.atttypmod - 4) & 65535 END AS numeric_scale,
    t.distkey IS NOT DISTINCT FROM a.attname AND t.distkey IS NOT NULL AS distkey,
    coalesce(array_position(t.sortkeys, a.attname::text), 0) AS sortkey, coalesce(t.interleaved, false) AS interleaved,
    coalesce(e.encoding, CASE
      WHEN r.temporary OR coalesce(array_position(t.sortkeys, a.attname::text), 0) > 0 THEN 'none'
      WHEN a.atttypid IN (1042, 1043) THEN 'lzo' WHEN a.atttypid IN (16, 700, 701) THEN 'none'
      WHEN a.atttypid = 3802 THEN 'zstd' ELSE 'az64' END)::varchar AS encoding
  FROM standin.relations r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  LEFT JOIN standin.table_attribute t ON t.relid = r.oid
  LEFT JOIN standin.column_attribute e ON e.relid = r.oid AND e.attname = a.attname
  LEFT JOIN standin.long_names() l ON l.short = a.attname;

CREATE VIEW standin.pg_table_def AS
  SELECT schemaname::varchar AS schemaname, tablename, columnname AS "column", formatted AS type,
    encoding, distkey, CASE WHEN interleaved AND sortkey % 2 = 0 THEN -sortkey ELSE sortkey END AS sortkey, attnotnull AS "notnull"
  FROM standin.columns WHERE relkind = 'r' AND schema_short = ANY (current_schemas(true)::text[]);

CREATE VIEW standin.information_schema_columns AS
  SELECT current_database()::varchar AS table_catalog, schemaname AS table_schema, tablename AS table_name,
    columnname AS column_name, position::integer AS ordinal_position, column_default,
    CASE WHEN attnotnull THEN 'NO' ELSE 'YES' END::varchar AS is_nullable,
    replace(format_type(atttypid, NULL), 'jsonb', 'super')::varchar AS data_type, length AS character_maximum_length,
    length AS character_octet_length, numeric_precision, numeric_scale,
    NULL::varchar AS remarks
  FROM standin.columns
  WHERE has_table_privilege(oid, 'SELECT, INSERT, UPDATE, DELETE, REFERENCES, TRIGGER') AND NOT pg_is_other_temp_schema(relnamespace);
CREATE VIEW standin.svv_columns AS SELECT * FROM standin.information_schema_columns;
CREATE VIEW standin.svv_all_columns AS
  SELECT table_catalog AS database_name, table_schema AS schema_name, table_name, column_name, ordinal_position,
    column_default, is_nullable, data_type, character_maximum_length, numeric_precision, numeric_scale, remarks
  FROM standin.information_schema_columns;
CREATE VIEW standin.svv_redshift_columns AS
  SELECT table_catalog AS database_name, table_schema AS schema_name, table_name, column_name, ordinal_position,
    data_type, column_default, is_nullable, NULL::varchar AS encoding, false AS distkey, 0 AS sortkey, NULL::varchar AS column_acl, remarks
  FROM standin.information_schema_columns;

CREATE VIEW standin.information_schema_tables AS
  SELECT current_database()::varchar AS table_catalog, schemaname AS table_schema, tablename AS table_name,
    CASE WHEN temporary THEN 'LOCAL TEMPORARY' WHEN relkind = 'v' THEN 'VIEW' ELSE 'BASE TABLE' END::varchar AS table_type
  FROM standin.relations
  WHERE has_table_privilege(oid, 'SELECT, INSERT, UPDATE, DELETE, REFERENCES, TRIGGER') AND NOT pg_is_other_temp_schema(relnamespace);
CREATE VIEW standin.svv_tables AS SELECT *, NULL::varchar AS remarks FROM standin.information_schema_tables;
CREATE VIEW standin.svv_all_tables AS
  SELECT table_catalog AS database_name, table_schema AS schema_name, table_name,
    CASE table_type WHEN 'BASE TABLE' THEN 'TABLE' ELSE table_type END::varchar AS table_type, NULL::varchar AS table_acl, NULL::varchar AS remarks
  FROM standin.information_schema_tables;
CREATE VIEW standin.svv_redshift_tables AS SELECT * FROM standin.svv_all_tables;
CREATE VIEW standin.schemas AS
  SELECT n.oid, coalesce(l.name, n.nspname)::varchar AS name, n.nspowner
  FROM pg_namespace n LEFT JOIN standin.long_names() l ON l.short = n.nspname
  WHERE n.nspname NOT IN ('standin', 'pg_toast') AND n.nspname NOT LIKE 'pg_temp%' AND n.nspname NOT LIKE 'pg_toast_temp%';
CREATE VIEW standin.information_schema_schemata AS
  SELECT current_database()::varchar AS catalog_name, name AS schema_name, pg_get_userbyid(nspowner)::varchar AS schema_owner
  FROM standin.schemas;
CREATE VIEW standin.svv_all_schemas AS
  SELECT current_database()::varchar AS database_name, name AS schema_name, nspowner::integer AS schema_owner,
    'local'::varchar AS schema_type, NULL::varchar AS schema_acl, NULL::varchar AS source_database, NULL::varchar AS schema_option
  FROM standin.schemas;
CREATE VIEW standin.svv_redshift_schemas AS SELECT * FROM standin.svv_all_schemas;
CREATE VIEW standin.pg_namespace AS
  SELECT n.oid, s.name AS nspname, n.nspowner, n.nspacl FROM pg_namespace n JOIN standin.schemas s ON s.oid = n.oid;
CREATE VIEW standin.pg_class AS
  SELECT c.oid, coalesce(l.name, c.relname)::varchar AS relname, c.relnamespace, c.reltype, c.relowner, c.relam, c.relkind, c.relnatts,
    c.relacl, c.reltuples, c.relhasindex,
    CASE split_part(coalesce(t.diststyle, 'AUTO'), '(', 1) WHEN 'EVEN' THEN 0 WHEN 'KEY' THEN 1 WHEN 'ALL' THEN 8 ELSE 9 END AS reldiststyle
  FROM pg_class c LEFT JOIN standin.long_names() l ON l.short = c.relname
  LEFT JOIN standin.table_attribute t ON t.relid = c.oid;
CREATE VIEW standin.pg_attribute AS
  SELECT a.attrelid, coalesce(l.name, a.attname)::varchar AS attname, a.atttypid, a.attlen, a.attnum, a.atttypmod, a.attnotnull,
    a.atthasdef, a.attisdropped, c.distkey AS attisdistkey, c.sortkey AS attsortkeyord
  FROM pg_attribute a LEFT JOIN standin.columns c ON c.oid = a.attrelid AND c.attnum = a.attnum
  LEFT JOIN standin.long_names() l ON l.short = a.attname;
CREATE VIEW standin.pg_user AS
  SELECT usename, usesysid::integer AS usesysid, usecreatedb, usesuper, usesuper AS usecatupd, passwd, valuntil, useconfig FROM pg_user;
CREATE VIEW standin.svv_user_info AS
  SELECT usename::varchar AS user_name, usesysid::integer AS user_id, usecreatedb AS createdb, usesuper AS superuser FROM pg_user;
CREATE VIEW standin.stv_sessions AS
  SELECT backend_start AT TIME ZONE 'UTC' AS starttime, pid AS process, usename::char(50) AS user_name, datname::char(50) AS db_name
  FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name <> 'standin';
CREATE VIEW standin.pg_stat_activity AS
  SELECT datid, datname, pid AS procpid, usesysid, usename, query AS current_query, query_start
  FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name <> 'standin';

-- 1 MB blocks: columns and three hidden ones, on each slice, twice with a sort key; never less than the rows need.
CREATE FUNCTION standin.row_count(relation regclass) RETURNS bigint LANGUAGE plpgsql VOLATILE SECURITY DEFINER AS
  $$ DECLARE n bigint; BEGIN EXECUTE format('SELECT count(*) FROM %s', relation) INTO n; RETURN n; EXCEPTION WHEN OTHERS THEN RETURN 0; END $$;
CREATE VIEW standin.svv_table_info AS
  SELECT current_database()::varchar AS database, s.schemaname AS schema, s.oid AS table_id, s.tablename AS "table",
    CASE WHEN s.encoded THEN 'Y' ELSE 'Y, AUTO(ENCODE)' END::varchar AS encoded,
    coalesce(t.diststyle, 'AUTO(ALL)')::varchar AS diststyle, coalesce(t.sortkeys[1], 'AUTO(SORTKEY)')::varchar AS sortkey1,
    s.max_varchar, coalesce(cardinality(t.sortkeys), 0) AS sortkey_num, s.size,
    (100.0 * s.size / standin.quota('capacity'))::numeric(10,4) AS pct_used, 0::bigint AS empty,
    CASE WHEN t.sortkeys[1] IS NOT NULL THEN 0 END::numeric(5,2) AS unsorted,
    CASE WHEN s.reltuples >= 0 THEN 0 ELSE 100 END::numeric(5,2) AS stats_off, s.rows::numeric(38,0) AS tbl_rows,
    NULL::numeric(19,2) AS skew_sortkey1, 1::numeric(19,2) AS skew_rows, s.rows::numeric(38,0) AS estimated_visible_rows,
    NULL::varchar AS risk_event, NULL::numeric(12,2) AS vacuum_sort_benefit, NULL::timestamp AS create_time
  FROM (
    SELECT r.*, k.reltuples, standin.row_count(r.oid::regclass) AS rows, c.max_varchar,
      EXISTS (SELECT FROM standin.column_attribute e WHERE e.relid = r.oid) AS encoded,
      greatest((c.columns + 3) * CASE WHEN coalesce(a.diststyle, 'AUTO(ALL)') LIKE '%ALL%' THEN 1 ELSE standin.quota('slices') END
        * CASE WHEN cardinality(a.sortkeys) > 0 THEN 2 ELSE 1 END, pg_relation_size(r.oid) >> 20)::bigint AS size
    FROM standin.relations r JOIN pg_class k ON k.oid = r.oid
    LEFT JOIN standin.table_attribute a ON a.relid = r.oid
    CROSS JOIN LATERAL (
      SELECT count(*) AS columns, coalesce(max(length) FILTER (WHERE atttypid = 1043), 0)::integer AS max_varchar
      FROM standin.columns WHERE columns.oid = r.oid) c
    WHERE r.relkind = 'r' AND NOT pg_is_other_temp_schema(r.relnamespace) AND has_table_privilege(r.oid, 'SELECT')) s
  LEFT JOIN standin.table_attribute t ON t.relid = s.oid
  WHERE s.rows > 0;

CREATE VIEW standin.stv_slices AS
  SELECT (n / 2)::integer AS node, n::integer AS slice, (n % 2)::integer AS localslice, 'D'::char(1) AS type
  FROM generate_series(0, standin.quota('slices') - 1) n
  UNION ALL SELECT (n / 2)::integer, (6400 + n)::integer, (n % 2)::integer, 'C'::char(1) FROM generate_series(0, standin.quota('slices') - 1) n;
CREATE VIEW standin.stv_node_storage_capacity AS
  SELECT n::integer AS node, (standin.quota('used') / standin.quota('nodes'))::integer AS used,
    (standin.quota('capacity') / standin.quota('nodes'))::integer AS capacity
  FROM generate_series(0, standin.quota('nodes') - 1) n;
CREATE VIEW standin.stv_partitions AS
  SELECT node AS owner, node AS host, 0 AS diskno, 0::bigint AS part_begin, capacity::bigint AS part_end, used, 0 AS tossed, capacity,
    0::bigint AS reads, 0::bigint AS writes, 0 AS failed, ''::char(32) AS mount
  FROM standin.stv_node_storage_capacity;
CREATE VIEW standin.stv_db_isolation_level AS
  SELECT current_database()::varchar AS db_name, CASE WHEN standin.quota('serializable') = 1 THEN 'Serializable' ELSE 'Snapshot Isolation' END::varchar AS isolation_level;
CREATE VIEW standin.svv_vacuum_progress AS
  SELECT NULL::varchar AS table_name, 'Complete'::varchar AS status, NULL::varchar AS time_remaining_estimate WHERE false;
CREATE VIEW standin.svv_transactions AS
  SELECT a.usename::varchar AS txn_owner, a.datname::varchar AS txn_db, coalesce(a.backend_xid::text, '0')::bigint AS xid, a.pid,
    a.xact_start AT TIME ZONE 'UTC' AS txn_start, l.mode::varchar AS lock_mode, l.locktype::varchar AS lockable_object_type,
    l.relation::integer AS relation, l.granted
  FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid WHERE a.xact_start IS NOT NULL AND a.pid <> pg_backend_pid();

CREATE VIEW standin.stl_load_errors AS
  SELECT (j->>'userid')::integer AS userid, (j->>'slice')::integer AS slice, (j->>'tbl')::integer AS tbl,
    (j->>'starttime')::timestamp AS starttime, (j->>'session')::integer AS session, (j->>'query')::integer AS query,
    (j->>'filename')::char(256) AS filename, (j->>'line_number')::bigint AS line_number, (j->>'colname')::char(127) AS colname,
    (j->>'type')::char(10) AS type, (j->>'col_length')::char(10) AS col_length, (j->>'position')::integer AS position,
    (j->>'raw_line')::char(1024) AS raw_line, (j->>'raw_field_value')::char(1024) AS raw_field_value,
    (j->>'err_code')::integer AS err_code, (j->>'err_reason')::char(100) AS err_reason, 0 AS is_partial,
    (j->>'start_offset')::bigint AS start_offset, 0::bigint AS copy_job_id
  FROM standin.lines('load_errors') j WHERE standin.sees(j->>'userid');
CREATE VIEW standin.stl_loaderror_detail AS
  SELECT (j->>'userid')::integer AS userid, (j->>'slice')::integer AS slice, (j->>'session')::integer AS session,
    (j->>'query')::integer AS query, (j->>'filename')::char(256) AS filename, (j->>'line_number')::bigint AS line_number,
    (f.n - 1)::integer AS field, (f.v->>'colname')::char(1024) AS colname, (f.v->>'value')::char(1024) AS value,
    CASE WHEN f.v->>'value' IS NULL THEN 1 ELSE 0 END AS is_null, (f.v->>'type')::char(10) AS type, (f.v->>'col_length')::char(10) AS col_length
  FROM standin.lines('load_errors') j CROSS JOIN LATERAL jsonb_array_elements(j->'fields') WITH ORDINALITY f(v, n) WHERE standin.sees(j->>'userid');
CREATE VIEW standin.sys_load_error_detail AS
  SELECT (j->>'userid')::integer AS user_id, (j->>'query')::bigint AS query_id, (j->>'xid')::bigint AS transaction_id,
    (j->>'session')::integer AS session_id, current_database()::char(64) AS database_name, (j->>'tbl')::integer AS table_id,
    (j->>'starttime')::timestamp AS start_time, (j->>'filename')::char(256) AS file_name, (j->>'line_number')::bigint AS line_number,
    (j->>'colname')::char(127) AS column_name, (j->>'type')::char(10) AS column_type, (j->>'col_length')::char(10) AS column_length,
    (j->>'position')::integer AS position, (j->>'err_code')::integer AS error_code, (j->>'err_reason')::char(512) AS error_message
  FROM standin.lines('load_errors') j WHERE standin.sees(j->>'userid');
CREATE VIEW standin.stl_load_commits AS
  SELECT (j->>'userid')::integer AS userid, (j->>'query')::integer AS query, (j->>'slice')::integer AS slice, ''::char(256) AS name,
    (j->>'filename')::char(256) AS filename, -1 AS byte_offset, (j->>'lines')::integer AS lines_scanned, (j->>'errors')::integer AS errors,
    (j->>'end_time')::timestamp AS curtime, 1 AS status, (j->>'file_format')::char(16) AS file_format, 0 AS is_partial, 0::bigint AS start_offset,
    0::bigint AS copy_job_id
  FROM standin.lines('load_files') j WHERE standin.sees(j->>'userid');
CREATE VIEW standin.sys_load_detail AS
  SELECT (j->>'userid')::integer AS user_id, (j->>'query')::bigint AS query_id, (j->>'filename')::char(256) AS file_name,
    (j->>'bytes')::integer AS bytes_scanned, (j->>'lines')::integer AS lines_scanned, (j->>'end_time')::timestamp AS record_time,
    1 AS splits_scanned, (j->>'start_time')::timestamp AS start_time, (j->>'end_time')::timestamp AS end_time
  FROM standin.lines('load_files') j WHERE standin.sees(j->>'userid');
CREATE VIEW standin.sys_load_history AS
  SELECT DISTINCT ON ((j->>'query')::bigint)
    (j->>'userid')::integer AS user_id, (j->>'query')::bigint AS query_id, (j->>'xid')::bigint AS transaction_id,
    (j->>'session')::integer AS session_id, current_database()::varchar AS database_name, (j->>'status')::varchar AS status,
    (j->>'table_name')::varchar AS table_name, (j->>'start_time')::timestamp AS start_time, (j->>'end_time')::timestamp AS end_time,
    (j->>'duration')::bigint AS duration, (j->>'data_source')::varchar AS data_source, (j->>'file_format')::varchar AS file_format,
    (j->>'loaded_rows')::bigint AS loaded_rows, (j->>'loaded_bytes')::bigint AS loaded_bytes,
    (j->>'source_file_count')::integer AS source_file_count, (j->>'source_file_bytes')::bigint AS source_file_bytes,
    (j->>'file_count_scanned')::integer AS file_count_scanned, (j->>'file_bytes_scanned')::bigint AS file_bytes_scanned,
    (j->>'error_count')::bigint AS error_count, 0::bigint AS copy_job_id
  FROM standin.lines('loads') WITH ORDINALITY l(j, n) WHERE standin.sees(j->>'userid') ORDER BY (j->>'query')::bigint, n DESC;
CREATE VIEW standin.sys_query_history AS
  SELECT (j->>'userid')::integer AS user_id, (j->>'query')::bigint AS query_id, (j->>'label')::char(320) AS query_label,
    (j->>'session')::integer AS session_id, current_database()::varchar AS database_name, (j->>'type')::varchar AS query_type,
    (j->>'status')::varchar AS status, (j->>'start_time')::timestamp AS start_time, (j->>'end_time')::timestamp AS end_time,
    (j->>'elapsed')::bigint AS elapsed_time, (j->>'error')::char(512) AS error_message, (j->>'sql')::char(4000) AS query_text
  FROM standin.lines('queries') j WHERE standin.sees(j->>'userid');

GRANT SELECT ON ALL TABLES IN SCHEMA standin TO PUBLIC;
REVOKE SELECT ON standin.svv_table_info, standin.stv_partitions, standin.stv_node_storage_capacity, standin.stv_db_isolation_level FROM PUBLIC;
