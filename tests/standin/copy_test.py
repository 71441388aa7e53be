"""COPY: what it refuses, what it makes of the fields, what it leaves in the system tables."""

import gzip
import unittest

import psycopg2
import support


def setUpModule():
    support.Case.stand_in = support.start(s3=True)


class CopyCase(support.Case):
    def setUp(self):
        super().setUp()
        self.run_sql("CREATE TABLE t (a varchar(5), b int, c varchar(256))")
        self.notices()

    def put(self, data, name="part"):
        return self.stand_in.put(f"{self.schema}/{name}", data)

    def copy(self, source, options="FORMAT CSV", target="t"):
        return self.run_sql(f"COPY {target} FROM '{source}' IAM_ROLE default {options}")

    def copied(self, data, options="FORMAT CSV", columns="a, b, c"):
        self.copy(self.put(data), options)
        return self.run_sql(f"SELECT {columns} FROM t ORDER BY b")

    def load_fails(self, data, code, reason="", column=None, options="FORMAT CSV", target="t"):
        source = self.put(data)
        self.refused(f"COPY {target} FROM '{source}' IAM_ROLE default {options}", "XX000", "Check 'stl_load_errors'")
        row = self.last_error(source)
        self.assertEqual((row["err_code"], reason in row["err_reason"]), (code, True), row)
        if column is not None:
            self.assertEqual(row["colname"], column, row)
        return row

    def last_error(self, source):
        names = ("line_number", "colname", "type", "col_length", "position", "raw_line", "raw_field_value", "err_code", "err_reason")
        rows = self.run_sql(f"SELECT {', '.join(names)} FROM stl_load_errors WHERE filename = '{source}' ORDER BY query DESC LIMIT 1")
        row = dict(zip(names, rows[0]))
        return {name: value.strip() if isinstance(value, str) else value for name, value in row.items()}


class Statement(CopyCase):
    def test_needs_a_table_a_source_and_authorization(self):
        self.refused("COPY nope FROM 's3://a/b' IAM_ROLE default", "XX000", "Cannot COPY into nonexistent table nope")
        self.refused("COPY t FROM '/etc/passwd' IAM_ROLE default", "0A000", "LOAD source is not supported")
        self.refused("COPY t FROM STDIN", "0A000", "LOAD source is not supported")
        self.refused("COPY t FROM 's3://a/b'", "XX000", "CREDENTIALS argument is required")
        self.refused("COPY t FROM 's3://a/b' IAM_ROLE 'my-role'", "XX000", "Invalid IAM Role ARN")
        self.refused("COPY t FROM 's3://a/b' CREDENTIALS 'x'", "XX000", "Invalid credentials")
        self.refused("COPY t FROM 's3://a/b' IAM_ROLE default ACCESS_KEY_ID 'a' SECRET_ACCESS_KEY 'b'", "42601")
        self.refused("COPY t FROM 's3://a/b' ACCESS_KEY_ID 'a'", "XX000")
        self.refused("COPY t (a, nope) FROM 's3://a/b' IAM_ROLE default", "42703")
        self.refused("COPY t (a, a) FROM 's3://a/b' IAM_ROLE default", "42701")
        self.refused("COPY (SELECT 1) FROM 's3://a/b' IAM_ROLE default", "42601")

    def test_refuses_options_that_exclude_each_other(self):
        for options in (
            "FORMAT CSV ESCAPE",
            "FORMAT CSV REMOVEQUOTES",
            "GZIP ZSTD",
            "MAXERROR 5 IGNOREALLERRORS",
            "QUOTE '^'",
            "FORMAT CSV QUOTE ',' ",
            "FORMAT CSV FORMAT CSV",
            "MANIFEST MANIFEST",
            "FORMAT CSV WHATEVER",
            "FORMAT CSV (DELIMITER ',')",
            "NULL 'x' NULL AS 'y'",
        ):
            self.refused(f"COPY t FROM 's3://a/b' IAM_ROLE default {options}", "42601")

    def test_refuses_values_out_of_range(self):
        for options, code in (
            ("MAXERROR 100001", "22023"),
            ("COMPROWS 10", "22023"),
            ("DELIMITER 'ab'", "0A000"),
            ("DELIMITER 'é'", "0A000"),
            ("NULL AS 'a|b'", "0A000"),
            ("FORMAT CSV QUOTE 'ab'", "0A000"),
            ("NULL AS '\\\\N'", "0A000"),
            ("IGNOREHEADER 'a'", "42601"),
        ):
            self.refused(f"COPY t FROM 's3://a/b' IAM_ROLE default {options}", code)

    def test_roles_have_to_be_attached(self):
        role = "arn:aws:iam::123456789012:role/another"
        source = self.put("a,1,x\n")
        self.refused(f"COPY t FROM '{source}' IAM_ROLE '{role}' CSV", "XX000", "is not authorized to assume IAM Role")
        self.stand_in.control(f"role {role}")
        self.run_sql(f"COPY t FROM '{source}' IAM_ROLE '{role}' CSV")
        self.stand_in.control(f"role-gone {role}")

    def test_keys_are_used_and_shown_nowhere(self):
        source, (key, secret) = self.put("a,1,x\n"), self.stand_in.keys
        self.run_sql(f"COPY t FROM '{source}' ACCESS_KEY_ID '{key}' SECRET_ACCESS_KEY '{secret}' REGION 'us-east-1' FORMAT CSV")
        self.run_sql(f"COPY t FROM '{source}' CREDENTIALS 'aws_access_key_id={key};aws_secret_access_key={secret}' CSV")
        self.refused(f"COPY t FROM '{source}' ACCESS_KEY_ID '{key}' SECRET_ACCESS_KEY 'wrong' CSV", "XX000", "SignatureDoesNotMatch")
        self.refused(f"COPY t FROM '{source}' ACCESS_KEY_ID 'nobody' SECRET_ACCESS_KEY 'wrong' CSV", "XX000", "S3ServiceException")
        with open(self.stand_in.env["REDSHIFT_LOG"], encoding="utf-8") as file:
            self.assertNotIn(secret, file.read())
        self.assertEqual(self.run_sql(f"SELECT count(*) FROM sys_query_history WHERE query_text LIKE '%{secret}%'"), [(0,)])


