"""`dray query`: it only reads, says every value as the engine does, and what is wrong with a statement where it is.

DRAY is the binary.
"""

import csv
import io
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

DRAY = os.environ["DRAY"]
START = pathlib.Path(__file__).resolve().parent.parent / "servers" / "start-postgres"
SECONDS_MAX = 300
EVENT = {"type": "track", "event": "Sold", "userId": "u", "receivedAt": "2026-01-01T00:00:00Z", "properties": {"price": 5}}


class QueryTest(unittest.TestCase):
    maxDiff = 4000
    environment = {}

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name)

    def run_dray(self, *arguments, code=0):
        done = subprocess.run(
            [DRAY, *arguments], cwd=self.directory, env={**os.environ, **self.environment}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=SECONDS_MAX,
        )  # fmt: skip
        self.assertEqual(done.returncode, code, f"{arguments}\n{done.stdout[:2000]}\n{done.stderr}")
        return done

    def refused(self, sql):
        done = self.run_dray("query", self.address, sql, code=2)
        self.assertEqual(done.stdout, "")
        return done.stderr

    def answer(self, sql, *flags):
        return json.loads(self.run_dray("query", self.address, sql, "--json", *flags).stdout)

    def row(self, sql, *flags):
        (row,) = self.answer(sql, *flags)["rows"]
        return row


