"""A DuckDB file that others have a hand in, held to it through the binary: what they add to its tables, files that are
no whole database, and programs that have it open.

DRAY is the binary. What others do is done with DuckDB's own library (duckdb_client.py).
"""

import contextlib
import gzip
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from duckdb_client import Database, execute

DRAY = os.environ.get("DRAY", "dray")
HERE = pathlib.Path(__file__).resolve().parent
CASES = HERE.parent / "cases"
SECONDS_MAX = 300


def event(kind, number, day=1, user="u1", **fields):
    time_ = f"2026-05-{day:02}T10:00:00.000Z"
    return {"type": kind, "messageId": f"m{number}", "userId": user, "timestamp": time_, "receivedAt": time_, **fields}


def track(number, day=1, name="Sold", **properties):
    return event("track", number, day, event=name, properties=properties)


def identify(number, day=1, user="u1", **traits):
    return event("identify", number, day, user, traits=traits)


def open_files(pid):
    """Their names; some are closed while one looks."""
    names = []
    for path in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            names.append(os.path.basename(os.path.realpath(path)))
    return names


class DuckdbTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name)
        self.file = self.directory / "w.db"
        (self.directory / "logs").mkdir()

    def run_dray(self, *arguments, code=0):
        done = subprocess.run(
            [DRAY, *arguments],
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS_MAX,
        )
        done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode(errors="replace")
        self.assertEqual(done.returncode, code, f"dray {arguments}\n{done.stdout}\n{done.stderr}")
        return done

    def write(self, key, *events):
        text = "".join(json.dumps(line) + "\n" for line in events)
        (self.directory / "logs" / key).write_bytes(gzip.compress(text.encode(), 1))

    def sync(self, *flags, logs="logs", warehouse="w.db"):
        arguments = ["sync", logs, f"duckdb:{warehouse}", "--source", "shop", *flags, "--json"]
        return json.loads(self.run_dray(*arguments).stdout)

    def refused(self, *flags, warehouse="w.db", source="shop", code=2):
        done = self.run_dray("sync", "logs", f"duckdb:{warehouse}", "--source", source, *flags, code=code)
        self.assertEqual(done.stdout, "")
        return done.stderr

    def waits(self, table):
        """Of a sync that leaves this table out and loads the rest: what is told of the table."""
        done = self.run_dray("sync", "logs", "duckdb:w.db", "--source", "shop", code=3)
        self.assertIn(f"not loaded: {table}", done.stdout)
        self.assertIn("its rows wait in their objects", done.stdout)
        status = self.run_dray("status", "--warehouse", "duckdb:w.db").stdout
        self.assertIn(table, status)
        objects = self.run_dray("objects", "list", "--warehouse", "duckdb:w.db").stdout
        self.assertIn("will be read again for a table that refused their rows", objects)
        return done.stdout

    def try_remedy(self, told):
        self.shell(*re.search(r"\(try: (.*?)\); its rows wait", told)[1].split("; "))

    def query(self, sql):
        return json.loads(self.run_dray("query", "duckdb:w.db", sql, "--json").stdout)["rows"]

    def shell(self, *statements):
        execute(self.file, *statements)