class Files(CopyCase):
    def test_manifest_loads_each_entry_and_tells_of_each_file(self):
        urls = [self.put(support.zstd(f"f{n},{n},x\n" * (n + 1)), f"p{n}.zst") for n in range(3)]
        manifest = self.stand_in.put_manifest(f"{self.schema}/manifest", urls)
        self.assertEqual(self.copy(manifest, "MANIFEST FORMAT CSV ZSTD COMPUPDATE OFF STATUPDATE OFF"), "COPY")
        self.assertEqual(self.notices(), ["INFO:  Load into table 't' completed, 6 record(s) loaded successfully."])
        self.assertEqual(self.run_sql("SELECT pg_last_copy_count()"), [(6,)])
        query = self.run_sql("SELECT pg_last_copy_id()")[0][0]
        expected = [(url, n + 1) for n, url in enumerate(urls)]
        self.assertEqual(
            self.run_sql("SELECT trim(filename), lines_scanned FROM stl_load_commits WHERE query = pg_last_copy_id() ORDER BY 1"), expected
        )
        self.assertEqual(
            self.run_sql(f"SELECT trim(file_name), lines_scanned FROM sys_load_detail WHERE query_id = {query} ORDER BY 1"), expected
        )
        self.assertEqual(
            self.run_sql(f"SELECT status, table_name, loaded_rows, source_file_count, data_source FROM sys_load_history WHERE query_id = {query}"),
            [("completed", "t", 6, 3, manifest)],
        )

    def test_system_tables_are_read_inside_the_transaction_too(self):
        source = self.put("a,1,x\n")
        self.run_sql("BEGIN")
        self.run_sql("SELECT count(*) FROM t")
        self.copy(source)
        self.assertEqual(self.run_sql("SELECT count(*) FROM stl_load_commits WHERE query = pg_last_copy_id()"), [(1,)])
        self.assertEqual(self.run_sql("SELECT count(*) FROM t"), [(1,)])
        self.run_sql("ROLLBACK")
        self.assertEqual(self.run_sql("SELECT count(*) FROM t"), [(0,)])

    def test_system_tables_may_come_late(self):
        self.stand_in.control("lag seconds=2")
        self.addCleanup(self.stand_in.control, "lag seconds=0")
        self.copy(self.put("a,1,x\n"))
        sql = "SELECT count(*) FROM sys_load_detail WHERE query_id = pg_last_copy_id()"
        self.assertEqual(self.run_sql(sql), [(0,)])
        self.assertTrue(self.eventually(sql, [(1,)]))

    def test_system_tables_may_tell_fewer_files(self):
        self.stand_in.control("untold files=1")
        self.addCleanup(self.stand_in.control, "untold files=0")
        manifest = self.stand_in.put_manifest(f"{self.schema}/m", [self.put("a,1,x\n", "p1"), self.put("b,2,x\n", "p2")])
        self.copy(manifest, "MANIFEST CSV")
        for sql in (
            "SELECT count(*) FROM sys_load_detail WHERE query_id = pg_last_copy_id()",
            "SELECT count(*) FROM stl_load_commits WHERE query = pg_last_copy_id()",
        ):
            self.assertEqual(self.run_sql(sql), [(1,)])
        self.assertEqual(self.run_sql("SELECT count(*) FROM t"), [(2,)])

    def test_missing_files(self):
        part, gone = self.put("a,1,x\n"), f"s3://{self.stand_in.bucket}/{self.schema}/gone"
        manifest = self.stand_in.put_manifest(f"{self.schema}/m1", [part, gone])
        self.refused(f"COPY t FROM '{manifest}' IAM_ROLE default MANIFEST CSV", "XX000", "Mandatory url is not present in manifest file")
        manifest = self.stand_in.put_manifest(f"{self.schema}/m2", [part, gone], mandatory=False)
        self.copy(manifest, "MANIFEST CSV")
        self.assertEqual(self.run_sql("SELECT count(*) FROM t"), [(1,)])
        self.refused(f"COPY t FROM '{gone}' IAM_ROLE default MANIFEST CSV", "XX000", "The specified key does not exist.,Status 404,Error NoSuchKey")
        self.refused(f"COPY t FROM '{gone}' IAM_ROLE default CSV", "XX000", "does not exist")
        self.refused("COPY t FROM 's3://no-such-bucket-here/x' IAM_ROLE default CSV", "XX000", "NoSuchBucket")

    def test_manifests_that_are_none(self):
        for text in ("[]", "{", '{"entries": [{"key": "x"}]}'):
            source = self.put(text, "m")
            self.refused(f"COPY t FROM '{source}' IAM_ROLE default MANIFEST CSV", "XX000", "not in correct json format")
        source = self.put('{"entries": [{"url": "s3://only-a-bucket/"}]}', "m")
        self.refused(f"COPY t FROM '{source}' IAM_ROLE default MANIFEST CSV", "XX000", "8001")
        part = self.put("a,1,x\n")
        manifest = self.stand_in.put_manifest(f"{self.schema}/m", [part], meta={"content_length": 5})
        self.refused(f"COPY t FROM '{manifest}' IAM_ROLE default MANIFEST CSV", "XX000", "content_length")

    def test_a_prefix_matches_more_than_one_may_think(self):
        self.put("a,1,x\n", "part1")
        self.put("b,2,x\n", "part10")
        self.copy(f"s3://{self.stand_in.bucket}/{self.schema}/part1")
        self.assertEqual(self.run_sql("SELECT count(*) FROM t"), [(2,)])

    def test_compression_is_what_the_statement_says(self):
        self.assertEqual(self.copied(gzip.compress(b"a,1,x\n") + gzip.compress(b"b,2,x\n"), "FORMAT CSV GZIP", "a"), [("a",), ("b",)])
        self.run_sql("DELETE FROM t")
        frames = support.zstd("a,1,x\n") + support.zstd("b,2,x\n")
        self.assertEqual(self.copied(frames, "FORMAT CSV ZSTD", "a"), [("a",), ("b",)])
        self.load_fails("a,1,x\n", 1216, options="FORMAT CSV ZSTD")
        self.load_fails(support.zstd("a,1,x\n" * 1000)[:-3], 1216, options="FORMAT CSV ZSTD")
        self.load_fails(gzip.compress(b"a,1,x\n" * 1000)[:-3], 1216, options="FORMAT CSV GZIP")
        self.assertEqual(self.run_sql("SELECT count(*) FROM t"), [(2,)])

    def test_headers_are_skipped_in_every_file(self):
        self.put("h\na,1,x\n", "p1")
        self.put("h\nb,2,x\n", "p2")
        self.copy(f"s3://{self.stand_in.bucket}/{self.schema}/p", "CSV IGNOREHEADER 1")
        self.assertEqual(self.run_sql("SELECT a FROM t ORDER BY 1"), [("a",), ("b",)])

    def test_a_hundred_thousand_rows(self):
        source = self.put(support.zstd("".join(f'k,{n},"some ""text"" of {n}"\n' for n in range(100_000))))
        self.copy(source, "FORMAT CSV ZSTD")
        self.assertEqual(self.run_sql("SELECT count(*), max(b), max(c) FROM t"), [(100_000, 99_999, 'some "text" of 99999')])


