"""Loads into Redshift, held to what DuckDB makes of the same events, against the stand-in of tests/standin with a real
S3 server: the protocol of a load, what goes wrong with it, and what is left behind.

DRAY is the binary.
"""

import gzip
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import servers

DRAY = os.environ.get("DRAY", "dray")
SOURCE = pathlib.Path(os.environ.get("DRAY_SOURCE_DIR", ".")).resolve()
SAMPLE = SOURCE / "examples/shop-logs/segment-logs/kWebShop01"
BUCKET = "staging"
# Of rows that a sync writes: what differs from sync to sync.
VARYING = {"uuid_ts"}


def event(kind, number, second=0, user="u1", **fields):
    at = f"2026-01-01T00:{second // 60:02}:{second % 60:02}.000Z"
    return {"type": kind, "messageId": f"m{number}", "userId": user, "timestamp": at, "receivedAt": at, **fields}


def track(number, second=0, name="Order Done", user="u1", **properties):
    return event("track", number, second, user, event=name, properties=properties)


def identify(number, second=0, user="u1", **traits):
    return event("identify", number, second, user, traits=traits)


def write_logs(path, events):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("".join(json.dumps(each) + "\n" for each in events).encode()))


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


class RedshiftTest(unittest.TestCase):
    maxDiff = 6000
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temporary.cleanup)
        root = pathlib.Path(cls.temporary.name)
        root.chmod(0o755)  # PostgreSQL runs as somebody else
        cls.s3 = servers.S3(root / "s3")
        cls.addClassCleanup(cls.s3.stop)
        cls.redshift = servers.Redshift(root / "redshift", cls.s3, *cls.options)
        cls.addClassCleanup(cls.redshift.stop)
        cls.s3.make_bucket(BUCKET)

    def setUp(self):
        # A schema for each test; they share the cluster.
        self.source = "s_" + self.id().rsplit(".", 1)[-1].lower()[:60]
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name)
        self.logs = self.directory / "logs"
        self.logs.mkdir()
        self.warehouse = self.redshift.address(f"s3://{BUCKET}/{self.source}")
        self.duckdb = f"duckdb:{self.directory}/expected.duckdb"
        self.redshift.control("clear")

    def dray(self, *arguments, code=0):
        environment = {**os.environ, **self.s3.client_environment()}
        done = subprocess.run(
            [DRAY, *arguments], capture_output=True, text=True, env=environment, timeout=120, check=False
        )
        said = done.stdout + done.stderr
        for secret in (self.redshift.env["REDSHIFT_PASSWORD"], self.s3.env["S3_SECRET_ACCESS_KEY"]):
            self.assertNotIn(secret, said)
        self.assertEqual(done.returncode, code, said)
        return said

    def sync(self, *arguments, code=0):
        return self.dray("sync", str(self.logs), self.warehouse, "--source", self.source, *arguments, code=code)

    def query(self, warehouse, sql):
        answer = json.loads(self.dray("query", warehouse, sql, "--json"))
        names = [column["name"] for column in answer["columns"]]
        return [dict(zip(names, row)) for row in answer["rows"]]

    def one(self, sql):
        return next(iter(self.query(self.warehouse, sql)[0].values()))

    def tables(self, warehouse):
        sql = f"select distinct table_name from information_schema.columns where table_schema = '{self.source}'"
        return sorted(row["table_name"] for row in self.query(warehouse, sql))

    def rows(self, warehouse, table):
        rows = self.query(warehouse, f"select * from {quoted(self.source)}.{quoted(table)} order by id")
        kept = [{name: row[name] for name in sorted(row) if name not in VARYING} for row in rows]
        return sorted(kept, key=lambda row: row["id"])

    def assert_equals_duckdb(self):
        """The tables are those of a clean sync of the same logs into DuckDB."""
        self.dray("sync", str(self.logs), self.duckdb, "--source", self.source)
        self.assertEqual(self.tables(self.warehouse), self.tables(self.duckdb))
        for table in self.tables(self.duckdb):
            self.assertEqual(self.rows(self.warehouse, table), self.rows(self.duckdb, table), table)

    def assert_nothing_left(self):
        self.assertEqual([key for key in self.s3.keys(BUCKET) if key.startswith(self.source + "/")], [])
        staged = "select table_name from svv_tables where table_schema = '_dray_staging'"
        left = [row["table_name"] for row in self.query(self.warehouse, staged)]
        self.assertEqual([name for name in left if name.startswith(self.source + " ")], [])
        pending = f"select count(*) from _dray.pending where source = '{self.source}'"
        self.assertEqual(str(self.one(pending)), "0")

    def statements(self, since):
        return [json.loads(line)["sql"] for line in self.redshift.log()[since:]]


