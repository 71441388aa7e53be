"""What a person is told of sources that load nothing, of runs that fail or find nothing new, and of what is left out.

DRAY is the binary. The clock is set back, and an earlier version's ledger made, by SQL in the warehouse itself.
"""

import datetime
import gzip
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

DRAY = os.environ.get("DRAY", "dray")
SECONDS_MAX = 300


def track(number):
    at = "2026-01-01T00:00:00.000Z"
    return {"type": "track", "messageId": f"m{number}", "userId": "u", "event": "E", "timestamp": at, "receivedAt": at}


class StatusTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name)
        (self.directory / "logs").mkdir()

    def run_dray(self, *arguments, code=0):
        done = subprocess.run(
            [DRAY, *arguments], cwd=self.directory, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS_MAX
        )
        self.assertEqual(done.returncode, code, f"dray {arguments}\n{done.stdout}\n{done.stderr}")
        return done

    def write(self, key, *lines):
        path = self.directory / "logs" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
        path.write_bytes(gzip.compress(text.encode()) if key.endswith(".gz") else text.encode())

    def sync(self, *flags, code=0):
        return json.loads(self.run_dray("sync", "logs", "duckdb:w.db", "--source", "shop", "--json", *flags, code=code).stdout)

    def status(self, *flags, code=0):
        answer = json.loads(self.run_dray("status", "--warehouse", "duckdb:w.db", "--json", *flags, code=code).stdout)
        return {source["source"]: source for source in answer["sources"]}

    def status_text(self, *flags, code=0):
        return self.run_dray("status", "--warehouse", "duckdb:w.db", *flags, code=code).stdout

    def rows(self, sql):
        return json.loads(self.run_dray("query", "duckdb:w.db", sql, "--json").stdout)["rows"]

    def change(self, sql):
        """What somebody else does to the file: by the library itself, for Dray does not write."""
        import ctypes

        library = os.environ.get("DRAY_DUCKDB_LIBRARY") or str(pathlib.Path(DRAY).resolve().parent / "libduckdb.so")
        duckdb = ctypes.CDLL(library)
        database, connection = ctypes.c_void_p(), ctypes.c_void_p()
        self.assertEqual(duckdb.duckdb_open(None, ctypes.byref(database)), 0)
        self.assertEqual(duckdb.duckdb_connect(database, ctypes.byref(connection)), 0)
        whole = f"attach '{self.directory / 'w.db'}' as w; {sql}"
        self.assertEqual(duckdb.duckdb_query(connection, whole.encode(), None), 0, whole)
        duckdb.duckdb_disconnect(ctypes.byref(connection))
        duckdb.duckdb_close(ctypes.byref(database))