class Csv(CopyCase):
    def test_quotes_do_not_tell_an_empty_string_from_a_null(self):
        rows = [("", 1, ""), (None, 2, None), ("", 3, "")]
        self.assertEqual(self.copied(',1,\n\\N,2,"\\N"\n"",3,""\n'), rows)
        self.run_sql("DELETE FROM t")
        self.assertEqual(self.copied(',1,x\n"",2,x\n', "FORMAT CSV EMPTYASNULL", "a"), [(None,), (None,)])
        self.run_sql("DELETE FROM t")
        self.assertEqual(self.copied("~,1,x\n", "FORMAT CSV NULL AS '~'", "a"), [(None,)])

    def test_an_empty_field_of_another_type_is_null(self):
        self.assertEqual(self.copied('a,,x\nb,"",x\n', columns="b"), [(None,), (None,)])

    def test_quoted_fields_hold_anything(self):
        self.assertEqual(self.copied('a,1,"x,""y""\nz\r\n| é"\r\nb,2, "q" \n'), [("a", 1, 'x,"y"\nz\r\n| é'), ("b", 2, "q")])

    def test_a_stray_quote_is_an_error(self):
        self.load_fails('a,1,x"y"\n', 1214, "Invalid quote formatting for CSV")
        self.load_fails('a,1,"x"y\n', 1214, "Invalid quote formatting for CSV")
        self.load_fails('a,1,"x\n', 1214, "Invalid quote formatting for CSV")

    def test_the_number_of_fields(self):
        self.load_fails("a,1,x,y\n", 1202, "Extra column(s) found")
        self.load_fails("a,1\n", 1214, "Delimiter not found")
        self.load_fails("\n", 1211)
        self.assertEqual(self.copied("a,1\n\n", "FORMAT CSV FILLRECORD IGNOREBLANKLINES"), [("a", 1, "")])

    def test_rows_of_more_than_4_megabytes_and_nul_bytes(self):
        self.load_fails("a,1," + "x" * (4 << 20) + "\n", 1216)
        self.load_fails("a,1,x\0y\n", 1216, "0x00")

    def test_column_lists_and_defaults(self):
        self.run_sql("ALTER TABLE t ADD COLUMN d int DEFAULT 7")
        self.copy(self.put("x,1\n"), target="t (c, b)")
        self.assertEqual(self.run_sql("SELECT a, b, c, d FROM t"), [(None, 1, "x", 7)])
        self.copy(self.put("a,2,x,\n"))
        self.assertEqual(self.run_sql("SELECT d FROM t WHERE b = 2"), [(None,)])

    def test_identity_columns(self):
        self.run_sql("CREATE TABLE i (id bigint IDENTITY(1, 1), a varchar(5))")
        source = self.put("x\n")
        self.copy(source, target="i")
        self.refused(f"COPY i (id, a) FROM '{source}' IAM_ROLE default CSV", "42601", "identity")
        self.copy(self.put("99,y\n"), "CSV EXPLICIT_IDS", "i")
        self.assertEqual(self.run_sql("SELECT id, a FROM i ORDER BY 1"), [(1, "x"), (99, "y")])