class DuckDb(QueryTest):
    address = "duckdb:w.db"

    def setUp(self):
        super().setUp()
        (self.directory / "logs").mkdir()
        (self.directory / "logs" / "a.json").write_text(json.dumps({**EVENT, "messageId": "m"}) + "\n")
        self.run_dray("sync", "logs", self.address, "--source", "shop")
        self.files = sorted(self.directory.rglob("*"))

    def test_numbers_and_booleans_are_json_and_all_else_is_text(self):
        values = {
            "1::tinyint": 1, "200::utinyint": 200, "-3::smallint": -3, "4::usmallint": 4, "5::integer": 5, "6::uinteger": 6,
            "9223372036854775807::bigint": 2**63 - 1, "18446744073709551615::ubigint": 2**64 - 1,
            "'-170141183460469231731687303715884105728'::hugeint": -(2**127), "(2::uhugeint << 100)": 2**101,
            "'123456789012345678901234567890123456789012345'::bignum": 123456789012345678901234567890123456789012345,
            "1.5::float": 1.5, "0.1::double": 0.1, "1e300::double": 1e300, "12.50::decimal(9,2)": 12.5,
            "'nan'::double": "nan", "'-inf'::float": "-inf", "true": True, "null": None, "null::integer[]": None, "''": "",
            "date '2026-01-31'": "2026-01-31", "date '0044-03-15 (BC)'": "0044-03-15 (BC)", "date 'infinity'": "infinity",
            "timestamp '-infinity'": "-infinity", "'2026-01-01 00:00:01'::timestamp_s": "2026-01-01 00:00:01",
            "'2026-01-01 00:00:00.123'::timestamp_ms": "2026-01-01 00:00:00.123",
            "'2026-01-01 00:00:00.123456789'::timestamp_ns": "2026-01-01 00:00:00.123456789",
            "time '12:30:00.5'": "12:30:00.5", "'12:30:00+02:30'::timetz": "12:30:00+02:30",
            "interval 14 months": "1 year 2 months",
            "'01234567-89ab-cdef-0123-456789abcdef'::uuid": "01234567-89ab-cdef-0123-456789abcdef",
            "'10101'::bit": "10101", "'\\xAA\\x00b'::blob": "\\xAA\\x00b", "'b'::enum('a', 'b')": "b",
            "[1, null, 3]": "[1, NULL, 3]", "[[1], []]": "[[1], []]", "[1, 2]::integer[2]": "[1, 2]",
            "{'a': 1, 'b': ['x']}": "{'a': 1, 'b': [x]}", "map {'k': 1}": "{k=1}", "union_value(n := 1)": "1",
            "'{\"a\": 1}'::json": '{"a": 1}', "'a\\nb' || chr(0) || 'c'": "a\\nb\0c",
        }  # fmt: skip
        # Each between two others: what is read of one must not move its neighbours.
        row = self.row("select " + ", ".join(f"{sql}, 'x'" for sql in values))
        self.assertEqual(dict(zip(values, row[::2])), values)
        self.assertEqual(set(row[1::2]), {"x"})
        self.assertIn("TIMESTAMP WITH TIME ZONE", [c["type"] for c in self.answer("select now()")["columns"]])

    def test_every_type_that_the_engine_has(self):
        answer = self.answer("from test_all_types()")
        names = [column["name"] for column in answer["columns"]]
        texts = self.answer("select columns(*)::varchar from test_all_types()")
        self.assertGreater(len(names), 50)
        self.assertEqual(answer["rows"][2], [None] * len(names))
        for got, expected in zip(answer["rows"], texts["rows"]):
            for name, value, text in zip(names, got, expected):
                if isinstance(value, str) or text is None:
                    self.assertEqual(value, text, name)
                elif isinstance(value, bool):
                    self.assertEqual(value, text == "true", name)
                else:
                    self.assertEqual(float(value), float(text), name)
        self.answer("from test_vector_types(null::integer[], null::varchar, null::struct(a integer[]), all_flat := false)")

    def test_everything_of_a_large_result(self):
        done = self.run_dray("query", self.address, "select range, [range] from range(300000) order by range desc", "--csv")
        rows = list(csv.reader(io.StringIO(done.stdout)))
        self.assertEqual((len(rows), rows[1], rows[-1]), (300_001, ["299999", "[299999]"], ["0", "[0]"]))

    def test_what_reads(self):
        for sql in [
            "from shop.sold", "table shop.sold", "values (1)", "with a as (select 1) from a", "show tables", "describe shop.sold",
            "summarize shop.sold", "explain select 1", "select 1;", "(select 1)", "select 1 -- note", "show all tables",
            "pivot shop.sold on event in ('sold') using count(*)",
        ]:  # fmt: skip
            with self.subTest(sql):
                self.run_dray("query", self.address, sql)

    def test_nothing_is_written_and_no_other_file_read(self):
        (self.directory / "other.csv").write_text("a\n1\n")
        self.files = sorted(self.directory.rglob("*"))
        before = (self.directory / "w.db").read_bytes()
        for sql in [
            "copy shop.sold to 'out.csv'", "copy (select 1) to 'out.csv'", "attach 'evil.db'", "attach 'evil.db' as e",
            "export database 'evil'", "import database 'evil'", "install httpfs", "load httpfs", "pragma version",
            "set threads = 1", "reset threads", "insert into shop.sold values (1)", "delete from shop.sold",
            "create table memory.t (a int)", "create temp table t (a int)", "drop table shop.sold", "checkpoint", "vacuum",
            "begin", "call enable_logging()", "prepare p as select 1", "use memory", "detach memory",
            "from 'other.csv'", "from read_csv('other.csv')", "from read_text('other.csv')", "from read_blob('other.csv')",
            "from glob('*')", "from sniff_csv('other.csv')", "from read_json('other.csv')", "from read_parquet('other.csv')",
            "explain analyze select 1", "explain (analyze) select 1", "explain copy shop.sold to 'out.csv'",
            "select 1; select 2", "select 1; attach 'evil.db'", "from enable_logging(storage := 'file', storage_path := 'evil')",
            "from query('copy shop.sold to ''out.csv''')", "from dray_result()",
            "with a as (insert into shop.sold values (1) returning *) from a", "pivot shop.sold on event using count(*)",
        ]:  # fmt: skip
            with self.subTest(sql):
                self.refused(sql)
                self.assertEqual(sorted(self.directory.rglob("*")), self.files)
        self.assertEqual((self.directory / "w.db").read_bytes(), before)

    def test_a_sort_that_memory_does_not_hold_goes_to_its_own_temporary_files(self):
        sql = "select count(*), min(a) from (select repeat(md5(range::varchar), 20) a from range(1000000) order by a desc)"
        self.assertEqual(self.row("select count(*) from (" + sql + ")"), [1])

    def test_what_needs_more_memory_is_told_how_to_get_it(self):
        sql = "select length(string_agg(repeat('x', 1000000), '')) from range(300)"
        said = self.run_dray("query", self.address, sql, "--memory", "256MiB", code=2).stderr
        self.assertIn("--memory", said)
        self.assertEqual(self.row(sql, "--memory", "2GiB"), [300_000_000])

    def test_a_slip_is_the_users_and_is_pointed_at(self):
        self.assertEqual(
            self.refused("select\n  prize\nfrom shop.sold"),
            'dray: error: Binder Error: Referenced column "prize" not found in FROM clause!\n'
            '  Candidate bindings: "price", "original_timestamp", "timestamp", "received_at"\n'
            "  LINE 2:   prize\n"
            "            ^\n",
        )
        for sql in "select * from shop.nothing", "select ''::integer", "select * frm x", "select ?", "select error('my own')":
            message = self.refused(sql)
            self.assertNotIn("\\t", message)
            self.assertNotIn("\\n", message)
        answer = json.loads(self.run_dray("query", self.address, "select nope", "--json", code=2).stdout)
        self.assertEqual((answer["cause"], answer["exit_code"]), ("configuration", 2))

    def test_an_error_in_the_middle_leaves_no_whole_json(self):
        sql = "select if(range = 250000, error('late'), 1) from range(300000)"
        done = self.run_dray("query", self.address, sql, "--json", code=2)
        self.assertIn("late", done.stderr)
        if done.stdout.startswith('{"columns"'):
            self.assertRaises(json.JSONDecodeError, json.loads, done.stdout)

    def test_csv_has_line_feeds_unless_asked(self):
        self.assertEqual(
            subprocess.run([DRAY, "query", "duckdb::memory:", "select 1 a, null b, '' c", "--csv"], capture_output=True).stdout,
            b'a,b,c\n1,,""\n',
        )
        crlf = [DRAY, "query", "duckdb::memory:", "select 1 a", "--csv", "--crlf"]
        self.assertEqual(subprocess.run(crlf, capture_output=True).stdout, b"a\r\n1\r\n")
        self.run_dray("query", self.address, "select 1", "--crlf", code=2)

    def test_a_file_that_is_not_there(self):
        self.address = "duckdb:none.db"
        self.assertIn("there is no such DuckDB file", self.refused("select 1"))
        (self.directory / "none.db").write_bytes(b"")
        self.assertIn("nothing was loaded into this DuckDB file yet", self.refused("select 1"))