class Loads(RedshiftTest):
    def test_the_sample_gives_the_tables_that_duckdb_has(self):
        shutil.copytree(SAMPLE, self.logs, dirs_exist_ok=True)
        said = self.sync()
        self.assertIn("3,712 lines = 3,650 loaded + 43 duplicate + 18 filtered + 1 rejected", said)
        self.assert_equals_duckdb()
        self.assert_nothing_left()
        self.assertIn("nothing new", self.sync())

    def test_syncs_in_any_order_give_the_same_rows(self):
        first = [track(1, 5, price=1), track(2, 6), identify(3, 7, name="Ann"), identify(4, 9, plan="pro")]
        second = [track(1, 4, price=2), track(2, 6), identify(3, 8, name="Bob"), identify(5, 6, plan="free")]
        write_logs(self.logs / "b.json.gz", second)
        self.sync()
        write_logs(self.logs / "a.json.gz", first)
        self.sync()
        self.assert_equals_duckdb()
        self.assert_nothing_left()
        self.assertEqual(self.rows(self.warehouse, "users")[0]["name"], "Bob")

    def test_a_value_stays_what_it_was(self):
        texts = ["", " ", "\\N", "\\", "a\\nb", 'say "hi"', "it's", "a,b", "line\nline\r\n", "\u00e9\U0001f600", "NULL", "\\\\N "]
        write_logs(self.logs / "a.json.gz", [track(i, i, text=text, n=i - 5) for i, text in enumerate(texts)])
        self.sync()
        self.assert_equals_duckdb()
        loaded = {row["id"]: row["text"] for row in self.rows(self.warehouse, "order_done")}
        self.assertEqual(loaded, {f"m{i}": text for i, text in enumerate(texts)})

    def test_hostile_names_stay_data(self):
        names = ["\"; drop table users; --", "'; select 1; \\", "a" * 500, "tag", "Öl & Müll", "o'k", "\\"]
        events = [track(i, i, name=name, **{f"{name} key": "x"}) for i, name in enumerate(names)]
        write_logs(self.logs / "a.json.gz", events)
        self.sync()
        self.assert_equals_duckdb()
        self.assert_nothing_left()

    def test_strings_widen_their_column_and_are_cut_past_the_widest(self):
        write_logs(self.logs / "a.json.gz", [track(1, 1, note="x" * 500)])
        self.sync()
        write_logs(self.logs / "b.json.gz", [track(2, 2, note="y" * 5000), track(3, 3, note="\u00e9" * 40_000)])
        said = self.sync()
        rows = {row["id"]: row["note"] for row in self.rows(self.warehouse, "order_done")}
        self.assertEqual(rows["m2"], "y" * 5000)
        self.assertEqual(rows["m3"], "\u00e9" * 32_767)
        self.assertIn("rejects list", said)
        rejects = self.dray("rejects", "list", "--warehouse", self.warehouse, "--source", self.source)
        self.assertIn("too_long", rejects)

    def test_many_rows_of_the_ledger_go_by_file(self):
        for number in range(1500):
            write_logs(self.logs / f"{number:05}-{'k' * 150}.json.gz", [track(number, number % 3000)])
        since = len(self.redshift.log())
        self.sync()
        copies = [sql for sql in self.statements(since) if sql.startswith('copy "_dray"."objects"')]
        self.assertEqual(len(copies), 1)
        self.assertEqual(str(self.one(f"select count(*) from _dray.objects where source = '{self.source}'")), "1500")
        self.assert_nothing_left()

    def test_a_sync_commits_once_for_all_tables(self):
        write_logs(self.logs / "a.json.gz", [track(i, i, name=f"Event {i}") for i in range(12)])
        since = len(self.redshift.log())
        self.sync()
        statements = self.statements(since)
        copies = [sql for sql in statements if sql.startswith("copy ")]
        commits = [sql for sql in statements if sql == "commit"]
        # Twelve event tables and tracks: each is staged by a transaction of its own, and one is for all.
        self.assertEqual(len(copies), 13)
        self.assertEqual(len(commits), 13 + 1)
        self.assertEqual(statements[-1], "commit")


