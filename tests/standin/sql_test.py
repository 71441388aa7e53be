"""Tokens, names, queries and DML: what Redshift refuses, and what it reads otherwise than PostgreSQL."""

import unittest

import support


def setUpModule():
    support.Case.stand_in = support.start()


class Tokens(support.Case):
    def test_backslash_is_an_escape_in_a_string(self):
        self.assertEqual(self.run_sql(r"SELECT 'a\'b', 'c\\d', 'e''f', 'g\nh', '\101'"), [("a'b", "c\\d", "e'f", "g\nh", "A")])

    def test_a_string_that_ends_in_a_backslash_does_not_end(self):
        self.refused("SELECT 'a\\'", "42601", "unterminated quoted string")

    def test_refuses_the_strings_of_later_postgresql(self):
        self.refused("SELECT E'a'", "42704", 'type "e" does not exist')
        self.refused("SELECT U&'a'", "42704")
        self.refused("SELECT $$a$$", "42601")

    def test_comments_are_passed_over(self):
        self.assertEqual(self.run_sql("/* a /* b */ c */ SELECT 1 -- d\n"), [(1,)])


class Names(support.Case):
    def test_fold_to_lower_case_even_in_quotes(self):
        self.run_sql('CREATE TABLE "MixedCase" ("TheColumn" int, "Ünit" int)')
        self.assertEqual(self.run_sql("SELECT thecolumn FROM mixedcase"), [])
        self.assertEqual(self.run_sql('SELECT "Ünit" FROM mixedcase'), [])
        self.refused('SELECT "ünit" FROM mixedcase', "42703")

    def test_keep_their_case_in_quotes_where_the_session_says_so(self):
        self.run_sql("SET enable_case_sensitive_identifier TO true")
        self.run_sql('CREATE TABLE t ("TheColumn" int)')
        self.refused("SELECT TheColumn FROM t", "42703")
        self.assertEqual(self.run_sql('SELECT "TheColumn" FROM t'), [])

    def test_have_up_to_127_bytes_and_are_cut_there(self):
        name, longer = "é" * 63, "é" * 64 + "x"
        self.run_sql(f'CREATE TABLE t ("{name}" int, "{"x" * 127}" int)')
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT * FROM t")
            self.assertEqual([column.name for column in cursor.description], [name, "x" * 127])
        self.refused(f'ALTER TABLE t ADD COLUMN "{longer}" int', "42701", name)
        self.assertEqual(
            self.run_sql("SELECT column_name FROM svv_columns WHERE table_schema = '%s' ORDER BY 1" % self.schema),
            [("x" * 127,), (name,)],
        )

    def test_long_ones_name_schemas_and_tables_too(self):
        schema, table = self.schema + "s" * 90, "t" * 100
        self.run_sql(f"CREATE SCHEMA {schema}")
        self.run_sql(f"CREATE TABLE {schema}.{table} (a int)")
        self.run_sql(f"INSERT INTO {schema}.{table} VALUES (1)")
        self.assertEqual(self.run_sql(f"SELECT a FROM {schema}.{table}"), [(1,)])
        self.assertEqual(self.run_sql(f"SELECT has_schema_privilege('{schema}', 'CREATE')"), [(True,)])
        self.assertEqual(self.run_sql(f"SELECT table_name FROM svv_tables WHERE table_schema = '{schema}'"), [(table,)])

    def test_reserved_words_need_quotes(self):
        for word in ("tag", "open", "system", "percent", "user", "timestamp", "oid", "snapshot"):
            self.refused(f"CREATE TABLE t (a int, {word} int)", "42601", f'near "{word}"')
        self.refused("CREATE TABLE tag (a int)", "42601")
        self.refused("SELECT a FROM tag", "42601")
        self.run_sql('CREATE TABLE t ("tag" int, "open" int, "user" int)')
        self.refused("INSERT INTO t (tag) VALUES (1)", "42601")
        self.refused("ALTER TABLE t ADD COLUMN system int", "42601")
        self.run_sql('SELECT t.tag, "open" AS system FROM t')

    def test_postgresqls_system_columns_are_no_names(self):
        for name in ("oid", "ctid", "xmin", "tableoid"):
            self.refused(f'CREATE TABLE t ("{name}" int)', "42701")

    def test_a_hash_sign_makes_a_temporary_table(self):
        self.run_sql("CREATE TABLE #stage (a int)")
        self.run_sql("INSERT INTO #stage VALUES (1)")
        self.assertEqual(self.run_sql("SELECT a FROM #stage"), [(1,)])
        self.reconnect()
        self.refused("SELECT a FROM #stage", "42P01")