class Delimited(CopyCase):
    def test_pipes_escapes_and_quotes(self):
        self.assertEqual(self.copied("a|1|x y\n", ""), [("a", 1, "x y")])
        self.run_sql("DELETE FROM t")
        self.assertEqual(self.copied("a|1|x\\|y\\\nz\n", "ESCAPE"), [("a", 1, "x|y\nz")])
        self.run_sql("DELETE FROM t")
        self.assertEqual(self.copied("a\t1\t'x'\n", "DELIMITER '\\t' REMOVEQUOTES"), [("a", 1, "x")])
        self.load_fails("a,1,x\n", 1214, "Delimiter not found", options="")


class Values(CopyCase):
    def table(self, kind, more=""):
        self.run_sql("DROP TABLE IF EXISTS v")
        self.run_sql(f"CREATE TABLE v (k int, v {kind} {more})")

    def value(self, kind, text, options=""):
        self.table(kind)
        self.copy(self.put(f"1,{text}\n"), f"FORMAT CSV {options}", "v")
        return self.run_sql("SELECT v::varchar(65535) FROM v")[0][0]

    def value_fails(self, kind, text, code, reason="", options="", more=""):
        self.table(kind, more)
        return self.load_fails(f"1,{text}\n", code, reason, "v", f"FORMAT CSV {options}", "v")

    def test_lengths_are_bytes(self):
        self.assertEqual(self.value("varchar(4)", "éé"), "éé")
        self.assertEqual(self.value("varchar(4)", "abcd   "), "abcd")
        self.value_fails("varchar(4)", "ééé", 1204, "String length exceeds DDL length")
        self.value_fails("char(4)", "abcde", 1204, "Char length exceeds DDL length")
        self.value_fails("char(4)", "é", 1220, "Multibyte character not supported for CHAR")
        self.assertEqual(self.value("varchar(5)", "ééé", "TRUNCATECOLUMNS"), "éé")

    def test_the_error_tells_line_column_value_and_reason(self):
        self.table("varchar(4)")
        row = self.load_fails("1,a\n2,b\n3,too long é\n", 1204, "String length", "v", target="v")
        self.assertEqual(
            (row["line_number"], row["type"], row["col_length"], row["raw_line"], row["raw_field_value"], row["position"]),
            (3, "varchar", "4", "3,too long ..", "too long ..", 2),
        )
        self.assertEqual(self.run_sql("SELECT count(*), pg_last_copy_count() FROM v"), [(0, 0)])
        self.assertEqual(
            self.run_sql("SELECT field, trim(colname), trim(value) FROM stl_loaderror_detail WHERE query = pg_last_copy_id() ORDER BY 1"),
            [(0, "k", "3"), (1, "v", "too long ..")],
        )

    def test_numbers(self):
        self.assertEqual(self.value("bigint", " -9223372036854775808"), "-9223372036854775808")
        self.value_fails("bigint", "9223372036854775808", 1222, "Overflow")
        self.value_fails("smallint", "32768", 1222, "Overflow")
        self.value_fails("int", "1e5", 1207, "Invalid digit, Value 'e', Pos 1, Type: Integer")
        self.value_fails("int", "1.0", 1207, "Invalid digit")
        self.assertEqual(self.value("float8", "1e5"), "100000")
        self.value_fails("float8", "x", 1208)
        self.value_fails("float8", "1e999", 1204)
        self.assertEqual(self.value("decimal(5, 2)", "1.239"), "1.23")
        self.assertEqual(self.value("decimal(5, 2)", "-1.239", "ROUNDEC"), "-1.24")
        self.value_fails("decimal(5, 2)", "1000", 1222)
        self.value_fails("decimal(19, 0)", "9223372036854775808", 1222)
        self.value_fails("decimal(5, 2)", "1e2", 1207)

    def test_booleans(self):
        for text in ("true", "T", "yes", "Y", "1"):
            self.assertEqual(self.value("boolean", text), "true")
        self.assertEqual(self.value("boolean", "no"), "false")
        self.value_fails("boolean", "on", 1210, "Unknown boolean format")

    def test_times(self):
        self.assertEqual(self.value("timestamp", "2020-02-29 23:59:59.123456"), "2020-02-29 23:59:59.123456")
        self.assertEqual(self.value("timestamp", "2020-02-29"), "2020-02-29 00:00:00")
        self.assertEqual(self.value("timestamptz", "2020-02-29 12:00:00+02"), "2020-02-29 10:00:00+00")
        self.value_fails("timestamp", "2020-02-29T23:59:59Z", 1206, "Invalid timestamp format or value")
        self.assertEqual(self.value("timestamp", "2020-02-29T23:59:59.5Z", "TIMEFORMAT 'auto'"), "2020-02-29 23:59:59.5")
        self.assertEqual(self.value("timestamptz", "2020-02-29T12:00:00+02:00", "TIMEFORMAT 'auto'"), "2020-02-29 10:00:00+00")
        self.value_fails("timestamp", "1582934400", 1206, options="TIMEFORMAT 'auto'")
        self.assertEqual(self.value("timestamp", "1582934400", "TIMEFORMAT 'epochsecs'"), "2020-02-29 00:00:00")
        self.assertEqual(self.value("timestamp", "1582934400123", "TIMEFORMAT 'epochmillisecs'"), "2020-02-29 00:00:00.123")
        self.assertEqual(self.value("timestamp", "29.02.2020 01:02:03 PM", "TIMEFORMAT 'DD.MM.YYYY HH12:MI:SS AM'"), "2020-02-29 13:02:03")
        self.value_fails("timestamp", "2021-02-29 00:00:00", 1206)
        self.assertIsNone(self.value("timestamp", "yesterday-ish", "ACCEPTANYDATE"))
        self.assertEqual(self.value("date", "2020-02-29"), "2020-02-29")
        self.value_fails("date", "02/29/2020", 1205)
        self.assertEqual(self.value("date", "02/29/2020", "DATEFORMAT 'MM/DD/YYYY'"), "2020-02-29")

    def test_null_for_a_column_that_takes_none(self):
        self.value_fails("varchar(5)", "\\N", 1213, "Missing data for not-null field", more="NOT NULL")
        self.value_fails("int", "", 1213, "Missing data for not-null field", more="NOT NULL")
        self.table("int", "NOT NULL DEFAULT 5")
        self.copy(self.put("1,\n"), target="v")
        self.assertEqual(self.run_sql("SELECT v FROM v"), [(5,)])

    def test_bytes_that_are_not_utf8(self):
        self.table("varchar(9)")
        self.load_fails(b"1,a\xa4b\n", 1220, "Bad UTF-8 hex sequence: a4", "v", target="v")
        self.load_fails(b"1,\xed\xa0\x80\n", 1220, "", "v", target="v")
        self.copy(self.put(b"1,a\xa4b\n"), "FORMAT CSV ACCEPTINVCHARS '^'", "v")
        self.assertEqual(self.run_sql("SELECT v FROM v"), [("a^b",)])