class Tables(DuckdbTest):
    def case(self, name, *between):
        self.sync(logs=str(CASES / name / "in1"))
        self.shell(*between)
        return self.sync("--moved", logs=str(CASES / name / "in2"))

    def test_ids_are_compared_by_their_bytes_whatever_a_collation_says(self):
        every = ["identifies.user_id", "users.id", "identifies.id"]
        own = "alter table shop.users add column own varchar default 'none'; update shop.users set own = id"
        referenced = (
            "create table shop.u as from shop.users; drop table shop.users; create table shop.users (id varchar collate nocase, "
            "received_at timestamp, uuid bigint, uuid_ts timestamp, plan varchar, step varchar, number integer primary key default (random() * 1e9)::int);"
            "insert into shop.users by name select id, received_at, uuid, uuid_ts, plan, step from shop.u; create table shop.notes (number integer references shop.users (number))"
        )
        for columns, hand in ((every[:1], ""), (every[1:2], ""), (every, ""), (every, own), (every[:1], referenced)):
            with self.subTest((columns, hand)):
                self.file.unlink(missing_ok=True)
                for log in (self.directory / "logs").iterdir():
                    log.unlink()
                self.write("1.gz", identify(1, 1, "Ana", plan="a", step="one"), identify(2, 1, "bo", plan="b", step="one"))
                self.sync()
                for column in columns:
                    table, name = column.split(".")
                    self.shell(f"alter table shop.{table} alter {name} set data type varchar collate nocase")
                self.shell(*filter(None, hand.split(";")))
                self.write("2.gz", identify(3, 2, "ana", plan="c"), identify(4, 2, "Bo", step="two"))
                self.sync()
                users = "select id, plan, step from shop.users order by id collate c"
                self.assertEqual(self.query(users), [["Ana", "a", "one"], ["Bo", None, "two"], ["ana", "c", None], ["bo", "b", "one"]])
                # The last row of one of two goes to the other.
                self.write("3.gz", identify(3, 3, "Ana", plan="d"), identify(5, 3, "bO", plan="e"))
                self.sync()
                self.assertEqual(self.query(users), [["Ana", "d", "one"], ["Bo", None, "two"], ["bO", "e", None], ["bo", "b", "one"]])
                if hand == own:
                    self.assertEqual(self.query("select own from shop.users order by id collate c"), [["Ana"], ["none"], ["none"], ["bo"]])
                if hand == referenced:
                    continue
                # All are computed again.
                self.shell("drop table shop.users")
                self.write("4.gz", identify(6, 4, "Bo", plan="f"))
                self.sync()
                self.assertEqual(self.query(users), [["Ana", "d", "one"], ["Bo", "f", "two"], ["bO", "e", None], ["bo", "b", "one"]])

    def test_a_unique_index_on_users(self):
        self.case("duckdb-unique-users", "create unique index users_id on shop.users (id)")
        self.assertEqual(self.query("select id, plan from shop.users"), [["user-1", "gold"]])

    def test_threads_share_a_table_by_whole_row_groups(self):
        """Else each would leave a short one, and DuckDB would copy the rows of one that did not fill any."""
        rows = 32_000
        self.write("1.json.gz", *(track(i, note=f"a text of some length, {i}") for i in range(rows)))
        self.sync("--threads", "2", "--memory", "256MiB")
        sizes = [int(size) for size, in self.query(
            "select cast(sum(count) as bigint) from pragma_storage_info('shop.sold') where column_name = 'uuid' and "
            "segment_type <> 'VALIDITY' group by row_group_id order by 1")]
        self.assertEqual(sum(sizes), rows)
        self.assertGreaterEqual(len(sizes), 4)
        self.assertEqual(len(set(sizes[1:])), 1, sizes)

    def test_macros_named_like_functions_change_nothing(self):
        first = [identify(1, plan="silver"), identify(2, 1, "u2", plan="x"), track(3, price=1)]
        second = [identify(2, 2, "u2", plan="y"), identify(4, 2, plan="gold"), track(3, 2, price=2), track(5, 2)]
        tables = ("identifies", "users", "tracks", "sold")

        def rows(key, warehouse):
            self.write(key, *(first if key == "a.gz" else second))
            self.sync(warehouse=warehouse)
            return [self.run_dray("query", f"duckdb:{warehouse}", f"select * exclude (uuid_ts) from shop.{table} "
                                  "order by all", "--json").stdout for table in tables]

        rows("a.gz", "clean.db")
        clean = rows("b.gz", "clean.db")
        (self.directory / "logs/b.gz").unlink()
        rows("a.gz", "w.db")
        self.shell(*(f"create macro main.{macro}" for macro in (
            "count(a) as 7", "max(a) as null", "epoch_us(a) as 0", "make_timestamp(a) as timestamp '1999-01-01'",
            "strlen(a) as 1", "arg_max(a, b) as null", "coalesce(a, b) as 7", "dray_uuid(a) as 7", "\"+\"(a, b) as 1",
            "\"~~\"(a, b) as false", "duckdb_tables() as table select 1 as x", "duckdb_columns() as table select 1",
            "duckdb_schemas() as table select 1 as schema_name", "current_database() as 'x'", "is_odd(a) as a % 2")))
        self.assertEqual(rows("b.gz", "w.db"), clean)
        # A person's own are there for a person, and for the tables that they are part of.
        self.shell("alter table shop.sold add column odd integer default (is_odd(3))")
        self.write("c.gz", track(6, 3))
        self.sync()
        self.assertEqual(self.query("select odd, is_odd(5) from shop.sold where id = 'm6'"), [[1, 1]])
        self.run_dray("status", "--warehouse", "duckdb:w.db")

    def test_ids_that_somebody_made_numbers(self):
        report = self.case("user-id-bigint", "alter table shop.identifies alter column user_id type bigint")
        self.assertEqual(self.query("select id, plan from shop.users order by 1"), [["17", "b"], ["18", "c"]])
        self.assertEqual(self.query("select id, user_id from shop.identifies order by 1"),
                         [["i1", 17], ["i2", 18], ["i3", 17], ["i4", None]])
        self.assertEqual(report["values_rejected"], 1)
        self.assertEqual(self.query("select line, column_name, value from _dray.rejects"), [[3, "user_id", "abc"]])

    def test_indexes_on_tables_of_events(self):
        self.write("a.gz", track(1, price=1), track(2, price=2))
        self.sync()
        self.shell("create unique index sold_id on shop.sold (id)", "create index sold_price on shop.sold (price)",
                   "create unique index tracks_id on shop.tracks (id)")
        self.write("b.gz", track(1, 2, price=3, coupon="x"), track(3, 2, price=2))
        self.sync()
        self.assertEqual(self.query("select id, price, coupon from shop.sold order by 1"),
                         [["m1", 3, "x"], ["m2", 2, None], ["m3", 2, None]])
        self.write("c.gz", *(track(n, 3, price=n) for n in range(1, 3000)))
        self.sync()
        self.assertEqual(self.query("select count(*), count(distinct id) from shop.tracks"), [[2999, 2999]])

    def test_a_unique_index_that_rows_break_is_named(self):
        self.write("a.gz", identify(1, plan="silver"))
        self.sync()
        self.shell("create unique index one_plan on shop.users (plan)")
        self.write("b.gz", identify(2, 2, "u2", plan="silver"), track(3, 2, price=1))
        told = self.waits("identifies")
        self.assertIn("1 loaded", told)
        self.assertIn("1 waiting", told)
        self.assertEqual(self.query("select count(*) from shop.sold"), [[1]])
        self.assertIn("shop.users: a unique index or key that somebody added refuses a row: the index one_plan", told)
        self.assertIn('drop index "shop"."one_plan"', told)
        self.assertNotIn("silver", told)
        self.assertNotIn("silver", json.dumps(self.query("select error from _dray.runs union all select reason from _dray.pending")))
        self.assertEqual(self.query("select table_name, files, staged_rows from _dray.pending"), [["identifies", "", 1]])
        self.assertIn(" since ", self.waits("identifies"))
        self.try_remedy(told)
        report = self.sync()
        self.assertEqual((report["loaded"], report["waiting"]), (2, 0))
        self.assertEqual(self.query("select count(*) from shop.users"), [[2]])
        self.assertEqual(self.query("select count(*), count(distinct id) from shop.sold"), [[1, 1]])
        self.assertEqual(self.query("select count(*), count(distinct (uuid, table_number)) from _dray.lineage"), [[3, 3]])
        self.assertEqual(self.query("select count(*) from _dray.pending"), [[0]])
        self.assertEqual(self.query("select distinct state from _dray.objects"), [["loaded"]])
        self.assertEqual(self.sync()["lines"], 0)

    def make_sold_refuse(self):
        """Prices from five on."""
        self.shell("create table shop.other as from shop.sold", "drop table shop.sold",
                   "create table shop.sold (id varchar, received_at timestamp, uuid bigint, uuid_ts timestamp, "
                   "price bigint check (price < 5), user_id varchar)")

    def test_the_rows_that_a_table_refuses_are_rejects_and_the_others_load(self):
        self.write("a.gz", track(1, price=1))
        self.sync()
        self.make_sold_refuse()
        self.write("b.gz", *(track(n, 2, price=77 if n in (4, 17) else n % 5) for n in range(2, 40)), identify(50, 2))
        report = self.sync()
        self.assertEqual((report["loaded"], report["rejected"], report["values_rejected"]), (39, 0, 2))
        self.assertEqual([n["count"] for n in report["notices"] if n["code"] == "rows_refused"], [2])
        self.assertEqual(self.query("select count(*), max(price) from shop.sold"), [[36, 4]])
        rejects = self.query("select object, line, reason, table_name, value from _dray.rejects order by line")
        self.assertEqual([reject[:4] for reject in rejects],
                         [["b.gz", line, "refused_by_table", "sold"] for line in (3, 16)])
        self.assertIn("CHECK", rejects[0][4])
        self.assertNotIn("77", rejects[0][4])
        self.shell("create table shop.other2 as from shop.sold", "drop table shop.sold",
                   "alter table shop.other2 rename to sold")
        self.run_dray("rejects", "retry", "--warehouse", "duckdb:w.db")
        self.assertEqual(self.query("select count(*) from shop.sold where price = 77"), [[2]])
        self.assertEqual(self.sync()["lines"], 0)

    def test_a_row_that_lost_to_one_that_waits_comes_back_when_that_is_let_go(self):
        self.write("a.gz", track(1, price=1))
        self.sync()
        self.make_sold_refuse()
        self.write("b.gz", track(6, 12, price=77))
        self.write("c.gz", track(6, 11, price=2), identify(7, 1))
        self.waits("sold")
        self.assertEqual(self.query("select key, state from _dray.objects order by key"),
                         [["a.gz", "loaded"], ["b.gz", "waiting"], ["c.gz", "waiting"]])
        self.run_dray("objects", "skip", "b.gz", "--source", "shop", "--warehouse", "duckdb:w.db", "--reason", "wrong")
        self.sync()
        self.assertEqual(self.query("select id, price from shop.sold"), [["m6", 2]])
        self.assertEqual(self.query("select count(*) from _dray.pending"), [[0]])

    def test_rows_that_wait_in_objects_that_are_gone_are_told(self):
        self.write("a.gz", track(1, price=1))
        self.sync()
        self.make_sold_refuse()
        self.write("b.gz", track(2, 2, price=77))
        told = self.waits("sold")
        (self.directory / "logs" / "b.gz").unlink()
        for number in range(2):
            done = self.run_dray("sync", "logs", "duckdb:w.db", "--source", "shop", code=3).stdout
            self.assertIn("sold: rows wait since 20", done)
            self.assertIn("dray objects skip", done)
            self.write(f"c{number}.gz", track(3 + number, 3, price=1))
        self.try_remedy(told)
        self.run_dray("sync", "logs", "duckdb:w.db", "--source", "shop", code=3)
        self.run_dray("objects", "skip", "b.gz", "--source", "shop", "--warehouse", "duckdb:w.db", "--reason", "lost")
        self.assertEqual(self.query("select count(*) from _dray.pending"), [[0]])
        self.assertEqual(self.sync()["status"], "success")

    def test_other_tables_refer_to_users(self):
        self.write("a.gz", identify(1, plan="silver", age=1), identify(2, 1, "u2", plan="x"))
        self.sync()
        self.shell("alter table shop.users add primary key (id)", "alter table shop.users add column note varchar",
                   "create table shop.visits (who varchar references shop.users (id))",
                   "insert into shop.visits values ('u1')", "update shop.users set note = 'mine'")
        self.write("b.gz", identify(3, 2, plan="gold", town="Ulm"), identify(4, 2, "u3", plan="new"))
        self.sync()
        self.assertEqual(self.query("select id, plan, age, town, note from shop.users order by 1"),
                         [["u1", "gold", 1, "Ulm", "mine"], ["u2", "x", None, None, "mine"],
                          ["u3", "new", None, None, None]])
        # The only identify of u2 turns out to be u1's.
        self.write("c.gz", identify(2, 3, plan="last"))
        self.sync()
        self.assertEqual(self.query("select id, plan from shop.users order by 1"), [["u1", "last"], ["u3", "new"]])
        # And then that of u1, whom a row of visits refers to.
        self.write("d.gz", *(identify(n, 4, "u3") for n in (1, 2, 3)))
        told = self.waits("identifies")
        self.assertIn("shop.visits: FOREIGN KEY (who) REFERENCES shop.users(id)", told.replace('"', ""))
        self.assertIn("try: drop the table with the foreign key", told)

    def test_constraints_are_named_with_what_takes_them_away(self):
        self.write("a.gz", track(1, price=1), track(2, price=2, coupon="x"))
        self.sync()
        self.shell("alter table shop.tracks alter column user_id set not null", "delete from shop.sold where id = 'm1'",
                   "alter table shop.sold alter column coupon set not null")
        self.write("b.gz", track(3, 2, price=3))
        told = self.waits("sold")
        self.assertIn("shop.sold: a NOT NULL constraint that somebody added refuses a row: NOT NULL of coupon", told)
        self.try_remedy(told)
        self.sync()
        self.assertEqual(self.query("select count(*) from shop.sold"), [[2]])
        self.shell("create table shop.other (id varchar, received_at timestamp, uuid bigint, uuid_ts timestamp, "
                   "price bigint check (price < 5), user_id varchar)",
                   "insert into shop.other by name select id, received_at, uuid, uuid_ts, price, user_id from shop.sold",
                   "drop table shop.sold", "alter table shop.other rename to sold")
        self.write("c.gz", track(4, 3, price=7654321))
        told = self.waits("sold")
        self.assertRegex(told, r"shop.sold: a CHECK constraint that somebody added refuses a row: CHECK\(\(price < 5\)\)")
        self.assertNotIn("7654321", told)
        self.try_remedy(told)
        self.sync()
        self.assertEqual(self.query("select id, price from shop.sold order by 1"), [["m2", 2], ["m3", 3], ["m4", 7654321]])

    def test_generated_columns_and_defaults_are_left_alone(self):
        self.write("a.gz", identify(1, plan="silver"), track(1, price=1))
        self.sync()
        self.shell("alter table shop.users add column score integer default 5",
                   "alter table shop.users alter column score set not null",
                   "update shop.users set score = 7", "alter table shop.sold add column seen varchar default 'no'",
                   "create table shop.u2 (id varchar, received_at timestamp, uuid bigint, uuid_ts timestamp, "
                   "plan varchar, score integer default 5 not null, shout varchar generated always as (upper(plan)))",
                   "insert into shop.u2 by name select id, received_at, uuid, uuid_ts, plan, score from shop.users",
                   "drop table shop.users", "alter table shop.u2 rename to users")
        self.write("b.gz", identify(2, 2, plan="gold", shout="x"), identify(3, 2, "u2", plan="new"), track(2, price=2))
        report = self.sync()
        self.assertEqual(self.query("select id, plan, score, shout from shop.users order by 1"),
                         [["u1", "gold", 7, "GOLD"], ["u2", "new", 5, "NEW"]])
        self.assertEqual(self.query("select seen from shop.sold order by id"), [["no"], ["no"]])
        self.assertEqual(report["values_rejected"], 1)

    def test_a_column_that_somebody_added_to_a_table_of_drays_own(self):
        self.write("a.gz", track(1, price=1))
        self.sync()
        tables = [row[0] for row in self.query("select table_name from duckdb_tables() where schema_name = '_dray'")]
        self.shell(*(f"alter table _dray.{table} add column note varchar default 'mine'" for table in tables))
        self.write("b.gz", track(2, price="many"), {"type": "nonsense"})
        report = self.sync()
        self.assertEqual((report["status"], report["values_rejected"]), ("success", 1))
        self.assertEqual(self.query("select distinct note from _dray.objects"), [["mine"]])

    def test_a_column_of_an_older_version_that_hides_row_numbers(self):
        self.write("a.gz", *(track(n, price=n) for n in range(4)))
        self.sync()
        self.shell("alter table shop.sold add column rowid bigint", "update shop.sold set rowid = 7")
        self.write("b.gz", track(1, 2, price=10, rowid=7))
        report = self.sync()
        self.assertEqual(self.query('select id, price, "rowid", _rowid from shop.sold order by 1'),
                         [["m0", 0, 7, None], ["m1", 10, None, 7], ["m2", 2, 7, None], ["m3", 3, 7, None]])
        notice = [n["message"] for n in report["notices"] if n["code"] == "system_column_name"][0]
        read = re.search("(coalesce.*\\)) reads", notice)[1]
        self.assertEqual(self.query(f"select distinct {read} from shop.sold"), [["7"]])