class Refusals(support.Case):
    def setUp(self):
        super().setUp()
        self.run_sql("CREATE TABLE t (a varchar(10), b bigint)")
        self.run_sql("CREATE TABLE u (a varchar(10), b bigint)")

    def test_syntax_that_it_does_not_have(self):
        for sql in (
            "INSERT INTO t VALUES ('a', 1) RETURNING a",
            "INSERT INTO t VALUES ('a', 1) ON CONFLICT DO NOTHING",
            "SELECT DISTINCT ON (a) a, b FROM t",
            "SELECT a FROM t WHERE a IS DISTINCT FROM 'x'",
            "SELECT a FROM t WHERE a IS NOT DISTINCT FROM 'x'",
            "SELECT t.a FROM t, LATERAL (SELECT 1) s",
            "SELECT count(*) FILTER (WHERE a = 'x') FROM t",
            "SELECT * FROM (VALUES (1)) v",
            "VALUES (1)",
            "SELECT a FROM t FETCH FIRST 1 ROW ONLY",
            "SELECT a[1] FROM t",
            "SELECT a -> 'x' FROM t",
            "SELECT row_number() OVER w FROM t WINDOW w AS (ORDER BY a)",
            "WITH d AS (DELETE FROM t RETURNING a) SELECT * FROM d",
            "WITH x AS (SELECT 1) INSERT INTO t SELECT 'a', 1",
            "DELETE FROM t x WHERE x.a = 'a'",
            "UPDATE t SET t.b = 1",
            "COPY t TO 's3://x/y'",
            "LISTEN x",
            "DO 'x'",
        ):
            self.refused(sql, "42601", "syntax error")

    def test_features_that_it_does_not_have(self):
        for sql in (
            "SAVEPOINT a",
            "ROLLBACK TO SAVEPOINT a",
            "CREATE INDEX i ON t (a)",
            "CREATE SEQUENCE q",
            "SELECT ARRAY[1, 2]",
            "SELECT a FROM t FOR UPDATE",
            "INSERT INTO t VALUES ('a', (SELECT 1))",
            "SELECT * FROM unnest_it('x')",
            "UPDATE t SET b = 1 FROM u LEFT JOIN t x ON x.a = u.a WHERE t.a = u.a",
            "DELETE FROM t USING (SELECT a FROM u) s WHERE s.a = t.a",
            "COPY t FROM STDIN",
            "CREATE TABLE v (a int CHECK (a > 0))",
            "CREATE TABLE v (a serial)",
            "CREATE TABLE v (a uuid)",
        ):
            self.refused(sql, "0A000")

    def test_functions_that_it_does_not_have(self):
        for sql in ("string_agg(a, ',')", "array_agg(a)", "gen_random_uuid()", "jsonb_build_object('a', 1)", "format('x')", "to_json(a)"):
            self.refused(f"SELECT {sql} FROM t", "42883", "does not exist")

    def test_functions_of_the_leader_node_beside_a_table(self):
        for function in ("version()", "current_schema()", "has_schema_privilege('x', 'USAGE')", "now()"):
            self.notices()
            self.refused(f"SELECT {function} FROM t", "0A000", "Specified types or functions")
            self.assertIn(f'INFO:  Function "{function.split("(")[0]}()" not supported.', self.notices())
        self.refused("SELECT count(*) FROM t, generate_series(1, 2)", "0A000")
        self.refused("SELECT version() FROM stl_load_errors", "0A000")
        self.refused("INSERT INTO t SELECT current_schema(), 1", "0A000")
        self.run_sql("SELECT version(), current_schema()")
        self.run_sql("SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 't'")

    def test_tables_of_the_catalog_beside_a_users(self):
        self.refused("SELECT t.a FROM t, pg_class c WHERE c.relname = t.a", "0A000", "Specified types or functions")
        self.refused("INSERT INTO t SELECT tablename, 1 FROM pg_table_def", "0A000")

    def test_functions_of_the_compute_nodes_without_a_table(self):
        self.refused("SELECT listagg('a')", "0A000", "user created tables")
        self.refused("SELECT listagg(relname) FROM pg_class", "0A000", "user created tables")

    def test_window_functions_without_their_frame(self):
        self.refused("SELECT sum(b) OVER (PARTITION BY a ORDER BY b) FROM t", "42601", "require a frame clause")
        self.refused("SELECT first_value(b) OVER (ORDER BY b) FROM t", "42601", "require a frame clause")
        self.refused("SELECT row_number() OVER (ORDER BY b ROWS UNBOUNDED PRECEDING) FROM t", "42601")
        self.refused("SELECT sum(b) OVER (ORDER BY b RANGE UNBOUNDED PRECEDING) FROM t", "42601")
        self.run_sql("SELECT sum(b) OVER (ORDER BY b ROWS UNBOUNDED PRECEDING), row_number() OVER (ORDER BY b) FROM t")

    def test_merge_in_other_forms_than_its_own(self):
        matched, missing = "WHEN MATCHED THEN UPDATE SET b = u.b", "WHEN NOT MATCHED THEN INSERT VALUES (u.a, u.b)"
        on = "MERGE INTO t USING u ON t.a = u.a"
        self.refused(f"{on} {matched}", "42601")
        self.refused(f"{on} {missing}", "42601")
        self.refused(f"{on} {missing} {matched}", "42601")
        self.refused(f"{on} WHEN MATCHED AND t.b = 1 THEN DELETE {missing}", "42601")
        self.refused(f"{on} WHEN MATCHED THEN DO NOTHING {missing}", "42601")
        self.refused(f"{on} WHEN MATCHED THEN UPDATE SET t.b = 1 {missing}", "42601")
        self.refused(f"MERGE INTO t USING (SELECT * FROM u) s ON t.a = s.a {matched} {missing}", "0A000")
        self.refused(f"MERGE INTO t USING u ON t.b < u.b {matched} {missing}", "0A000")
        self.refused(f"MERGE INTO t USING t ON t.a = t.a {matched} {missing}", "0A000")
        self.run_sql(f"{on} {matched} {missing}")

    def test_merge_with_two_rows_for_one(self):
        self.run_sql("INSERT INTO t VALUES ('a', 1)")
        self.run_sql("INSERT INTO u VALUES ('a', 2), ('a', 3)")
        merge = "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN UPDATE SET b = u.b WHEN NOT MATCHED THEN INSERT VALUES (u.a, u.b)"
        self.refused(merge, "XX000", "Found multiple matches to update the same tuple.")

    def test_a_statement_of_more_than_16_megabytes(self):
        self.refused("SELECT '" + "x" * (16 << 20) + "'", "54000", "Statement is too large")