class NothingUsable(StatusTest):
    def test_an_empty_source_fails(self):
        report = self.sync(code=1)
        self.assertEqual(report["status"], "failure")
        self.assertIn(f"no event file in {self.directory.resolve() / 'logs'}", report["error"])
        self.assertIn(".gz, .zst, .ndjson, .jsonl or .json", report["error"])
        self.assertIn("nothing is there", report["error"])
        self.assertEqual(self.status()["shop"]["state"], "failure")
        self.assertEqual(self.run_dray("plan", "logs", "duckdb:w.db", "--source", "shop", code=1).stderr, "")

    def test_names_that_no_rule_takes_are_counted_and_the_first_named(self):
        for name in "z.csv", "b.parquet", "a.txt", "c.log", ".hidden.json":
            (self.directory / "logs" / name).write_text("x")
        error = self.sync(code=1)["error"]
        self.assertIn("5 other names were passed over: .hidden.json, a.txt, b.parquet, ...", error)

    def test_rejects_alone_fail_and_are_recorded_all_the_same(self):
        self.write("a.gz", "no json", "[]", '{"type":"?"}')
        report = self.sync(code=1)
        self.assertIn("no line of 1 new object could be loaded: 3 lines are rejects", report["error"])
        self.assertEqual((report["lines"], report["rejected"]), (3, 3))
        self.assertEqual(len(self.rows("select 1 from _dray.rejects")), 3)
        text = self.run_dray("sync", "logs", "duckdb:v.db", "--source", "shop", code=1).stdout
        self.assertIn("3 lines rejected; see them with: dray rejects list", text)
        # Nothing new makes it no better.
        self.assertIn("no line of this source was ever loaded", self.sync(code=1)["error"])
        # What comes then does.
        self.write("b.gz", track(1))
        self.assertEqual(self.sync()["loaded"], 1)
        self.assertEqual(self.status()["shop"]["state"], "success")

    def test_objects_without_a_line_are_a_notice(self):
        self.write("a.json")
        self.assertEqual(self.sync()["notices"], [{"code": "nothing_usable", "message": "there is no line in 1 new object", "count": 1}])
        self.assertEqual([notice["code"] for notice in self.sync()["notices"]], ["nothing_usable"])

    def test_what_was_left_out_on_purpose_is_no_failure(self):
        self.write("a.gz", {**track(1), "integrations": {"Warehouses": {"all": False}}})
        self.assertEqual(self.sync()["filtered"], 1)
        self.assertEqual(self.sync()["status"], "success")

    def test_days_that_were_not_asked_for_are_no_failure(self):
        self.write("2026-01-01/a.gz", track(1))
        report = self.sync("--since", "2026-02-01")
        self.assertEqual([notice["code"] for notice in report["notices"]], ["nothing_in_period"])

    def test_later_it_is_a_notice(self):
        self.write("a.gz", track(1))
        self.sync()
        self.write("b.gz", "no json")
        report = self.sync()
        self.assertEqual((report["status"], report["rejected"]), ("success", 1))
        self.assertEqual([notice["code"] for notice in report["notices"]], ["nothing_usable"])

    def test_a_wrong_place_does_not_hold_the_source(self):
        (self.directory / "other").mkdir()
        self.run_dray("sync", "other", "duckdb:w.db", "--source", "shop", code=1)
        self.write("a.gz", track(1))
        self.assertEqual(self.sync()["loaded"], 1)


class Emptied(StatusTest):
    """A source that had objects and lists none: a disk that is not mounted leaves its folder."""

    def setUp(self):
        super().setUp()
        self.write("a.gz", track(1))
        self.write("b.gz", track(2))
        self.sync()
        for name in "a.gz", "b.gz":
            (self.directory / "logs" / name).unlink()

    def test_it_is_partial_until_something_is_there_again(self):
        report = self.sync(code=3)
        place = f"no event file in {self.directory.resolve() / 'logs'}, from where 2 objects were loaded before: "
        self.assertTrue(report["error"].startswith(place + "is its disk mounted"), report["error"])
        self.assertEqual([notice["code"] for notice in report["notices"]], ["source_empty"])
        self.assertIn("--empty-ok", report["notices"][0]["message"])
        self.assertEqual(self.rows("select code from _dray.notices"), [["source_empty"]])
        quiet = self.run_dray("sync", "logs", "duckdb:w.db", "--source", "shop", "--quiet", code=3)
        self.assertIn("dray: shop: " + place, quiet.stderr)
        self.assertIn("2 objects were loaded before", self.run_dray("plan", "logs", "duckdb:w.db", "--source", "shop", code=3).stdout)
        self.assertIn("check: shop: partial: " + place, self.status_text("--check", code=3))
        # Not even a name that is none of an event file.
        (self.directory / "logs" / "README").touch()
        self.assertIn("1 other name was passed over: README", self.sync(code=3)["notices"][0]["message"])
        self.write("c.gz", track(3))
        self.assertEqual(self.sync()["loaded"], 1)
        self.assertIn("check: all is well", self.status_text("--check"))

    def test_somebody_may_say_that_it_is_right(self):
        for flags in ("--empty-ok",), ("--empty-ok",):
            report = self.sync(*flags)
            self.assertEqual((report["status"], [notice["code"] for notice in report["notices"]]), ("success", ["nothing_usable"]))
        self.assertEqual(self.status("--check")["shop"]["state"], "success")
        self.sync(code=3)
        self.assertEqual(self.status("--check", code=3)["shop"]["state"], "partial")
        (self.directory / "dray.yaml").write_text("warehouse: duckdb:w.db\nsources: [{name: shop, location: logs, empty_ok: true}]\n")
        self.run_dray("sync")
        self.run_dray("status", "--check")

    def test_an_empty_place_is_not_where_the_logs_have_moved_to(self):
        (self.directory / "new").mkdir()
        self.run_dray("sync", "new", "duckdb:w.db", "--source", "shop", "--moved", code=3)
        self.write("c.gz", track(3))
        self.assertEqual(self.sync()["loaded"], 1)