class Errors(CopyCase):
    def test_maxerror_passes_over_bad_rows_until_they_are_too_many(self):
        source = self.put("a,1,x\nb,z,x\nc,3,x\nd,z,x\n")
        self.copy(source, "FORMAT CSV MAXERROR 3")
        self.assertEqual(self.run_sql("SELECT a FROM t ORDER BY 1"), [("a",), ("c",)])
        self.assertEqual(
            self.notices(),
            [
                "INFO:  Load into table 't' completed, 2 record(s) loaded successfully.",
                "INFO:  Load into table 't' completed, 2 record(s) could not be loaded.  Check 'stl_load_errors' system table for details.",
            ],
        )
        self.refused(f"COPY t FROM '{source}' IAM_ROLE default CSV MAXERROR 2", "XX000", "failed")
        self.assertEqual(self.run_sql("SELECT count(*) FROM t"), [(2,)])
        self.run_sql("SELECT count(*) FROM stl_load_errors WHERE query = pg_last_copy_id()")

    def test_noload_reads_and_loads_nothing(self):
        self.copy(self.put("a,1,x\n"), "FORMAT CSV NOLOAD")
        self.assertEqual(self.run_sql("SELECT count(*) FROM t"), [(0,)])
        self.load_fails("a,z,x\n", 1207, options="FORMAT CSV NOLOAD")

    def test_a_failed_load_fails_its_transaction(self):
        good, bad = self.put("a,1,x\n", "good"), self.put("a,z,x\n", "bad")
        self.run_sql("BEGIN")
        self.copy(good)
        self.refused(f"COPY t FROM '{bad}' IAM_ROLE default CSV", "XX000")
        self.refused("SELECT 1", "25P02")
        self.run_sql("ROLLBACK")
        self.assertEqual(self.run_sql("SELECT count(*) FROM t"), [(0,)])
        self.assertEqual(self.last_error(bad)["err_code"], 1207)

    def test_a_load_that_was_rolled_back_is_not_the_last(self):
        source = self.put("a,1,x\n")
        self.assertEqual(self.run_sql("SELECT pg_last_copy_id(), pg_last_copy_count()"), [(-1, 0)])
        self.run_sql("BEGIN")
        self.copy(source)
        self.run_sql("ROLLBACK")
        self.assertEqual(self.run_sql("SELECT pg_last_copy_id(), pg_last_copy_count()"), [(-1, 0)])

    def test_statement_timeout_ends_a_load(self):
        source = self.put(support.zstd("a,1,x\n" * 400_000))
        self.run_sql("SET statement_timeout TO 100")
        self.refused(f"COPY t FROM '{source}' IAM_ROLE default CSV ZSTD", "57014")

    def test_a_cancelled_load_loads_nothing_and_the_next_statement_runs(self):
        source = self.put(support.zstd("a,1,x\n" * 400_000))
        with support.cancelling(self.connection):
            self.refused(f"COPY t FROM '{source}' IAM_ROLE default CSV ZSTD", "57014", "canceled on user's request")
        self.assertEqual(self.run_sql("SELECT count(*) FROM t"), [(0,)])

    def test_others_do_not_see_ones_errors(self):
        self.load_fails("a,z,x\n", 1207)
        env = self.stand_in.env
        other = self.stand_in.connect(user=env["REDSHIFT_OTHER_USER"], password=env["REDSHIFT_OTHER_PASSWORD"])
        self.addCleanup(other.close)
        self.assertEqual(self.run_sql("SELECT count(*) FROM stl_load_errors", other), [(0,)])
        admin = self.stand_in.connect(user=env["REDSHIFT_ADMIN_USER"], password=env["REDSHIFT_ADMIN_PASSWORD"])
        self.addCleanup(admin.close)
        self.assertGreater(self.run_sql("SELECT count(*) FROM stl_load_errors", admin)[0][0], 0)


class Dropped(CopyCase):
    def test_a_load_that_commits_by_itself_survives_its_client(self):
        for n in range(4):
            self.put(f"a,{n},x\n", f"p{n}")
        self.stand_in.control("drop during at ^COPY")
        with self.assertRaises(psycopg2.OperationalError):
            self.copy(f"s3://{self.stand_in.bucket}/{self.schema}/p")
        self.reconnect()
        self.assertTrue(self.eventually("SELECT count(*) FROM t", [(4,)]))

    def test_a_load_in_a_transaction_does_not(self):
        for n in range(4):
            self.put(f"a,{n},x\n", f"p{n}")
        self.stand_in.control("drop during at ^COPY")
        self.run_sql("BEGIN")
        with self.assertRaises(psycopg2.OperationalError):
            self.copy(f"s3://{self.stand_in.bucket}/{self.schema}/p")
        self.reconnect()
        self.run_sql("INSERT INTO t VALUES ('b', 1, 'x')")
        self.assertEqual(self.run_sql("SELECT count(*) FROM t"), [(1,)])


if __name__ == "__main__":
    unittest.main()
