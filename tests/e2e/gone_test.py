"""What people drop and rename by hand: it is made again, and nothing of it in silence."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import duckdb_client
from servers import start_postgres

DRAY = os.environ["DRAY"]
SECONDS_MAX = 300


def call(kind, number, user="u1", **fields):
    return {"type": kind, "messageId": f"m{number}", "userId": user, "receivedAt": f"2026-03-{number:02}T08:00:00Z", **fields}


def identify(number, user="u1", **traits):
    return call("identify", number, user, traits=traits)


def track(number, name="Sold", **properties):
    return call("track", number, event=name, properties=properties)


class Base(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name)
        self.logs = self.directory / "logs"
        self.logs.mkdir()
        self.start()

    def dray(self, *arguments, code=0):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        done = subprocess.run([DRAY, *arguments], cwd=self.directory, env=kept, capture_output=True, text=True,
                              timeout=SECONDS_MAX, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def sync(self, *events, code=0, options=()):
        if events:
            name = f"{len(list(self.logs.iterdir())):03}.ndjson"
            (self.logs / name).write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
        told = self.dray("sync", "logs", self.url, "--source", "hc", "--json", "--no-progress", *options, code=code)
        return json.loads(told)

    def notices(self, told):
        """By code, of those that tell what is gone."""
        return {notice["code"]: notice["message"] for notice in told["notices"] if notice["code"].endswith("_made_again")}

    def rows(self, sql):
        told = self.dray("query", self.url, "--csv", sql)
        return told.splitlines()[1:]


class Gone:
    def test_a_dropped_users_has_all_profiles_again(self):
        self.sync(identify(1, plan="x"), identify(2, "u1b", plan="y"))
        self.sql("drop table hc.users")
        told = self.notices(self.sync(identify(3, "u2")))
        self.assertEqual(self.rows("select id, plan from hc.users order by id"), ["u1,x", "u1b,y", "u2,"])
        self.assertIn(": hc.users", told["profiles_made_again"])
        self.assertEqual(self.notices(self.sync(identify(4, "u2", plan="z"))), {})

    def test_a_dropped_column_of_users_has_all_values_again(self):
        self.sync(identify(1, plan="x"), identify(2, "u1b", plan="y"))
        self.sql("alter table hc.users drop column plan")
        told = self.notices(self.sync(identify(3, "u2")))
        self.assertEqual(self.rows("select id, plan from hc.users order by id"), ["u1,x", "u1b,y", "u2,"])
        self.assertIn(": hc.users.plan", told["profiles_made_again"])

    def test_profiles_that_an_interrupted_load_was_making_again_are_whole(self):
        self.sync(identify(1, plan="x"), identify(2, "u1b", plan="y"))
        # As a load in several transactions leaves it that is killed between two of them.
        self.sql("delete from hc.users where id = 'u1b'")
        self.sql("insert into _dray.objects select source, 'a.ndjson', size_bytes, version, 'loading', 77, run_id, reason, lines, "
                 "loaded, duplicate, filtered, rejected, recorded_at, set_aside_at, attempts, changed_at from _dray.objects")
        self.sync(identify(3, "u2"))
        self.assertEqual(self.rows("select id, plan from hc.users order by id"), ["u1,x", "u1b,y", "u2,"])

    def test_a_dropped_event_table_is_told_and_the_recipe_works(self):
        self.sync(track(1, price=1), track(2, price=2))
        self.sql("drop table hc.sold")
        told = self.notices(self.sync(track(3, price=3), track(4, "Bought")))
        self.assertIn("made again: hc.sold; rows that earlier syncs loaded are not in there",
                      told["tables_made_again"])
        self.assertNotIn("hc.tracks", told["tables_made_again"])
        self.assertNotIn("hc.bought", told["tables_made_again"])
        self.assertEqual(self.rows("select price from hc.sold order by 1"), ["3"])
        for log in self.logs.iterdir():
            os.utime(log, (1, 1))
        self.assertIn("dray sync --reload-changed", told["tables_made_again"])
        self.assertEqual(self.notices(self.sync(options=["--reload-changed"])), {})
        self.assertEqual(self.rows("select price from hc.sold order by 1"), ["1", "2", "3"])
        self.assertEqual(self.rows("select count(*) from hc.tracks"), ["4"])

    def test_the_recipe_of_the_ledger_works(self):
        self.sync(track(1, price=1), identify(2, plan="x"))
        self.sql("drop table hc.sold", "drop table hc.identifies", "drop table hc.tracks")
        # Ids of runs begin with a time, which may be the same, or be set back: they tell no order.
        self.sql("update _dray.runs set run_id = 'later'", "update _dray.collections set run_id = 'later'")
        told = self.notices(self.sync(track(3, price=3), identify(4, age=3)))
        self.assertIn(": hc.identifies, hc.sold, hc.tracks;", told["tables_made_again"])
        self.sql("delete from _dray.objects where source = 'hc'", "update _dray.sources set listed_at = null where source = 'hc'")
        self.assertEqual(self.notices(self.sync()), {})
        self.assertEqual(self.rows("select price from hc.sold order by 1"), ["1", "3"])
        self.assertEqual(self.rows("select count(*) from hc.tracks"), ["2"])
        self.assertEqual(self.rows("select id, plan, age from hc.users"), ["u1,x,3"])

    def test_a_dropped_column_of_an_event_table_is_told(self):
        self.sync(track(1, price=1, item="a"))
        self.sql("alter table hc.sold drop column price", "alter table hc.sold drop column event")
        told = self.notices(self.sync(track(2, price=2, item="b", size=3)))
        self.assertIn("made again: hc.sold.event, hc.sold.price; rows", told["columns_made_again"])
        self.assertEqual(self.notices(self.sync(track(3, price=3, colour="red"))), {})

    def test_a_plan_tells_it_too(self):
        self.sync(track(1, price=1), identify(2, plan="x"))
        self.sql("drop table hc.sold", "drop table hc.users")
        (self.logs / "more.ndjson").write_text(json.dumps(track(3)) + "\n" + json.dumps(identify(4)) + "\n", encoding="utf-8")
        told = json.loads(self.dray("plan", "logs", self.url, "--source", "hc", "--json"))
        self.assertEqual(sorted(self.notices(told)), ["profiles_made_again", "tables_made_again"])

    def test_the_remedy_for_a_time_with_a_zone_moves_no_time(self):
        self.sync(identify(1, plan="trial"), track(2, price=1))
        times = self.rows("select received_at from hc.sold")
        self.sql("alter table hc.sold alter column received_at type timestamptz using received_at at time zone 'UTC'")
        told = self.sync(identify(3, plan="paid"), track(2, price=2), code=3)
        why = [notice["message"] for notice in told["notices"] if notice["code"] == "table_pending"][0]
        remedy = re.search(r"\(try: (alter table hc[.]sold .*?); or load", why)[1]
        self.assertTrue(remedy.endswith(" using received_at at time zone 'UTC'"), remedy)
        self.sql(remedy, zone="Europe/Berlin")
        self.assertEqual(self.rows("select received_at from hc.sold"), times)
        self.sync()
        self.assertEqual(self.rows("select price from hc.sold"), ["2"])
        self.assertEqual(self.rows("select plan from hc.users"), ["paid"])

    def test_a_table_without_a_column_that_every_row_needs_waits_alone(self):
        self.sync(track(1, price=1), track(2, "Bought"), identify(3, plan="x"))
        for hand, table, told, mend in (
            ("alter table hc.sold drop column uuid_ts", "sold",
             "hc.sold.uuid_ts was dropped or renamed, and Dray needs it (try: alter table hc.sold add column uuid_ts timestamp)",
             "alter table hc.sold add column uuid_ts timestamp"),
            ("alter table hc.sold rename column uuid to number", "sold", "hc.sold.uuid was dropped or renamed",
             "alter table hc.sold rename column number to uuid"),
            ("alter table hc.sold alter column uuid_ts type varchar", "sold", "hc.sold.uuid_ts is",
             "alter table hc.sold alter column uuid_ts type timestamp" + self.using),
            ("alter table hc.users rename column uuid to number", "identifies", "hc.users.uuid was dropped or renamed",
             "alter table hc.users rename column number to uuid"),
            ("alter table hc.tracks rename to t; create view hc.tracks as select * from hc.t", "tracks", "hc.tracks is a view",
             "drop view hc.tracks; alter table hc.t rename to tracks"),
        ):
            with self.subTest(hand):
                before = {name: int(self.rows(f"select count(*) from hc.{name}")[0]) for name in ("sold", "bought", "identifies", "tracks")}
                self.sql(*hand.split("; "))
                number = 10 + 3 * len(list(self.logs.iterdir()))
                (self.logs / "new.ndjson").write_text("".join(json.dumps(event | {"receivedAt": "2026-04-01T08:00:00Z"}) + "\n" for event in
                                                      (track(number), track(number + 1, "Bought"), identify(number + 2))), encoding="utf-8")
                planned = json.loads(self.dray("plan", "logs", self.url, "--source", "hc", "--json", code=3))
                self.assertIn(told, json.dumps(planned["notices"]))
                (self.logs / "new.ndjson").unlink()
                report = self.sync(*(event | {"receivedAt": "2026-04-01T08:00:00Z"} for event in
                                     (track(number), track(number + 1, "Bought"), identify(number + 2))), code=3)
                self.assertIn(told, json.dumps(report["notices"]))
                self.assertIn(told, self.dray("status", "--warehouse", self.url))
                self.sql(*mend.split("; "))
                for name in before:
                    more = int(self.rows(f"select count(*) from hc.{name}")[0]) - before[name]
                    self.assertEqual(more, 0 if name == table else 2 if name == "tracks" else 1, name)
                self.sync()
                for name in before:
                    more = int(self.rows(f"select count(*) from hc.{name}")[0]) - before[name]
                    self.assertEqual(more, 2 if name == "tracks" else 1, name)


class Duckdb(Gone, Base):
    using = ""

    def start(self):
        self.url = "duckdb:w.duckdb"

    def sql(self, *statements, zone="UTC"):
        with duckdb_client.Database(self.directory / "w.duckdb") as database:
            database.execute(f"set timezone = '{zone}'", *statements)


class Postgres(Gone, Base):
    using = " using uuid_ts::timestamp"

    @classmethod
    def setUpClass(cls):
        cls.env = start_postgres(cls)

    def start(self):
        self.url = f"postgres://dray@127.0.0.1:{self.env['PGPORT']}/dray"
        self.sql("drop schema if exists hc cascade; drop schema if exists kept cascade; drop schema if exists _dray cascade")

    def sql(self, *statements, zone="UTC"):
        for statement in statements:
            done = subprocess.run(["psql", "-qAt", "-v", "ON_ERROR_STOP=1", "-d", "dray", "-c", statement],
                                  env={**os.environ, **self.env, "PGTZ": zone}, capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_renamed_schema_is_told(self):
        self.sync(track(1, price=1))
        self.sql("alter schema hc rename to kept")
        told = self.notices(self.sync(track(2, price=2)))
        self.assertIn("made again: hc.sold, hc.tracks;", told["tables_made_again"])

    def test_a_partition_that_takes_no_column_waits_alone(self):
        self.sync(track(1, price=1), track(2, "Bought"))
        self.sql("create table hc.parent (like hc.sold) partition by range (received_at)",
                 "alter table hc.parent attach partition hc.sold for values from ('2026-01-01') to ('2027-01-01')")
        told = self.sync(track(3, price=3, size=7), track(4, "Bought"), code=3)
        self.assertIn("change hc.sold: cannot add column to a partition", json.dumps(told))
        self.assertIn("alter table ... add column size bigint", self.dray("status", "--warehouse", self.url))
        self.assertEqual(self.rows("select count(*) from hc.bought"), ["2"])
        self.sql("alter table hc.parent add column size bigint")
        self.sync()
        self.assertEqual(self.rows("select size from hc.sold where price = 3"), ["7"])

    def test_a_child_with_another_type_is_told(self):
        self.sync(track(1, price=1), track(2, "Bought"))
        self.sql("create table hc.kid (size varchar) inherits (hc.sold)")
        told = self.sync(track(3, price=3, size=7), track(4, "Bought"), code=3)
        self.assertIn("change hc.sold: child table", json.dumps(told))
        self.assertIn("no inherit hc.sold", self.dray("status", "--warehouse", self.url))
        self.assertEqual(self.rows("select count(*) from hc.bought"), ["2"])
        self.sql("alter table hc.kid no inherit hc.sold")
        self.sync()
        self.assertEqual(self.rows("select size from hc.sold where price = 3"), ["7"])


if __name__ == "__main__":
    unittest.main()