class Meaning(support.Case):
    def setUp(self):
        super().setUp()
        self.run_sql("CREATE TABLE t (k varchar(10), n bigint, s varchar(4))")

    def test_trailing_blanks_do_not_count_in_comparisons(self):
        self.run_sql("INSERT INTO t VALUES ('a', 1), ('a  ', 2), ('b', 3)")
        self.assertEqual(self.run_sql("SELECT count(*) FROM t WHERE k = 'a '"), [(2,)])
        self.assertEqual(self.run_sql("SELECT count(DISTINCT k) FROM t"), [(2,)])
        self.assertEqual(self.run_sql("SELECT count(*) FROM t x JOIN t y ON x.k = y.k"), [(5,)])
        self.assertEqual(self.run_sql("SELECT sum(n) FROM t GROUP BY k ORDER BY k"), [(3,), (3,)])
        self.assertEqual(
            self.run_sql("SELECT max(c) FROM (SELECT row_number() OVER (PARTITION BY k ORDER BY n) AS c FROM t) x"), [(2,)]
        )

    def test_the_length_of_varchar_is_in_bytes(self):
        self.run_sql("INSERT INTO t (s) VALUES ('éé')")
        self.refused("INSERT INTO t (s) VALUES ('ééé')", "22001", "value too long for type character varying(4)")
        self.refused("UPDATE t SET s = 'abcde'", "22001")
        self.run_sql("INSERT INTO t (s) VALUES ('abcd   ')")

    def test_casts_have_redshifts_default_lengths(self):
        self.assertEqual(self.run_sql(f"SELECT len('{'x' * 300}'::varchar), 1.7::decimal"), [(256, 2)])

    def test_decimal_and_text_columns_have_redshifts_defaults(self):
        self.run_sql("CREATE TABLE d (a decimal, b text, c varchar, e char, f varchar(max), g numeric(38, 37))")
        self.assertEqual(
            [row[0] for row in self.run_sql("SELECT type FROM pg_table_def WHERE tablename = 'd' ORDER BY \"column\"")],
            ["numeric(18,0)", "character varying(256)", "character varying(256)", "character(1)", "character varying(65535)", "numeric(38,37)"],
        )

    def test_first_and_last_value_pass_over_nulls(self):
        self.run_sql("INSERT INTO t VALUES ('a', NULL, 'x'), ('b', 2, NULL), ('c', 3, 'z'), ('d', NULL, NULL)")
        frame = "OVER (ORDER BY k ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)"
        for first, last in (("(n IGNORE NULLS)", "(s IGNORE NULLS)"), ("(n) IGNORE NULLS", "(s) IGNORE NULLS")):
            rows = self.run_sql(f"SELECT first_value{first} {frame}, last_value{last} {frame}, last_value(s) {frame} FROM t")
            self.assertEqual(set(rows), {(2, "z", None)})

    def test_listagg_nvl_dates_and_strtol(self):
        self.run_sql("INSERT INTO t VALUES ('b', 2, 'ff'), ('a', 1, NULL)")
        self.assertEqual(self.run_sql("SELECT listagg(k, ',') WITHIN GROUP (ORDER BY k) FROM t"), [("a,b",)])
        self.assertEqual(self.run_sql("SELECT nvl(strtol(s, 16), -1), nvl2(s, 1, 2) FROM t ORDER BY k"), [(-1, 2), (255, 1)])
        self.refused("SELECT strtol('zz', 16)", "22023")
        self.assertEqual(
            self.run_sql("SELECT datediff(day, '2020-01-01', '2020-03-01'), dateadd(month, 1, '2020-01-31')::varchar"),
            [(60, "2020-02-29 00:00:00")],
        )
        self.assertEqual(
            self.run_sql("SELECT trunc('2020-01-02 03:04:05'::timestamp)::varchar, json_extract_path_text('{\"a\": {\"b\": 1}}', 'a', 'b')"),
            [("2020-01-02", "1")],
        )
        self.assertEqual(self.run_sql("SELECT sysdate - getdate() < interval '2 seconds'"), [(True,)])

    def test_delete_update_merge_and_minus(self):
        self.run_sql("CREATE TEMP TABLE st (LIKE t)")
        self.run_sql("INSERT INTO t VALUES ('a', 1, 'x'), ('b', 1, 'x')")
        self.run_sql("INSERT INTO st VALUES ('b', 2, 'y'), ('c', 2, 'y')")
        self.assertEqual(self.run_sql("SELECT k FROM t MINUS SELECT k FROM st"), [("a",)])
        self.assertEqual(self.run_sql("UPDATE t SET n = st.n FROM st WHERE t.k = st.k"), "UPDATE 1")
        self.assertEqual(self.run_sql("DELETE FROM t USING st WHERE t.k = st.k"), "DELETE 1")
        self.run_sql("INSERT INTO t SELECT k, n, s FROM st")
        self.run_sql(
            "MERGE INTO t USING st ON t.k = st.k WHEN MATCHED THEN UPDATE SET n = 9 WHEN NOT MATCHED THEN INSERT VALUES (st.k, st.n, st.s)"
        )
        self.assertEqual(self.run_sql("SELECT k, n FROM t ORDER BY k"), [("a", 1), ("b", 9), ("c", 9)])
        self.run_sql("MERGE INTO t USING st ON t.k = st.k REMOVE DUPLICATES")
        self.assertEqual(self.run_sql("SELECT k, n FROM t ORDER BY k"), [("a", 1), ("b", 2), ("c", 2)])
        self.assertEqual(self.run_sql("DELETE t"), "DELETE 3")


if __name__ == "__main__":
    unittest.main()