class Files(DuckdbTest):
    def test_a_rest_of_the_first_writes_is_nothing(self):
        self.write("a.gz", track(1))
        self.sync(warehouse="whole.db")
        whole = (self.directory / "whole.db").read_bytes()
        rests = [whole[:size] for size in (0, 100, 4096, 5000, 8192, 12287)] + [bytes(12288)]
        for rest in rests:
            with self.subTest(size=len(rest)):
                self.file.write_bytes(rest)
                self.run_dray("plan", "logs", "duckdb:w.db", "--source", "shop")
                self.assertIn("there is no such DuckDB file", self.run_dray("status", "--warehouse", "duckdb:w.db", code=2).stderr)
                self.assertEqual(self.file.read_bytes(), rest)
                self.sync()
                self.assertEqual(self.query("select count(*) from shop.sold"), [[1]])
                self.assertEqual(list(self.directory.glob("w.db?*")), [])

    def test_a_limit_on_the_files_size_at_each_of_the_first_writes(self):
        self.write("a.gz", track(1))
        for size in (0, 4095, 4096, 8192, 12288, 20000, 77824):
            with self.subTest(size=size):
                self.file.unlink(missing_ok=True)
                limited = (
                    "import resource, signal, os, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
                    f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size})); os.execvp(sys.argv[1], sys.argv[1:])"
                )
                subprocess.run(
                    [sys.executable, "-c", limited, DRAY, "sync", "logs", "duckdb:w.db", "--source", "shop"],
                    cwd=self.directory, capture_output=True, timeout=SECONDS_MAX,
                )
                self.sync()
                self.assertEqual(self.query("select count(*) from shop.sold"), [[1]])

    def test_what_is_no_database_is_refused_at_once(self):
        self.write("a.gz", track(1))
        os.mkfifo(self.directory / "pipe")
        (self.directory / "folder").mkdir()
        (self.directory / "f.sqlite").write_bytes(b"SQLite format 3\0" + bytes(100_000))
        (self.directory / "note.txt").write_text("mine\n")
        for warehouse, words in {
            "pipe": "pipe is a pipe, and a warehouse is a file",
            "folder": "folder is a directory, and a warehouse is a file",
            "/dev/null": "/dev/null is a device, and a warehouse is a file",
            "f.sqlite": "f.sqlite is not a DuckDB database",
            "note.txt": "note.txt is not a DuckDB database",
            "s3://bucket/w.db": "takes the name of a file, and this is an address",
        }.items():
            with self.subTest(warehouse):
                self.assertIn(words, self.refused(warehouse=warehouse))
                told = self.run_dray("status", "--warehouse", f"duckdb:{warehouse}", code=2).stderr
                self.assertIn(words, told)
        self.assertEqual((self.directory / "note.txt").read_text(), "mine\n")

    def test_memory_is_no_place_to_load_into(self):
        self.write("a.gz", track(1))
        self.assertIn("a warehouse in memory is gone when the sync ends", self.refused(warehouse=":memory:"))

    def test_a_name_that_is_not_utf8(self):
        self.write("a.gz", track(1))
        folder = os.fsencode(self.directory) + b"/caf\xe9"
        os.mkdir(folder)
        os.symlink(b"caf\xe9/w\xff.db", os.fsencode(self.directory) + b"/link.db")
        for number, warehouse in enumerate((b"duckdb:caf\xe9/w\xff.db", b"duckdb:link.db", b"duckdb:caf\xe9/w\xff.db")):
            self.write(f"{number}.gz", track(10 + number))
            self.run_dray(b"sync", b"logs", warehouse, b"--source", b"shop", b"--memory", b"256MiB")
            told = self.run_dray(b"query", warehouse, b"select count(*) from shop.sold", b"--csv").stdout
            self.assertEqual(told.split(), ["count_star()", str(number + 2)])
        self.assertEqual(os.listdir(folder), [b"w\xff.db"])
        # As text it is told, as a word of a shell it works.
        warehouse = b"duckdb:caf\xe9/w\xff.db"
        status = json.loads(self.run_dray(b"status", b"--warehouse", warehouse, b"--json").stdout)
        self.assertEqual(status["warehouse"], "duckdb:caf\\xE9/w\\xFF.db")
        self.write("bad.gz", "no json")
        report = self.run_dray(b"sync", b"logs", warehouse, b"--source", b"shop").stdout
        self.assertIn("to duckdb:caf\\xE9/w\\xFF.db: success", report)
        (word,) = re.findall(r"--warehouse (\$'.*?')", report)
        said = subprocess.run(["bash", "-c", f"exec {DRAY} rejects list --warehouse {word}"], cwd=self.directory, capture_output=True, check=True, timeout=SECONDS_MAX)
        self.assertIn(b"bad.gz", said.stdout)
        # Where it is not, and where another has it open.
        told = self.run_dray(b"sync", b"logs", b"duckdb:n\xff/w.db", code=2).stderr
        self.assertIn("there is no directory for the DuckDB file", told)
        with Database(folder + b"/w\xff.db"):
            self.assertIn("caf\\xE9/w\\xFF.db is open in another program", self.run_dray(b"sync", b"logs", warehouse, b"--source", b"shop", code=5).stderr)

    def test_what_memory_does_not_hold_goes_into_a_folder_that_is_not_utf8(self):
        folder = os.fsencode(self.directory) + b"/caf\xe9"
        os.mkdir(folder)
        self.write("a.gz", track(1))
        self.run_dray(b"sync", b"logs", b"duckdb:caf\xe9/w.db", b"--source", b"shop")
        sql = b"select count(distinct repeat(hash(range)::varchar, 20)) from range(800000)"
        seen = set()
        with subprocess.Popen([DRAY.encode(), b"query", b"duckdb:caf\xe9/w.db", sql, b"--memory", b"256MiB"],
                              cwd=self.directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as dray:
            while dray.poll() is None:
                seen.update(re.sub(rb"\d+-\d+$", b"PID", name) for name in os.listdir(folder))
                time.sleep(0.01)
            self.assertIn("800000", dray.stdout.read().decode(), dray.stderr.read())
        self.assertEqual(seen, {b"w.db", b"w.db.tmp-PID"})
        self.assertEqual(os.listdir(folder), [b"w.db"])

    def test_a_link_to_a_file_that_is_not_there_yet(self):
        self.write("a.gz", track(1))
        (self.directory / "disk").mkdir()
        self.file.symlink_to("disk/real.db")
        self.sync()
        self.assertTrue((self.directory / "disk" / "real.db").is_file())
        self.assertTrue(self.file.is_symlink())
        self.assertEqual(self.query("select count(*) from shop.sold"), [[1]])

    def leave_log(self, place, sql):
        """What a program leaves that was killed before it wrote its log into the file."""
        code = ("import os, sys, duckdb_client\nwith duckdb_client.Database(sys.argv[1]) as database:\n"
                "    for sql in sys.argv[2:]: database.execute(sql)\n    os._exit(0)\n")
        subprocess.run([sys.executable, "-c", code, str(place), "set checkpoint_threshold = '1TB'", sql], check=True,
                       env={**os.environ, "PYTHONPATH": str(HERE)}, timeout=SECONDS_MAX)

    def test_a_log_belongs_to_the_file_whatever_its_name_is(self):
        self.write("a.gz", track(1))
        self.sync(warehouse="real.db")
        self.file.symlink_to("real.db")
        real = self.directory / "real.db"
        self.leave_log(real, "create table shop.mine as select 1 as x")
        self.assertTrue((self.directory / "real.db.wal").exists())
        self.write("b.gz", track(2))
        self.sync()
        self.assertEqual(self.query("select (select count(*) from shop.mine), (select count(*) from shop.sold)"), [[1, 2]])
        self.assertFalse((self.directory / "w.db.wal").exists())
        (self.directory / "w.db.wal").write_bytes(b"of an earlier version")
        said = self.refused()
        self.assertIn("w.db is a link, and beside it lies a log", said)
        self.assertIn("try: ", said)

    def test_a_log_without_its_file_is_told(self):
        self.write("a.gz", track(1))
        self.sync()
        self.leave_log(self.file, "create table shop.mine as select 1 as x")
        self.file.unlink()
        for _ in range(2):
            said = self.refused()
            self.assertIn("w.db.wal is there and its file is not", said)
            self.assertFalse(self.file.exists())
        (self.directory / "w.db.wal").unlink()
        self.sync()
        self.assertEqual(self.query("select count(*) from shop.sold"), [[1]])


class OpenElsewhere(DuckdbTest):
    def hold(self, seconds):
        code = "import sys, time, duckdb_client\nwith duckdb_client.Database(sys.argv[1]):\n"
        code += "    print('open', flush=True)\n    sys.stdin.readline()\n    time.sleep(float(sys.argv[2]))\n"
        holder = subprocess.Popen([sys.executable, "-c", code, str(self.file), str(seconds)], cwd=HERE, text=True,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(holder.stdout.close)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.stdin.close)
        self.assertEqual(holder.stdout.readline(), "open\n")
        return holder

    def test_who_has_it_open_is_told_and_can_be_waited_for(self):
        self.write("a.gz", track(1))
        self.sync()
        self.write("b.gz", track(2))
        holder = self.hold(0.3)
        self.assertRegex(self.refused(code=5), rf"w.db is open in another program: .*python.* \(PID {holder.pid}\)")
        self.assertIn("try: close it there, or wait until it is closed: --wait", self.refused("--wait", "0s", code=5))
        waiting = subprocess.Popen([DRAY, "sync", "logs", "duckdb:w.db", "--source", "shop", "--wait", "1m"],
                                   cwd=self.directory, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        self.assertRegex(waiting.stderr.readline(), rf"waiting for w.db, which .*python.* \(PID {holder.pid}\) has open")
        holder.stdin.write("\n")
        holder.stdin.flush()
        _, rest = waiting.communicate(timeout=SECONDS_MAX)
        self.assertEqual(waiting.returncode, 0, rest)
        holder.wait(timeout=SECONDS_MAX)
        self.assertEqual(self.query("select count(*) from shop.sold"), [[2]])

    def test_who_only_reads_it_is_told_likewise(self):
        self.write("a.gz", track(1))
        self.sync()
        self.write("b.gz", track(2))
        endless = "select count(*) from range(1000000) a, range(1000000) b where a.range * b.range % 7 = 3"
        reader = subprocess.Popen([DRAY, "query", "duckdb:w.db", endless], cwd=self.directory, stdout=subprocess.DEVNULL)
        self.addCleanup(reader.wait)
        self.addCleanup(reader.kill)
        end = time.monotonic() + SECONDS_MAX
        while "w.db" not in open_files(reader.pid):
            self.assertLess(time.monotonic(), end)
        self.assertRegex(self.refused(code=5), rf"w.db is open in another program: .*dray \(PID {reader.pid}\)\n")

    def test_whatever_opens_the_file_can_wait_for_a_sync_and_none_calls_it_a_mistake(self):
        self.write("a.gz", track(1))
        self.sync()
        self.write("b.gz", *(track(number, note="x" * 200) for number in range(2, 20_000)))
        sync = subprocess.Popen([DRAY, "sync", "logs", "duckdb:w.db", "--source", "shop"], cwd=self.directory, stdout=subprocess.DEVNULL)
        self.addCleanup(sync.wait)
        self.addCleanup(sync.kill)
        end = time.monotonic() + SECONDS_MAX
        while "w.db" not in open_files(sync.pid):
            self.assertLess(time.monotonic(), end)
        sync.send_signal(signal.SIGSTOP)
        of = ("--warehouse", "duckdb:w.db")
        commands = {
            "status": ("status", *of),
            "check": ("status", "--check", *of),
            "history": ("history", *of),
            "rejects": ("rejects", "list", *of),
            "objects": ("objects", "list", *of),
            "query": ("query", "duckdb:w.db", "select 1"),
            "plan": ("plan", "logs", "duckdb:w.db", "--source", "shop", "--no-progress"),
        }
        for name, command in commands.items():
            with self.subTest(name):
                said = self.run_dray(*command, "--wait", "0s", code=5).stderr
                self.assertIn(f"w.db is being written: a sync is running (PID {sync.pid})\n  try: wait until it has ended: --wait", said)
        answer = json.loads(self.run_dray("status", "--check", *of, "--wait", "0s", "--json", code=5).stdout)
        self.assertEqual((answer["code"], answer["exit_code"]), ("in_use", 5))
        waiting = {
            name: subprocess.Popen([DRAY, *command, "--wait", "5m"], cwd=self.directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for name, command in commands.items()
            if name != "check"
        }
        # For ten seconds by itself, and without a word: cron mails what is printed.
        waiting["check"] = subprocess.Popen([DRAY, *commands["check"]], cwd=self.directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        quiet = ["sync", "logs", "duckdb:w.db", "--source", "shop", "--quiet", "--wait", "5m"]
        waiting["quiet"] = subprocess.Popen([DRAY, *quiet], cwd=self.directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for process in waiting.values():
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
        for name in commands.keys() - {"check"}:
            self.assertRegex(waiting[name].stderr.readline(), rf"dray: waiting for w.db, which .*dray \(PID {sync.pid}\) has open")
        sync.send_signal(signal.SIGCONT)
        for name, process in waiting.items():
            with self.subTest(name):
                out, rest = process.communicate(timeout=SECONDS_MAX)
                self.assertEqual((process.returncode, rest), (0, ""), out)
        self.assertEqual(sync.wait(timeout=SECONDS_MAX), 0)

    def test_how_long_to_wait_is_a_time(self):
        self.assertIn("--wait", self.refused("--wait", "soon"))


class Names(DuckdbTest):
    def test_a_file_called_like_its_schema_is_told(self):
        self.write("a.gz", track(1))
        for warehouse, is_told in {"shop.duckdb": True, "Shop.bak.db": True, "shops.duckdb": False}.items():
            with self.subTest(warehouse):
                codes = [notice["code"] for notice in self.sync(warehouse=warehouse)["notices"]]
                self.assertEqual("file_named_like_schema" in codes, is_told)
        # Once.
        self.write("b.gz", track(2))
        self.assertEqual(self.sync(warehouse="shop.duckdb")["notices"], [])


if __name__ == "__main__":
    unittest.main()