class Looks(StatusTest):
    def test_a_run_that_found_nothing_new_is_known(self):
        self.write("a.gz", track(1))
        self.sync()
        first = self.status()["shop"]
        self.assertEqual(first["newest_event"], "2026-01-01 00:00:00")
        self.assertEqual(first["last_loaded"], first["last_looked"])
        self.sync()
        second = self.status()["shop"]
        self.assertGreater(second["last_looked"], first["last_looked"])
        self.assertEqual(second["last_loaded"], first["last_loaded"])
        self.assertEqual(len(self.rows("select 1 from _dray.runs")), 1)
        self.assertRegex(self.status_text(), r"shop +success +\d+ s ago +\d+ s ago +\d+ d ago")

    def test_a_failure_that_was_made_good_is_not_open(self):
        self.write("a.gz", track(1))
        self.sync()
        self.fail_once()
        self.assertEqual(self.status("--check", code=1)["shop"]["state"], "failure")
        self.sync()
        self.assertEqual(self.status("--check")["shop"]["state"], "success")
        self.assertNotIn("dray history", self.status_text())

    def fail_once(self):
        """A failure on record, as a run leaves it; the clock is an hour ahead."""
        columns = [row[0] for row in self.rows("select column_name from duckdb_columns() where table_name = 'runs'")]
        self.assertEqual(columns[-1], "run_number")
        self.change(
            "create temp table failed as from w._dray.runs limit 1; "
            "update failed set run_id = 'r2', status = 'failure', error = 'disk full', loaded = 0, uuid_ts = null, "
            "started_at = started_at + interval 1 hour, run_number = 2; insert into w._dray.runs from failed"
        )

    def test_a_directory_that_is_gone_is_a_failed_run_of_its_source(self):
        self.write("a.json", track(1))
        self.sync()
        (self.directory / "logs").rename(self.directory / "elsewhere")
        self.assertIn("there is no such directory", self.run_dray("sync", "logs", "duckdb:w.db", "--source", "shop", code=2).stderr)
        self.assertIn("there is no such directory", self.status(code=0)["shop"]["last_run"]["error"])
        self.run_dray("status", "--warehouse", "duckdb:w.db", "--check", code=1)
        # A slip of the hand is no source.
        self.run_dray("sync", "lgos", "duckdb:w.db", "--source", "other", code=2)
        self.assertEqual(list(self.status()), ["shop"])
        (self.directory / "elsewhere").rename(self.directory / "logs")
        self.sync()
        self.run_dray("status", "--warehouse", "duckdb:w.db", "--check")

    def test_after_the_clock_was_set_back_the_last_run_is_still_the_last(self):
        self.write("a.gz", track(1))
        self.sync()
        self.fail_once()
        self.write("b.gz", track(2))
        last = self.sync()["run_id"]
        status = self.status("--check")["shop"]
        self.assertEqual((status["last_run"]["run_id"], status["state"]), (last, "success"))
        runs = json.loads(self.run_dray("history", "--warehouse", "duckdb:w.db", "--json").stdout)["runs"]
        self.assertEqual(runs[0]["run_id"], last)

    def test_a_warehouse_of_an_earlier_version_goes_on(self):
        self.write("a.gz", track(1))
        self.sync()
        self.change(
            "alter table w._dray.runs drop column run_number; alter table w._dray.objects drop column changed_at; "
            "alter table w._dray.objects drop column attempts; alter table w._dray.objects drop column set_aside_at; "
            "alter table w._dray.sources drop column newest_event; alter table w._dray.sources drop column looked_run; alter table w._dray.sources drop column looked_at"
        )
        status = self.status()["shop"]
        self.assertEqual((status["state"], status["newest_event"]), ("success", "2026-01-01 00:00:00"))
        self.sync()  # finds nothing new
        self.assertGreater(self.status()["shop"]["last_looked"], status["last_looked"])
        self.write("b.gz", track(2))
        last = self.sync()["run_id"]
        self.assertEqual(self.status()["shop"]["last_run"]["run_id"], last)

    def test_configured_sources_that_never_ran_are_listed(self):
        (self.directory / "dray.yaml").write_text(
            "warehouse: duckdb:w.db\nsources: [{name: shop, location: logs}, {name: app, location: app}]\n"
        )
        self.assertRegex(self.run_dray("status", "--check", code=1).stdout, r"app +never ran")
        self.assertFalse((self.directory / "w.db").exists())
        self.write("a.gz", track(1))
        self.run_dray("sync", "--source", "shop")
        text = self.run_dray("status", "--check", code=1).stdout
        self.assertRegex(text, r"app +never ran +never +never +never")
        self.assertIn("run: dray sync --source app", text)
        self.assertIn("check: app: never ran\n", text)
        self.run_dray("status", "--check", "--source", "shop")
        self.run_dray("status", "--source", "app")

    def test_a_source_that_was_taken_out_of_the_file_is_listed_and_no_problem(self):
        file = self.directory / "dray.yaml"
        file.write_text("warehouse: duckdb:w.db\nsources: [{name: shop, location: logs}, {name: app, location: app}]\n")
        (self.directory / "app").mkdir()
        (self.directory / "app" / "a.gz").write_bytes(b"bad")
        self.write("a.gz", track(1))
        self.run_dray("sync", code=1)
        self.assertIn("check: app: failed", self.run_dray("status", "--check", code=1).stdout)
        file.write_text("warehouse: duckdb:w.db\nsources: [{name: shop, location: logs}]\n")
        text = self.run_dray("status", "--check").stdout
        self.assertIn("check: all is well", text)
        self.assertRegex(text, "app +failure")