class Trouble(RedshiftTest):
    def setUp(self):
        super().setUp()
        write_logs(self.logs / "a.json.gz", [track(i, i, name=f"Event {i % 3}", n=i) for i in range(30)])
        write_logs(self.logs / "b.json.gz", [identify(100 + i, i, user=f"u{i % 4}", name=f"n{i}") for i in range(9)])

    def assert_recovers(self):
        self.redshift.control("clear")
        self.sync()
        self.assert_equals_duckdb()
        self.assert_nothing_left()

    def test_a_table_that_is_refused_waits_and_is_loaded_alone(self):
        self.redshift.control('error load times=0 at copy .*-[0-9a-f]{6} 2"')
        said = self.sync(code=3)
        self.assertIn("not loaded:", said)
        self.assertIn("the next sync tries them again", said)
        self.assertEqual(str(self.one(f"select count(*) from _dray.pending where source = '{self.source}'")), "1")
        # Not mended yet: it waits on, and what is new is loaded all the same.
        write_logs(self.logs / "c.json.gz", [track(i, i + 100, name=f"Event {i % 3}", n=-i) for i in range(30)])
        self.redshift.control('clear')
        self.redshift.control('error load times=1 at copy .*-[0-9a-f]{6} 1"')
        self.sync(code=3)
        self.redshift.control("clear")
        said = self.sync()
        self.assertIn("are loaded now", said)
        self.assert_equals_duckdb()
        self.assert_nothing_left()

    def test_a_table_that_fails_in_the_transaction_does_not_hold_back_the_others(self):
        self.redshift.control(f'error permission times=0 at ^insert into "{self.source}"."event_1"')
        said = self.sync(code=3)
        self.assertIn("not loaded: event_1", said)
        self.assertNotIn("event_1", self.tables(self.warehouse))
        self.assertEqual(len(self.rows(self.warehouse, "event_2")), 10)
        self.assertEqual(len(self.rows(self.warehouse, "tracks")), 30)
        self.assert_recovers()

    def test_a_transaction_that_lost_is_tried_again(self):
        for kind in ("1023", "conflict", "deadlock"):
            self.redshift.control(f'error {kind} times=1 at ^insert into "{self.source}"."tracks"')
        self.sync()
        self.assert_equals_duckdb()
        self.assert_nothing_left()

    def test_the_answer_to_the_commit_is_lost(self):
        self.redshift.control("drop after times=1 skip=5 at ^commit$")
        self.sync()
        self.assert_equals_duckdb()
        write_logs(self.logs / "c.json.gz", [track(500, 59)])
        self.assert_recovers()

    def test_the_commit_itself_is_lost(self):
        self.redshift.control("drop before times=1 skip=5 at ^commit$")
        said = self.sync(code=1)
        self.assertIn("nothing is loaded twice", said)
        self.assert_recovers()

    def test_a_connection_that_is_lost_anywhere_costs_nothing(self):
        for number, statement in enumerate(("copy ", "^delete from", "insert into _dray.lineage", "^create table")):
            with self.subTest(statement):
                self.redshift.control("clear")
                self.redshift.control(f"drop before times=0 at {statement}")
                write_logs(self.logs / f"c{number}.json.gz", [track(1000 + number, 50)])
                self.sync(code=1)
        self.assert_recovers()

    def test_a_copy_that_slows_down_is_tried_again(self):
        self.redshift.control("error slowdown times=2 at ^copy ")
        self.sync()
        self.assert_equals_duckdb()

    def test_no_right_to_the_staging_place_fails_the_run_and_says_what_to_do(self):
        self.redshift.control("error access-denied times=0 at ^copy ")
        said = self.sync(code=2)
        self.assertIn("s3:GetObject", said)
        self.assert_recovers()

    def test_a_role_that_is_not_attached_is_told(self):
        self.warehouse = self.redshift.address(f"s3://{BUCKET}/{self.source}", iam_role="arn:aws:iam::123456789012:role/x")
        said = self.sync(code=2)
        self.assertIn("role", said)

    def test_without_a_role_copy_gets_the_keys_and_nobody_sees_them(self):
        self.warehouse = self.redshift.address(f"s3://{BUCKET}/{self.source}", iam_role=None)
        since = len(self.redshift.log())
        self.sync()
        self.assertTrue(any("secret_access_key" in sql for sql in self.statements(since)))
        self.assert_equals_duckdb()

    def test_without_a_staging_place_it_says_so(self):
        self.warehouse = self.redshift.address(None)
        said = self.sync(code=2)
        self.assertIn("staging", said)

    def test_files_that_a_run_left_are_swept_once_it_cannot_commit(self):
        self.sync()
        folder = self.s3_folder()
        stray = folder + "20260101T000000-abcdef/00001/part-00001.csv.zst"
        fresh = folder + "29990101T000000-abcdef/00001/part-00001.csv.zst"
        alien = self.source + "/notes.txt"
        for key in (stray, fresh, alien):
            self.s3.put(BUCKET, key, b"x")
        write_logs(self.logs / "c.json.gz", [track(500, 59)])
        self.sync()
        keys = [key for key in self.s3.keys(BUCKET) if key.startswith(self.source + "/")]
        self.assertEqual(sorted(keys), sorted([fresh, alien]))

    def s3_folder(self):
        """Of this source's runs."""
        since = len(self.redshift.log())
        write_logs(self.logs / "z.json.gz", [track(501, 58)])
        self.sync()
        copy = next(sql for sql in self.statements(since) if sql.startswith("copy "))
        url = copy.split(" from '", 1)[1].split("'", 1)[0]
        return url.removeprefix(f"s3://{BUCKET}/").rsplit("/", 3)[0] + "/"


class Serverless(RedshiftTest):
    options = ("--serverless",)

    def test_a_load_needs_none_of_the_views_that_are_missing(self):
        write_logs(self.logs / "a.json.gz", [track(i, i, name=f"Event {i % 3}", n=i) for i in range(30)])
        self.sync()
        self.assert_equals_duckdb()
        self.assert_nothing_left()


if __name__ == "__main__":
    unittest.main()
