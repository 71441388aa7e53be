"""Warehouses that earlier versions wrote (tests/warehouses) load on: duplicates, profiles, retries, the record."""

import gzip
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from servers import start_postgres

DRAY = os.environ.get("DRAY", "dray")
TESTS = pathlib.Path(__file__).resolve().parent.parent
KEPT = TESTS / "warehouses" / "0.1.0"
SECONDS_MAX = 300


def event(kind, number, minute, **members):
    base = {"type": kind, "messageId": number, "anonymousId": "a1", "receivedAt": f"2024-03-01T10:{minute:02}:00.5Z"}
    return json.dumps(base | members) + "\n"


NEW = (
    event("track", "t3", 50, event="Users", userId="u2", properties={"x": 2})  # later than the stored one
    + event("track", "t1", 0, event="Order Completed", userId="u1", properties={"count": 99})  # earlier
    + event("identify", "i6", 51, userId="u2", traits={"plan": "pro"})
    + event("identify", "i0", 5, userId="u1", traits={"plan": "oldest", "city": "Rome"})
    + event("identify", "i2", 52, userId="u1", traits={"score": 0.75})  # replaces the one that said gold
    + event("group", "g3", 53, userId="u2", groupId="acme", traits={"name": "Acme Ltd"})
    + event("track", "t11", 54, event="Order Completed", userId="u5", properties={"price": "12.50", "count": 1.5})
)


class LoadsOn:
    """Of both warehouses; a subclass has self.warehouse, a copy of its own."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name)
        self.logs = self.directory / "logs"
        for folder in ("1", "2", "whole"):
            shutil.copytree(KEPT / "events" / folder, self.logs, dirs_exist_ok=True)
        self.open_copy()
        # A file's version is its time, which a checkout does not keep.
        for key, version in self.query("select key, version from _dray.objects"):
            os.utime(self.logs / key, ns=(int(version), int(version)))

    def run_dray(self, *arguments, code=0):
        done = subprocess.run([DRAY, *map(str, arguments)], capture_output=True, text=True, timeout=SECONDS_MAX,
                              check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def sync(self, *more):
        return json.loads(self.run_dray("sync", self.logs, self.warehouse, "--source", "shop", "--json", *more))

    def query(self, sql):
        return json.loads(self.run_dray("query", self.warehouse, sql, "--json"))["rows"]

    def test_it_is_as_it_was_written(self):
        self.assertEqual(self.query("select id, plan, email, logins, score from shop.users order by 1"),
                         [["u1", "gold", "late@example.com", 3, 0.5], ["u2", None, "bo@example.com", None, None]])
        self.assertEqual(self.query("select name, employees from shop.accounts"), [["Acme", 13]])
        self.assertEqual(self.query("select count(*) from shop.order_completed"), [[5]])
        self.assertEqual(self.query("select count, price, label from shop.order_completed where id = 't1'"),
                         [[10, 1.5, "it's \"quoted\"\n, caf\u00e9 \U0001f600"]])
        self.assertIn("cut.json.gz", self.run_dray("status", "--warehouse", self.warehouse))
        self.assertEqual(len(json.loads(self.run_dray("rejects", "list", "--warehouse", self.warehouse, "--json"))
                             ["groups"]), 8)

    def test_it_loads_on(self):
        (self.logs / "new.json").write_text(NEW, encoding="utf-8")
        report = self.sync("--moved")
        self.assertEqual(report["status"], "success")
        # The object that was set aside is whole now.
        self.assertEqual((report["lines"], report["loaded"], report["duplicate"], report["rejected"]), (9, 8, 1, 0))
        self.assertEqual(report["objects"]["set_aside"], 0)
        self.assertEqual(self.query("select x, user_id from shop._users"), [[2, "u2"]])
        self.assertEqual(self.query("select count from shop.order_completed where id in ('t1', 'c1') order by 1"),
                         [[10], [11]])
        self.assertEqual(self.query("select price, count from shop.order_completed where id = 't11'"), [[12.5, None]])
        self.assertEqual(self.query("select count(*), count(distinct id) from shop.tracks"), [[11, 11]])
        self.assertEqual(self.query("select id, plan, score, city from shop.users order by 1"),
                         [["u1", "late", 0.75, "Rome"], ["u2", "pro", None, None], ["u4", "cut", None, None]])
        self.assertEqual(self.query("select name, employees from shop.accounts"), [["Acme Ltd", 13]])
        again = self.sync()
        self.assertEqual((again["status"], again["lines"], again["objects"]["known"]), ("success", 0, 7))

    def test_what_did_not_fit_then_is_retried(self):
        self.sync("--moved")
        self.run_dray("rejects", "retry", "--warehouse", self.warehouse)
        self.assertEqual(self.query("select id, count, price from shop.order_completed where id in ('t7', 't8') order by 1"),
                         [["t7", None, None], ["t8", 1, 12.5]])
        self.assertEqual(
            self.query("select table_name, column_name, value from _dray.rejects"
                       " where kind = 'value' and resolved_run is null order by 1"),
            [["identifies", "logins", "012"], ["order_completed", "count", "many"]])
        self.assertEqual(self.query("select count(*) from _dray.runs"), [[4]])
        self.assertEqual(self.query("select count(*) from shop.order_completed"), [[6]])

    def test_an_object_that_was_replaced_is_told(self):
        self.sync("--moved")
        self.assertEqual(self.changed(code=0), [])
        replaced = sorted(path.name for path in self.logs.iterdir())[0]
        os.utime(self.logs / replaced, (1, 1))
        self.sync()
        self.assertEqual(self.changed(code=3), [replaced])
        self.sync("--reload-changed")
        self.assertEqual(self.changed(code=0), [])

    def changed(self, code):
        told = json.loads(self.run_dray("status", "--warehouse", self.warehouse, "--check", "--json", code=code))
        return [each["object"] for each in told["sources"][0]["objects_changed"]]

    def test_the_logs_have_not_moved_unless_somebody_says_so(self):
        self.run_dray("sync", self.logs, self.warehouse, "--source", "shop", code=2)


class DuckDb(LoadsOn, unittest.TestCase):
    def open_copy(self):
        file = self.directory / "shop.duckdb"
        file.write_bytes(gzip.decompress((KEPT / "shop.duckdb.gz").read_bytes()))
        self.warehouse = f"duckdb:{file}"


class Postgres(LoadsOn, unittest.TestCase):
    databases = 0

    @classmethod
    def setUpClass(cls):
        cls.env = start_postgres(cls)

    def psql(self, database, sql):
        subprocess.run(["psql", "-qAt", "-v", "ON_ERROR_STOP=1", "-d", database], input=sql, text=True, check=True,
                       env={**os.environ, **self.env}, capture_output=True, timeout=SECONDS_MAX)

    def open_copy(self):
        Postgres.databases += 1
        name = f"copy_{Postgres.databases}"
        self.psql("postgres", f"create database {name}")
        self.psql(name, gzip.decompress((KEPT / "shop.sql.gz").read_bytes()).decode())
        self.warehouse = f"postgres://dray@127.0.0.1:{self.env['PGPORT']}/{name}"


if __name__ == "__main__":
    unittest.main()