class Check(StatusTest):
    def test_late(self):
        self.write("a.gz", track(1))
        self.sync()
        self.assertTrue(self.status_text("--check", "--max-age", "2h").endswith("check: all is well\n"))
        self.assertIn("check: shop: late: the last run was", self.status_text("--check", "--max-age", "0s", code=1))
        for wrong in "soon", "2", "":
            self.run_dray("status", "--warehouse", "duckdb:w.db", "--check", "--max-age", wrong, code=2)
        for bound in ("--max-age", "2h"), ("--max-event-age", "2h"), ("--max-rejects", "0"):
            self.assertIn("requires --check", self.run_dray("status", "--warehouse", "duckdb:w.db", *bound, code=2).stderr)
        self.run_dray("status", "--warehouse", "duckdb:none.db", "--check", code=2)

    def test_a_run_by_a_clock_that_was_ahead_is_no_sign_of_life(self):
        self.write("a.gz", track(1))
        self.sync()
        self.change("update w._dray.runs set started_at = started_at + interval 30 year; update w._dray.sources set looked_at = looked_at + interval 30 year")
        self.assertIn("by a clock that was ahead", self.status_text("--check", "--max-age", "2h", code=1))
        self.sync("--reload-changed")
        self.write("b.gz", track(2))
        self.sync()
        self.assertTrue(self.status_text("--check", "--max-age", "2h").endswith("check: all is well\n"))

    def test_no_new_event(self):
        self.write("a.gz", track(1))  # months ago
        self.sync()
        self.assertIn("check: shop: late: the newest event was received", self.status_text("--check", "--max-event-age", "1d", code=1))
        now = datetime.datetime.now(datetime.timezone.utc).isoformat().replace("+00:00", "Z")
        self.write("b.gz", {**track(2), "receivedAt": now, "timestamp": now})
        self.sync()
        self.assertIn("check: all is well", self.status_text("--check", "--max-event-age", "1d"))
        self.assertIn("the newest event", self.status_text("--check", "--max-event-age", "0s", code=1))

    def test_no_event_at_all(self):
        self.write("a.gz", {**track(1), "integrations": {"Warehouses": {"all": False}}})
        self.sync()
        self.assertIn("check: shop: late: no event was ever loaded", self.status_text("--check", "--max-event-age", "1d", code=1))

    def test_too_many_rejects(self):
        self.write("a.gz", track(1), "no JSON", "no JSON either")
        self.sync()
        self.assertIn("check: all is well", self.status_text("--check", "--max-rejects", "2"))
        text = self.status_text("--check", "--max-rejects", "1", code=3)
        self.assertIn("check: shop: partial: 2 open rejects, and --max-rejects is 1", text)
        answer = json.loads(self.run_dray("status", "--warehouse", "duckdb:w.db", "--check", "--max-rejects", "0", "--json", code=3).stdout)
        self.assertEqual((answer["exit_code"], answer["problems"][0]["source"]), (3, "shop"))

    def test_all_that_is_wrong_is_told_and_the_worst_counts(self):
        self.write("a.gz", track(1), "no JSON")
        self.sync()
        text = self.status_text("--check", "--max-age", "0s", "--max-event-age", "1d", "--max-rejects", "0", code=1)
        self.assertEqual(text.count("check: shop: "), 3)

    def test_what_is_left_out_is_named_with_since_when_and_how_often(self):
        self.write("2026-01-01/a.gz", track(1))
        self.write("2026-01-02/b.gz", track(2))
        path = self.directory / "logs" / "2026-01-02" / "b.gz"
        path.write_bytes(path.read_bytes()[:-9])
        first = self.sync(code=3)
        self.assertIn("the next sync tries it again", first["notices"][0]["message"])
        since = self.status("--check", code=3)["shop"]["objects_set_aside"][0]["since"]
        self.assertIn("tried once", self.status_text())
        second = self.sync(code=3)
        message = next(notice["message"] for notice in second["notices"] if notice["code"] == "object_set_aside")
        self.assertIn("tried 2 times since", message)
        self.assertNotIn("next sync", message)
        status = self.status("--check", code=3)["shop"]
        (aside,) = status["objects_set_aside"]
        self.assertEqual((aside["attempts"], aside["since"], status["state"]), (2, since, "partial"))
        text = self.status_text("--check", code=3)
        self.assertIn("tried 2 times", text)
        self.assertIn("dray objects skip 2026-01-02/b.gz --source shop --reason WHY", text)
        self.assertIn("check: shop: partial", text)
        # Also where the sync does not take its day.
        self.assertIn("of other days", self.sync("--until", "2026-01-01", code=3)["error"])
        self.write("2026-01-02/b.gz", track(2))
        self.assertEqual(self.sync()["loaded"], 1)
        self.assertEqual(self.status("--check")["shop"]["state"], "success")