class Postgres(QueryTest):
    @classmethod
    def setUpClass(cls):
        cls.server = tempfile.mkdtemp(prefix="dray-q-", dir="/tmp")
        started = subprocess.run([START, cls.server], capture_output=True, text=True, check=False)
        cls.addClassCleanup(shutil.rmtree, cls.server, ignore_errors=True)
        cls.addClassCleanup(subprocess.run, [START, "--stop", cls.server], check=True, capture_output=True)
        if started.returncode != 0:
            raise RuntimeError(started.stderr)
        cls.environment = dict(line.split("=", 1) for line in started.stdout.splitlines())
        cls.address = "postgres://"
        cls.psql(
            "create table t (a integer, b text); insert into t values (1, 'x'), (2, null); create sequence s;"
            " create type mood as enum ('glad'); create function wipe() returns integer language plpgsql as"
            " $$ begin delete from t; return 1; end $$"
        )

    @classmethod
    def psql(cls, sql):
        command = ["psql", "-qAt", "-v", "ON_ERROR_STOP=1", "-c", sql]
        done = subprocess.run(
            command, env={**os.environ, **cls.environment}, check=True, capture_output=True, text=True, timeout=SECONDS_MAX
        )
        return done.stdout.strip()

    def test_values(self):
        answer = self.answer(
            "select 1::int2, 2, 3::bigint, 1.5::real, 0.1::float8, 12.50::numeric(9,2), 'NaN'::float8, true, null, ''::text,"
            " array[1,null], 'glad'::mood, '{\"a\":1}'::jsonb, date 'infinity', '0044-03-15 BC'::date, '\\xaa'::bytea,"
            " (1,'a')::t, '1 day'::interval, '01234567-89ab-cdef-0123-456789abcdef'::uuid, B'101', 9223372036854775807"
        )
        self.assertEqual(
            answer["rows"],
            [[1, 2, 3, 1.5, 0.1, 12.5, "NaN", True, None, "", "{1,NULL}", "glad", '{"a": 1}', "infinity", "0044-03-15 BC",
              "\\xaa", "(1,a)", "1 day", "01234567-89ab-cdef-0123-456789abcdef", "101", 2**63 - 1]],
        )  # fmt: skip
        types = [column["type"] for column in answer["columns"]]
        self.assertEqual(types[5], "numeric(9,2)")
        self.assertEqual(types[10:13], ["integer[]", "mood", "jsonb"])

    def test_what_reads(self):
        for sql in [
            "table t", "values (1), (2)", "with a as (select 1) select * from a", "show timezone", "explain select * from t",
            "explain (costs off) select 1", "-- note\nselect 1 ; -- end", "(select 1)", "select", "select * from t where false",
        ]:  # fmt: skip
            with self.subTest(sql):
                self.run_dray("query", self.address, sql)
        self.assertEqual(len(self.answer("select generate_series(1, 5000)")["rows"]), 5000)
        self.assertEqual([c["name"] for c in self.answer("select a as a, a as a from t where false")["columns"]], ["a", "a"])

    def test_nothing_is_written(self):
        out = pathlib.Path(self.server) / "out"
        for sql in [
            "insert into t values (3)", "delete from t", "drop table t", "select * into u from t", "create table u as select 1",
            "with d as (delete from t returning *) select * from d", "select 1; delete from t", "select 1; commit; delete from t",
            "begin read write", "commit", "set transaction read write", "set default_transaction_read_only = off", "reset all",
            f"copy t to program 'cat > {out}'", f"copy (select 1) to '{out}'", "copy t to stdout", "do $$ begin end $$",
            "call wipe()", "select wipe()", "explain analyze select wipe()", "explain (analyze, costs off) delete from t",
            "select nextval('s')", "select set_config('transaction_read_only', 'off', false)", "lock table t", "listen x",
            "prepare p as select 1", "execute p", "declare c cursor for select 1", "vacuum t", "truncate t", "refresh materialized view x",
            "select * from t for update", "with a as (select 1) insert into t select * from a",
        ]:  # fmt: skip
            with self.subTest(sql):
                self.refused(sql)
        self.assertFalse(out.exists())
        self.assertEqual(self.psql("select count(*), (select last_value from s) from t"), "2|1")

    def test_what_a_function_leaves_is_rolled_back(self):
        self.run_dray("query", self.address, "select pg_notify('c', 'x'), set_config('application_name', 'y', false)")

    def test_a_slip_is_the_users_and_is_pointed_at(self):
        self.assertEqual(
            self.refused("-- ä\nselect\n  prize from t"),
            'dray: error: column "prize" does not exist [42703]\n  LINE 3:   prize from t\n            ^\n',
        )
        self.assertIn("LINE 1: explain select * from nothing", self.refused("explain select * from nothing"))
        self.assertIn("[22012]", self.refused("select 1 / (a - a) from t"))
        self.assertIn("more than one statement", self.refused("select 1; select 2"))

    def test_an_address_that_nobody_answers_is_told_in_lines(self):
        message = self.run_dray("query", "postgres://u@127.0.0.1:1/d", "select 1", code=1).stderr
        self.assertNotIn("\\t", message)
        self.assertRegex(message, r"Connection refused\n  +Is the server running")


if __name__ == "__main__":
    unittest.main()
