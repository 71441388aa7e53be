"""What a sync promises, held to it through the binary: counts, any order, objects set aside, rejects, crashes.

DRAY is the binary. The events are made here, from fixed seeds, and read back with `dray query`.
"""

import fcntl
import gzip
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

DRAY = os.environ.get("DRAY", "dray")
SECONDS_MAX = 300
KILLS = 15
EVENTS_BIG = 20_000


def at(seconds):
    """A time in 2026, so many seconds after its beginning."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(1_767_225_600 + seconds))


def event(kind, number, received=0, user="u1", **fields):
    times = {"timestamp": at(received), "receivedAt": at(received)}
    return {"type": kind, "messageId": f"m{number}", "userId": user, **times, **fields}


def track(number, received=0, name="Order Done", user="u1", **properties):
    return event("track", number, received, user, event=name, properties=properties)


def identify(number, received=0, user="u1", **traits):
    return event("identify", number, received, user, traits=traits)


def random_events(count, seed, redelivered=0.1):
    """All sorts of calls with text properties, some delivered again, now and then later or changed."""
    draw = random.Random(seed)
    events = []
    for number in range(count):
        if events and draw.random() < redelivered:
            again = json.loads(json.dumps(draw.choice(events)))
            again["receivedAt"] = at(draw.randrange(500))
            events.append(again)
            continue
        text = {f"key {draw.randrange(6)}": f"value {draw.randrange(50)}" for _ in range(draw.randrange(4))}
        user = f"u{draw.randrange(20)}"
        kind = draw.choice(["track"] * 5 + ["identify", "identify", "page", "group"])
        if kind == "track":
            made = track(number, draw.randrange(500), f"Event {draw.randrange(4)}", user, **text)
        elif kind == "page":
            made = event("page", number, draw.randrange(500), user, name="Home", properties=text)
        elif kind == "group":
            made = event("group", number, draw.randrange(500), user, groupId=f"g{draw.randrange(9)}", traits=text)
        else:
            made = identify(number, draw.randrange(500), user, **text)
        events.append(made)
    return events


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


class SyncTest(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name)
        self.logs = self.directory / "logs"
        self.logs.mkdir()

    def run_dray(self, *arguments, code=0):
        done = subprocess.run(
            [DRAY, *arguments],
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
        )
        self.assertEqual(done.returncode, code, f"dray {arguments}\n{done.stdout}\n{done.stderr}")
        return done

    def write(self, key, events, into="logs"):
        """An object of these events; one that is a string is a line as it stands."""
        path = self.directory / into / key
        path.parent.mkdir(parents=True, exist_ok=True)
        text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in events)
        path.write_bytes(gzip.compress(text.encode(), compresslevel=1, mtime=0))
        return path

    def sync(self, *flags, code=0, warehouse="w.db", logs="logs"):
        arguments = ["sync", logs, f"duckdb:{warehouse}", "--source", "shop", *flags, "--json"]
        report = json.loads(self.run_dray(*arguments, code=code).stdout)
        if "lines" in report:
            ends = [report[end] for end in ("loaded", "duplicate", "filtered", "rejected")]
            self.assertEqual(report["lines"], sum(ends))
        return report

    def sync_error(self, *flags, warehouse="w.db", logs="logs", source="shop", code=2):
        """What a sync that is refused says on standard error."""
        done = self.run_dray("sync", logs, f"duckdb:{warehouse}", "--source", source, *flags, code=code)
        self.assertEqual(done.stdout, "")
        self.assertTrue(done.stderr.startswith("dray: error: "), done.stderr)
        return done.stderr

    def counts(self, report):
        return tuple(report[end] for end in ("lines", "loaded", "duplicate", "filtered", "rejected"))

    def query(self, sql, warehouse="w.db"):
        return json.loads(self.run_dray("query", f"duckdb:{warehouse}", sql, "--json").stdout)["rows"]

    def columns(self, warehouse):
        """The columns of each table of the schema, but uuid_ts: the time of the load."""
        tables = {}
        for table, column, column_type in self.query(
            "select table_name, column_name, data_type from information_schema.columns "
            "where table_schema = 'shop' and column_name <> 'uuid_ts' order by all",
            warehouse,
        ):
            tables.setdefault(table, {})[column] = column_type
        return tables

    def rows(self, warehouse="w.db"):
        """All tables, their types and rows, and where each row came from."""
        tables = {}
        for table, columns in self.columns(warehouse).items():
            names = ", ".join(map(quoted, columns))
            tables[table] = (columns, self.query(f"select {names} from shop.{quoted(table)} order by all", warehouse))
        tables["_lineage"] = self.query(
            "select t.table_name, l.uuid, l.received_at::varchar, o.key, l.line from _dray.lineage l "
            "join _dray.tables t using (table_number) join _dray.objects o using (object_number) order by all",
            warehouse,
        )
        return tables

    def digest(self, warehouse="w.db"):
        """The same as rows() in short, in one query, for tables that are not small."""
        tables = self.columns(warehouse)
        parts = []
        for table, columns in tables.items():
            row = ", ".join(map(quoted, columns))
            parts.append(
                f"select '{table}', count(*), count(distinct id), sum(hash({row})::hugeint)::varchar "
                f"from shop.{quoted(table)}"
            )
        parts.append(
            "select '_lineage', count(*), count(distinct (table_name, key, l.line)), "
            "sum(hash(table_name, l.uuid, l.received_at, key, l.line)::hugeint)::varchar from _dray.lineage l "
            "join _dray.tables t using (table_number) join _dray.objects o using (object_number)"
        )
        rows = self.query(" union all ".join(parts) + " order by all", warehouse)
        for table, count, distinct, _ in rows:
            self.assertEqual(count, distinct, f"{table} has rows twice")
        return tables, rows


class Counts(SyncTest):
    def test_every_line_has_one_end(self):
        kept_out = {**track(4), "integrations": {"Warehouses": False}}
        self.write("a.gz", [track(1), "", track(2), "not json", kept_out, {"type": "track"}, track(1, received=5)])
        report = self.sync()
        self.assertEqual(self.counts(report), (6, 2, 1, 1, 2))
        self.assertEqual(report["status"], "success")
        self.assertEqual(self.query("select count(*) from shop.order_done"), [[2]])
        self.assertEqual(
            self.query("select line, kind, reason from _dray.rejects order by all"),
            [[4, "line", "not_json"], [6, "line", "no_event"]],
        )
        recorded = self.query("select lines, loaded, duplicate, filtered, rejected from _dray.objects")
        self.assertEqual(recorded, [[6, 2, 1, 1, 2]])

    def test_random_events_are_conserved(self):
        events = random_events(500, seed=1)
        for number in range(5):
            self.write(f"{number}.gz", events[number::5])
        report = self.sync()
        self.assertEqual((report["lines"], report["rejected"], report["filtered"]), (500, 0, 0))
        distinct = {(made["type"], made.get("event"), made["messageId"]) for made in events}
        self.assertEqual(report["loaded"], len(distinct))

    def test_strict_makes_rejects_partial(self):
        self.write("a.gz", [track(1), "not json"])
        self.assertEqual(self.sync("--strict", code=3)["rejected"], 1)

    def test_strict_says_why_even_where_it_is_quiet(self):
        self.write("a.gz", [track(1), "not json"])
        done = self.run_dray("sync", "logs", "duckdb:w.db", "--source", "shop", "--quiet", "--strict", code=3)
        self.assertEqual(done.stdout, "")
        said = re.fullmatch(r"dray: shop: 1 line rejected; see it with: dray (rejects list .*)\n", done.stderr)
        self.assertIn("not_json", self.run_dray(*said[1].split()).stdout)
        self.write("b.gz", [track(2), "not json"])
        done = self.run_dray("sync", "logs", "duckdb:w.db", "--source", "shop", "--quiet")
        self.assertEqual(done.stdout + done.stderr, "")

    def test_a_second_sync_changes_nothing(self):
        self.write("a.gz", random_events(100, seed=2))
        self.sync()
        stored = self.rows()
        before = self.query("from _dray.objects"), self.query("from _dray.runs")
        report = self.sync()
        self.assertEqual(self.counts(report), (0, 0, 0, 0, 0))
        self.assertEqual((report["objects"]["loaded"], report["objects"]["known"]), (0, 1))
        self.assertEqual(self.rows(), stored)
        self.assertEqual((self.query("from _dray.objects"), self.query("from _dray.runs")), before)

    def test_what_history_leaves_out_stays_out(self):
        day = lambda ago: time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86_400 * ago))
        (self.directory / "dray.yaml").write_text(
            "warehouse: duckdb:w.db\nsources:\n  - name: shop\n    location: logs\n    history: 7 days\n", encoding="utf-8")
        sync = lambda *flags: json.loads(self.run_dray("sync", "--json", *flags).stdout)
        self.write(f"{day(40)}/a.gz", [track(1)])
        self.write(f"{day(6)}/a.gz", [track(2)])
        first = sync()
        self.assertEqual(first["loaded"], 1)
        self.assertEqual([(told["code"], told["count"]) for told in first["notices"]], [("before_history", 1)])
        # A later one brings late objects of days that were taken, and none of those before.
        self.write(f"{day(6)}/b.gz", [track(3)])
        self.write(f"{day(30)}/b.gz", [track(4)])
        second = sync()
        self.assertEqual(second["loaded"], 1)
        self.assertEqual([(told["code"], told["count"]) for told in second["notices"]], [("before_history", 2)])
        self.assertEqual(sync("--since", day(40))["loaded"], 2)
        self.assertEqual(sync()["notices"], [])

    def test_an_event_of_the_future_hides_no_quiet_source(self):
        self.write("a.gz", [track(1) | {"receivedAt": "2099-01-01T00:00:00Z"}])
        self.assertEqual([told["code"] for told in self.sync()["notices"]], ["future_received_at"])
        self.assertLess(self.query("select newest_event from _dray.sources")[0][0], "2098")

    def test_a_plan_changes_nothing(self):
        self.write("a.gz", [track(1, a="x")])
        arguments = ["logs", "duckdb:w.db", "--source", "shop", "--json"]
        for command in ["plan", *arguments], ["sync", *arguments, "--dry-run"]:
            self.assertEqual(json.loads(self.run_dray(*command).stdout)["loaded"], 1)
            self.assertEqual([path.name for path in self.directory.iterdir()], ["logs"])
        self.sync()
        before = (self.directory / "w.db").read_bytes()
        self.write("b.gz", [track(2, a="y", b="z"), track(1, received=9)])
        for command in ["plan", *arguments], ["sync", *arguments, "--dry-run"]:
            report = json.loads(self.run_dray(*command).stdout)
            self.assertEqual(report["lines"], 2)
            self.assertTrue(any("add column" in statement.lower() for statement in report["ddl"]), report["ddl"])
            self.assertEqual((self.directory / "w.db").read_bytes(), before)
        self.assertEqual(sorted(path.name for path in self.directory.iterdir()), ["logs", "w.db"])


class Order(SyncTest):
    def test_any_split_and_order_of_syncs_gives_the_same_rows(self):
        events = random_events(400, seed=3, redelivered=0.3)
        names = [f"2026/{number}.gz" for number in range(8)]
        for number, name in enumerate(names):
            self.write(name, events[number::8])
        self.sync(warehouse="whole.db")
        whole = self.rows("whole.db")
        draw = random.Random(4)
        for trial in range(6):
            order = draw.sample(names, len(names))
            cuts = [0, *sorted(draw.sample(range(1, len(names)), draw.randrange(1, 5))), len(names)]
            warehouse = f"{trial}.db"
            parts = [order[begin:end] for begin, end in zip(cuts, cuts[1:])]
            with self.subTest(parts=parts):
                shutil.rmtree(self.directory / "some", ignore_errors=True)
                for part in parts:
                    for name in part:
                        (self.directory / "some" / name).parent.mkdir(parents=True, exist_ok=True)
                        shutil.copy2(self.logs / name, self.directory / "some" / name)
                    self.sync(warehouse=warehouse, logs="some")
                self.assertEqual(self.rows(warehouse), whole)

    def test_the_number_of_threads_changes_nothing(self):
        events = random_events(400, seed=5, redelivered=0.3)
        for number in range(8):
            self.write(f"{number}.gz", events[number::8])
        self.sync("--threads", "1", warehouse="one.db")
        self.sync("--threads", "7", warehouse="seven.db")
        self.assertEqual(self.rows("one.db"), self.rows("seven.db"))

    def test_more_profiles_than_memory_holds_are_merged_in_parts(self):
        flags = ["--events", "100000", "--users", "60000", "--mix", "identify=100", "--level", "1"]
        subprocess.run([os.environ["DRAY_GEN"], "--out", self.logs, *flags], check=True, capture_output=True)
        self.sync("--memory", "256MiB", warehouse="small.db")
        self.sync("--memory", "4GiB", warehouse="large.db")
        self.assertEqual(self.digest("small.db"), self.digest("large.db"))
        ((profiles, users),) = self.query(
            "select (select count(*) from shop.users), (select count(distinct user_id) from shop.identifies)", "small.db"
        )
        self.assertEqual(profiles, users)
        self.assertGreater(int(profiles), 10_000)

    def test_of_duplicates_across_syncs_the_later_received_stays(self):
        self.write("a.gz", [track(1, received=10, a="first"), track(2, received=10, a="first")])
        self.sync()
        self.write("b.gz", [track(1, received=5, a="earlier"), track(2, received=20, a="later")])
        report = self.sync()
        self.assertEqual(self.counts(report), (2, 1, 1, 0, 0))
        replaced = {done["table"]: done["rows_replaced"] for done in report["collections"]}
        self.assertEqual(replaced, {"order_done": 1, "tracks": 1})
        stored = self.query("select id, a from shop.order_done order by id")
        self.assertEqual(stored, [["m1", "first"], ["m2", "later"]])

    def test_of_equally_late_duplicates_the_greater_place_stays(self):
        self.write("b.gz", [track(1, a="b1"), track(1, a="b2")])
        self.sync()
        self.write("a.gz", [track(1, a="a1")])
        self.assertEqual(self.sync()["duplicate"], 1)
        self.assertEqual(self.query("select a from shop.order_done"), [["b2"]])
        self.write("c.gz", [track(1, a="c1")])
        self.assertEqual(self.sync()["loaded"], 1)
        self.assertEqual(self.query("select a from shop.order_done"), [["c1"]])

    def test_a_late_identify_does_not_override_users(self):
        self.write("a.gz", [identify(1, received=100, plan="gold")])
        self.sync()
        self.write("b.gz", [identify(2, received=50, plan="silver", city="Oslo"), identify(3, received=200, plan=None)])
        self.sync()
        self.assertEqual(self.query("select id, plan, city from shop.users"), [["u1", "gold", "Oslo"]])
        self.assertEqual(self.query("select count(*) from shop.identifies"), [[3]])


class SetAside(SyncTest):
    def test_unreadable_objects_are_set_aside_until_they_are_mended(self):
        self.write("a.gz", [track(1)])
        truncated = self.write("b.gz", [track(number, a=str(number)) for number in range(2, 50)])
        whole = truncated.read_bytes()
        truncated.write_bytes(whole[: len(whole) * 2 // 3])
        (self.logs / "c.gz").write_bytes(b"this is not gzip\n")
        report = self.sync(code=3)
        self.assertEqual((report["status"], self.counts(report)), ("partial", (1, 1, 0, 0, 0)))
        self.assertEqual((report["objects"]["loaded"], report["objects"]["set_aside"]), (1, 2))
        self.assertEqual([said["code"] for said in report["notices"]], ["object_set_aside"] * 2)
        aside = self.query("select key, state, reason is not null from _dray.objects order by key")
        self.assertEqual(aside, [["a.gz", "loaded", False], ["b.gz", "set_aside", True], ["c.gz", "set_aside", True]])
        truncated.write_bytes(whole)
        self.write("c.gz", [track(60)])
        report = self.sync()
        self.assertEqual((report["status"], report["loaded"], report["objects"]["known"]), ("success", 49, 1))
        self.assertEqual(self.query("select count(*), count(distinct id) from shop.order_done"), [[50, 50]])
        self.assertEqual(self.query("select distinct state from _dray.objects"), [["loaded"]])

    def test_values_of_a_torn_object_decide_no_type(self):
        # It has several chunks, so that most of its lines were mapped before the end was missed.
        self.write("a.gz", [track(1, price=1)])
        torn = self.write("b.gz", [track(number, price=f"{number} EUR") for number in range(2, 60_000)])
        whole = torn.read_bytes()
        torn.write_bytes(whole[:-100])
        self.assertEqual(self.sync(code=3)["objects"]["set_aside"], 1)
        self.assertEqual(self.query("select price, typeof(price) from shop.order_done"), [[1, "BIGINT"]])

    def test_a_run_of_which_every_object_is_bad_is_a_failure(self):
        for name in "a.gz", "b.gz":
            (self.logs / name).write_bytes(b"bad")
        report = self.sync(code=1)
        self.assertEqual((report["status"], report["objects"]["set_aside"]), ("failure", 2))

    def test_a_changed_object_is_a_notice_and_loaded_when_asked_for(self):
        self.write("a.gz", [track(1, a="old")])
        self.sync()
        self.write("a.gz", [track(1, a="new"), track(2, a="added")])
        report = self.sync()
        self.assertEqual([said["code"] for said in report["notices"]], ["object_changed"])
        self.assertEqual(self.query("select a from shop.order_done"), [["old"]])
        self.sync("--reload-changed")
        expected = [["m1", "new"], ["m2", "added"]]
        self.assertEqual(self.query("select id, a from shop.order_done order by id"), expected)
        self.assertEqual(self.sync()["notices"], [])


class Rejects(SyncTest):
    def test_a_value_that_does_not_fit_is_null_and_a_reject(self):
        self.write("a.gz", [track(1, amount=7)])
        self.sync()
        self.write("b.gz", [track(2, amount="12 apples"), track(3, amount=8)])
        report = self.sync()
        self.assertEqual((self.counts(report), report["values_rejected"]), ((2, 2, 0, 0, 0), 1))
        amounts = self.query("select id, amount from shop.order_done order by id")
        self.assertEqual(amounts, [["m1", 7], ["m2", None], ["m3", 8]])
        self.assertEqual(
            self.query("select object, line, kind, reason, table_name, column_name, value from _dray.rejects"),
            [["b.gz", 1, "value", "does_not_fit", "order_done", "amount", "12 apples"]],
        )

    def test_a_retry_loads_what_fits_by_now(self):
        config = "warehouse: duckdb:w.db\nline_max: {}\nsources: [{{name: shop, location: logs}}]\n"
        (self.directory / "dray.yaml").write_text(config.format("1 KiB"))
        self.write("a.gz", [track(1), track(2, a="x" * 2000), "not json"])
        report = json.loads(self.run_dray("sync", "--json").stdout)
        self.assertEqual(self.counts(report), (3, 1, 0, 0, 2))
        (self.directory / "dray.yaml").write_text(config.format("1 MiB"))
        self.assertEqual(json.loads(self.run_dray("sync", "--json").stdout)["lines"], 0)
        report = json.loads(self.run_dray("rejects", "retry", "--json").stdout)
        self.assertEqual(self.counts(report), (2, 1, 0, 0, 1))
        stored = self.query("select id, length(a) from shop.order_done order by id")
        self.assertEqual(stored, [["m1", None], ["m2", 2000]])
        left = self.query("select line, reason from _dray.rejects where resolved_run is null")
        self.assertEqual(left, [[3, "not_json"]])


    def test_more_lines_are_resolved_than_one_statement_names(self):
        config = "warehouse: duckdb:w.db\nline_max: {}\nsources: [{{name: shop, location: logs}}]\n"
        (self.directory / "dray.yaml").write_text(config.format("1 KiB"))
        self.write("a.gz", [track(i, a="x" * 1100) for i in range(10_001)])
        rejected = json.loads(self.run_dray("sync", "--json", code=1).stdout)
        self.assertEqual(self.counts(rejected), (10_001, 0, 0, 0, 10_001))
        (self.directory / "dray.yaml").write_text(config.format("1 MiB"))
        report = json.loads(self.run_dray("rejects", "retry", "--json").stdout)
        self.assertEqual(self.counts(report), (10_001, 10_001, 0, 0, 0))
        self.assertEqual(self.query("select count(*) from _dray.rejects where resolved_run is null"), [[0]])


class Refused(SyncTest):
    def setUp(self):
        super().setUp()
        self.write("a.gz", [track(1)])

    def test_a_warehouse_that_is_another_kind_of_file(self):
        junk = bytes(range(256)) * 100
        (self.directory / "w.db").write_bytes(junk)
        self.assertIn("w.db is not a DuckDB database", self.sync_error())
        self.assertEqual((self.directory / "w.db").read_bytes(), junk)

    def test_a_warehouse_where_none_can_be(self):
        (self.directory / "file").touch()
        for warehouse, said in ("missing/w.db", "there is no directory for the DuckDB file"), ("file/w.db", "opening"), (".", "is a directory"):
            with self.subTest(warehouse):
                self.assertIn(said, self.sync_error(warehouse=warehouse))

    @unittest.skipIf(os.geteuid() == 0, "root may write everywhere")
    def test_a_warehouse_in_a_read_only_directory(self):
        (self.directory / "fixed").mkdir(mode=0o500)
        self.assertIn("fixed/w.db", self.sync_error(warehouse="fixed/w.db"))

    def test_a_warehouse_that_another_program_has_open(self):
        self.sync()
        with open(self.directory / "w.db", "r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX)
            self.assertIn("w.db is open in another program", self.sync_error(code=5))
        self.sync()

    def test_a_source_that_is_no_directory(self):
        (self.directory / "notes.txt").write_text("notes")
        self.assertIn("is neither a directory nor an event file", self.sync_error(logs="notes.txt"))

    def test_a_source_whose_name_has_no_letter(self):
        self.assertIn("has no letter or digit", self.sync_error(source="!!!"))
        self.assertFalse((self.directory / "w.db").exists())

    def test_a_schema_from_another_place_unless_it_has_moved(self):
        self.sync()
        shutil.copytree(self.logs, self.directory / "elsewhere")
        self.write("b.gz", [track(2)], into="elsewhere")
        message = self.sync_error(logs="elsewhere")
        self.assertIn("the schema shop is loaded from", message)
        self.assertIn("--moved", message)
        report = self.sync("--moved", logs="elsewhere")
        self.assertEqual((report["loaded"], report["objects"]["known"]), (1, 1))
        self.sync(logs="elsewhere")
        self.sync_error(logs="logs")


class Stopped(SyncTest):
    """Syncs that do not come to their end: of all objects, or of the second half of them."""

    def setUp(self):
        super().setUp()
        events = random_events(EVENTS_BIG, seed=6, redelivered=0.05)
        for number in range(0, 20, 2):
            self.write(f"{number:02}.gz", events[number::20])
        self.sync(warehouse="half.db")
        for number in range(1, 20, 2):
            self.write(f"{number:02}.gz", events[number::20])
        begun = time.monotonic()
        self.sync(warehouse="clean.db")
        self.seconds = time.monotonic() - begun
        self.clean = self.digest("clean.db")

    def start(self, warehouse, form="--quiet", output=subprocess.DEVNULL):
        return subprocess.Popen(
            [DRAY, "sync", "logs", f"duckdb:{warehouse}", "--source", "shop", form],
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
        )

    def test_after_a_kill_at_any_moment_a_sync_gives_what_a_clean_one_does(self):
        draw = random.Random(7)
        killed = 0
        for trial in range(KILLS):
            warehouse = f"{trial}.db"
            if trial % 2:
                shutil.copy(self.directory / "half.db", self.directory / warehouse)
            process = self.start(warehouse)
            time.sleep(draw.uniform(0, self.seconds))
            process.kill()
            _, errors = process.communicate(timeout=SECONDS_MAX)
            with self.subTest(trial=trial):
                self.assertIn(process.returncode, (0, -signal.SIGKILL), errors)
                killed += process.returncode != 0
                report = self.sync(warehouse=warehouse)
                self.assertEqual(report["status"], "success")
                self.assertEqual(self.digest(warehouse), self.clean)
                doubled = "select key from _dray.objects group by key having count(*) > 1"
                self.assertEqual(self.query(doubled, warehouse), [])
        self.assertGreater(killed, KILLS // 3)

    def test_an_interrupt_leaves_the_warehouse_as_before(self):
        recorded = "select * from _dray.objects order by all"
        before = self.digest("half.db"), self.query(recorded, "half.db")
        draw = random.Random(8)
        for trial in range(40):
            warehouse = f"{trial}.db"
            shutil.copy(self.directory / "half.db", self.directory / warehouse)
            process = self.start(warehouse, "--json", subprocess.PIPE)
            time.sleep(draw.uniform(0.05, 0.6) * self.seconds)
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=SECONDS_MAX)
            # When it has nearly done it ends well.
            self.assertIn(process.returncode, (0, 1), errors)
            if b"is as it was" in errors:
                break
        self.assertEqual(process.returncode, 1, errors)
        self.assertIn(b"stopped: shop is as it was before this sync", errors)
        report = json.loads(output)
        self.assertEqual((report["status"], report["source"], report["lines"]), ("failure", "shop", 0))
        self.assertEqual(report["failure"]["cause"], "cancelled")
        self.assertEqual((self.digest(warehouse), self.query(recorded, warehouse)), before)
        self.sync(warehouse=warehouse)
        self.assertEqual(self.digest(warehouse), self.clean)

    def test_a_signal_that_comes_early_is_a_stop_too(self):
        recorded = "select * from _dray.objects order by all"
        before = self.query(recorded, "half.db")
        early = 0
        for trial in range(8):
            shutil.copy(self.directory / "half.db", self.directory / "early.db")
            process = self.start("early.db")
            # From its first statement on; what the system does to load it has no handler.
            # A sanitizer catches signals of its own before.
            state = pathlib.Path(f"/proc/{process.pid}/status")
            wanted = 1 << (signal.SIGINT - 1) | 1 << (signal.SIGTERM - 1)
            while int(re.search(r"SigCgt:\s+(\w+)", state.read_text())[1], 16) & wanted != wanted:
                time.sleep(0.0005)
            time.sleep(0.002 * trial)
            process.send_signal(signal.SIGTERM if trial % 2 else signal.SIGINT)
            _, errors = process.communicate(timeout=SECONDS_MAX)
            self.assertEqual(process.returncode, 1, errors)
            self.assertRegex(errors, b"stopped before anything was begun|shop is as it was before this sync")
            early += b"before anything" in errors
            self.assertEqual(self.query(recorded, "early.db"), before)
        self.assertGreater(early, 0)


if __name__ == "__main__":
    unittest.main()