class Changed(StatusTest):
    """Objects that were replaced after they were loaded."""

    def setUp(self):
        super().setUp()
        for number in range(3):
            self.write(f"{number}.json", track(number))
        self.sync()

    def replace(self, key, *numbers):
        self.write(key, *map(track, numbers))

    def changed(self, code=3):
        return self.status("--check", code=code)["shop"]["objects_changed"]

    def test_one_that_nothing_loads_again_is_partial_until_it_is_loaded(self):
        self.assertEqual(self.changed(code=0), [])
        self.replace("1.json", 1, 11)
        self.assertEqual(self.sync()["status"], "success")
        (told,) = self.changed()
        self.assertEqual(told["object"], "1.json")
        self.assertEqual(self.status()["shop"]["state"], "partial")
        # Each run finds it, and the first has told since when.
        runs = self.rows("select count(*) from _dray.runs")
        self.sync()
        self.assertEqual(self.changed(), [told])
        self.assertEqual(self.rows("select count(*) from _dray.runs"), runs)
        text = self.status_text("--check", code=3)
        self.assertRegex(text, r"shop: replaced since it was loaded, and not loaded again, since 2\d{3}-.*: 1\.json\n")
        self.assertIn("check: shop: partial", text)
        command = next(line for line in text.splitlines() if line.endswith("--reload-changed"))
        words = command.split("dray ", 1)[1].split()
        self.assertRegex(self.run_dray("objects", "list", "--warehouse", "duckdb:w.db").stdout, r"changed +2\d{3}-.*1\.json")
        self.assertEqual(self.rows("select count(*) from shop.tracks"), [[3]])
        self.run_dray(*words)
        self.assertEqual(self.rows("select count(*) from shop.tracks"), [[4]])
        self.assertEqual(self.changed(code=0), [])
        self.assertIn("check: all is well", self.status_text("--check"))

    def test_a_run_that_loads_others_tells_it_too(self):
        self.replace("1.json", 1, 11)
        self.write("4.json", track(4))
        self.assertEqual(self.sync()["loaded"], 1)
        self.assertEqual([object["object"] for object in self.changed()], ["1.json"])

    def test_one_that_is_skipped_is_settled_and_asked_for_again_once_it_is_not(self):
        self.replace("1.json", 1, 11)
        self.sync()
        skip = ["1.json", "--source", "shop", "--warehouse", "duckdb:w.db"]
        self.assertIn("dray objects skip 1.json --source shop", self.status_text())
        self.run_dray("objects", "skip", *skip, "--reason", "a test")
        self.assertEqual(self.changed(code=0), [])
        self.sync()
        self.assertEqual(self.changed(code=0), [])
        self.run_dray("objects", "unskip", *skip)
        self.sync()
        self.assertEqual(len(self.changed()), 1)

    def test_one_that_is_as_it_was_or_gone_is_settled(self):
        path = self.directory / "logs" / "1.json"
        before, time = path.read_bytes(), path.stat().st_mtime_ns
        self.replace("1.json", 1, 11)
        self.replace("2.json", 2, 12)
        self.sync()
        self.assertEqual(len(self.changed()), 2)
        path.write_bytes(before)
        os.utime(path, ns=(time, time))
        self.sync()
        self.assertEqual([object["object"] for object in self.changed()], ["2.json"])
        (self.directory / "logs" / "2.json").unlink()
        self.sync()
        self.assertEqual(self.changed(code=0), [])

    def test_one_whose_new_content_cannot_be_read_stays_open(self):
        self.write("5.json.gz", track(5))
        self.sync()
        self.write("5.json.gz", track(5), track(55))
        path = self.directory / "logs" / "5.json.gz"
        path.write_bytes(path.read_bytes()[:-9])
        self.sync("--reload-changed", code=3)
        self.assertEqual([object["object"] for object in self.changed()], ["5.json.gz"])
        self.write("5.json.gz", track(5), track(55))
        self.sync("--reload-changed")
        self.assertEqual(self.changed(code=0), [])
        self.assertEqual(self.rows("select count(*) from shop.tracks"), [[5]])

    def test_a_warehouse_of_an_earlier_version_learns_to_tell(self):
        self.change("alter table w._dray.objects drop column changed_at")
        self.assertEqual(self.changed(code=0), [])
        self.replace("1.json", 1, 11)
        self.sync()
        self.assertEqual(len(self.changed()), 1)

    def test_the_configured_name_is_in_the_command_and_many_are_counted(self):
        (self.directory / "dray.yaml").write_text("warehouse: duckdb:w.db\nsources: [{name: Shop, location: logs}]\n")
        for number in range(12):
            self.write(f"more/{number:02}.json", track(100 + number))
        self.run_dray("sync")
        for number in range(12):
            self.replace(f"more/{number:02}.json", 200 + number)
        self.run_dray("sync")
        text = self.run_dray("status").stdout
        self.assertIn("shop: and 2 more; dray objects list has all\n", text)
        self.assertIn("  load what is there now: dray sync --source Shop --reload-changed\n", text)
        self.run_dray("sync", "--source", "Shop", "--reload-changed")
        self.run_dray("status", "--check")


class Verbose(StatusTest):
    def test_it_says_what_is_being_done(self):
        self.write("a.gz", track(1))
        said = self.run_dray("sync", "logs", "duckdb:w.db", "--source", "shop", "-v").stderr
        self.assertRegex(said, r"(?m)^\d+\.\d{3} s  sync shop: ")
        self.assertIn("create table \"shop\".\"tracks\"", said)
        steps = [r"list \S*logs", "read; objects: 1", "find duplicates", "plan", r"load; tables: \d+, new ones: \d+, new columns: \d+"]
        self.assertRegex(said, r"(?s)" + ".*".join(r"\d s  " + step for step in steps))
        self.assertIn("'...'", said)
        self.assertNotIn("'shop'", said)
        self.assertEqual(self.run_dray("sync", "logs", "duckdb:w.db", "--source", "shop").stderr, "")


class Plan(StatusTest):
    def test_it_has_a_column_a_line_and_counts_profiles(self):
        self.write("a.gz", track(1), *({"type": "identify", "messageId": f"i{n}", "userId": f"u{n % 2}", "receivedAt": "2026-01-01",
                                        "traits": {"plan": "a, b"}} for n in range(5)))
        text = self.run_dray("plan", "logs", "duckdb:w.db", "--source", "shop").stdout
        self.assertRegex(text, r'(?m)^create table "shop"."e" \(\n  "id" varchar not null,\n')
        self.assertRegex(text, r"(?m)^users +2 ")
        self.assertRegex(text, r"(?m)^\);$")
        planned = [each["table"] for each in json.loads(self.run_dray("plan", "logs", "duckdb:w.db", "--json").stdout)["collections"]]
        self.assertEqual(planned, [each["table"] for each in self.sync()["collections"]])


if __name__ == "__main__":
    unittest.main()
