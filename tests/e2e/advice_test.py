"""What messages say to do can be copied and works, and they say where the trouble is.

DRAY is the binary. Statements for DuckDB's own client are run by its library.
"""

import gzip
import json
import os
import pathlib
import re
import shlex
import subprocess
import tempfile
import unittest

from duckdb_client import execute

DRAY = os.environ.get("DRAY", "dray")
SECONDS_MAX = 300


def track(number, event="Sold", **properties):
    at = "2026-01-01T00:00:00.000Z"
    return {"type": "track", "messageId": f"m{number}", "userId": "u", "event": event, "timestamp": at, "receivedAt": at,
            "properties": properties}


class AdviceTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name)
        (self.directory / "logs").mkdir()

    def run_dray(self, *arguments, code=0):
        done = subprocess.run([DRAY, *arguments], cwd=self.directory, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=SECONDS_MAX)
        self.assertEqual(done.returncode, code, f"dray {arguments}\n{done.stdout}\n{done.stderr}")
        return done

    def copied(self, command, code=0):
        """A command of dray's as a shell takes it from a message."""
        words = shlex.split(command)
        self.assertEqual(words[0], "dray")
        return self.run_dray(*words[1:], code=code).stdout

    def write(self, key, *lines):
        text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
        (self.directory / "logs" / key).write_bytes(gzip.compress(text.encode()) if key.endswith(".gz") else text.encode())

    def sync(self, *flags, code=0):
        return json.loads(self.run_dray("sync", "logs", "duckdb:w.db", "--source", "shop", "--json", *flags, code=code).stdout)

    def plan(self, code=0):
        return json.loads(self.run_dray("plan", "logs", "duckdb:w.db", "--source", "shop", "--json", code=code).stdout)

    def on(self, *command, code=0):
        return self.run_dray(*command, "--warehouse", "duckdb:w.db", code=code)

    def rows(self, sql):
        return json.loads(self.run_dray("query", "duckdb:w.db", sql, "--json").stdout)["rows"]

    def configure(self, text):
        (self.directory / "dray.yaml").write_text(text)

    def notices(self, report):
        return {notice["code"]: notice["message"] for notice in report["notices"]}


class Rejects(AdviceTest):
    def setUp(self):
        super().setUp()
        self.write("a.json", track(1, qty=1), "no JSON", "nor this")
        self.sync()
        self.write("b.json", track(2, qty=1.5), "nor that")
        self.sync()

    def test_the_statement_that_lets_a_column_take_its_values_and_what_the_retry_mends(self):
        said = self.on("rejects", "list").stdout
        client = shlex.split(re.search(r"to have shop.sold.qty take any value, as text: (duckdb .*)\n", said)[1])
        self.assertEqual(client[:3], ["duckdb", "w.db", "-c"])
        execute(self.directory / "w.db", client[3])
        retry = re.search(r"after mending the warehouse: (.*)\n", said)[1]
        told = self.copied(retry)
        self.assertIn("notice: 1 of 4 open rejects is mended; 3 are rejects again, now of this run\n", told)
        self.assertEqual(self.rows("select qty from shop.sold order by id"), [["1"], ["1.5"]])
        self.assertIn("0 of 3 open rejects are mended", self.copied(retry))

    def test_traits_have_a_second_column_to_change(self):
        identify = {**track(3), "type": "identify", "traits": {"age": 1}}
        self.write("c.json", identify)
        self.sync()
        self.write("d.json", {**identify, "messageId": "m4", "traits": {"age": 1.5}})
        self.sync()
        said = self.on("rejects", "list").stdout
        client = shlex.split(re.search(r"to have shop.identifies.age take any value, as text: (duckdb .*)\n", said)[1])
        execute(self.directory / "w.db", client[3])
        self.on("rejects", "retry")
        self.assertEqual(self.rows("select age from shop.users"), [["1.5"]])

    def test_mended_objects_are_read_by_the_command_that_is_told(self):
        for flags, configured in ((("--warehouse", "duckdb:w.db"), None), ((), "warehouse: duckdb:w.db\nsources: [{name: Shop, location: logs}]\n")):
            with self.subTest(configured):
                if configured:
                    self.configure(configured)
                said = self.run_dray("rejects", "list", *flags).stdout
                command = re.search(r"after mending the objects: (.*)\n", said)[1]
                self.assertTrue(command.startswith("dray sync --source Shop" if configured else "dray sync /"), command)
                self.copied(command)

    def test_what_a_filter_names_has_to_be_there(self):
        for action in "list", "show", "retry":
            for flags, said in (
                (("--table", "sodl"), 'there is no such table as --table names; did you mean "sold"?'),
                (("--table", "shpo.sold"), 'there is no such source as --table names; did you mean "shop"?'),
                (("--run", "2099"), "there is no such run as --run names"),
                (("--object", "z.json"), "no sync has seen such an object as --object names"),
            ):
                with self.subTest((action, flags)):
                    told = self.on("rejects", action, *flags, code=2).stderr
                    self.assertIn(said, told)
                    self.copied(re.search(r"try: (.*)\n", told)[1])
            for flags in ("--table", "users"), ("--table", "shop.tracks"), ("--object", "a.json", "--table", "sold"):
                with self.subTest((action, flags)):
                    self.assertEqual(self.on("rejects", action, *flags).stdout, "no open reject is like that\n")

    def test_a_table_may_be_named_with_its_schema(self):
        said = self.on("rejects", "show", "--table", "shop.sold").stdout
        self.assertIn("b.json:1", said)
        self.assertNotIn("a.json:2", said)
        self.run_dray("sync", "logs", "duckdb:w.db", "--source", "app")
        self.assertIn("b.json:1", self.on("rejects", "show", "--table", "shop.sold", "--source", "app", "--source", "shop").stdout)
        told = self.on("rejects", "show", "--table", "shop.sold", "--source", "app", code=2).stderr
        self.assertIn("--table names another source than --source", told)
        self.copied(re.search(r"what to do: (.*)\n", said)[1])

    def test_a_plan_says_where_the_first_of_each_reason_is(self):
        self.write("c.json", "no JSON", track(7), "[]", "[1]")
        told = [(notice["message"], notice["count"]) for notice in self.plan()["notices"] if notice["code"] == "would_reject"]
        self.assertEqual([count for _, count in told], [2, 1])
        self.assertIn("would be rejects, not_an_object: first c.json:3: the line is JSON but not an object", told[0][0])
        self.assertIn("would be a reject, not_json: c.json:1: ", told[1][0])


class Places(AdviceTest):
    """Notices name the names, and the first place of what they are about."""

    def test_names_that_are_reserved_or_hashed(self):
        self.write("a.json", track(1, id=1, order=2, **{"☕": {"x": 3}}), {**track(2), "event": "Users"})
        told = self.notices(self.sync())
        self.assertIn("their names begin with '_': _users, sold._id, sold._order", told["reserved_name"])
        self.assertRegex(told["hashed_name"], r"key_<hash>: sold\.key_[0-9a-f]{8}")

    def test_of_many_names_the_first(self):
        self.write("a.json", *(track(number, event=f"E{number}", id=1) for number in range(9)))
        self.assertIn(": e0._id, e1._id, e2._id, e3._id, e4._id, ...", self.notices(self.sync())["reserved_name"])

    def test_lines_of_what_is_not_kept(self):
        self.write("a.json", track(1), {**track(2), "sentAt": "soon"}, {**track(3), "timestamp": "soon"})
        self.write("b.json", "", {**track(4), "properties": "none"}, track(5, firstName="A", first_name="B"), {**track(6), "timestamp": "soon"})
        told = self.notices(self.sync())
        for code, place in {"bad_sent_at": "in a.json:2", "bad_timestamp": "in a.json:3", "no_object": "in b.json:2",
                            "shared_column": "sold.first_name in b.json:3"}.items():
            self.assertTrue(told[code].endswith("; first " + place), told[code])

    def test_the_first_place_does_not_depend_on_the_threads(self):
        for number in range(20):
            self.write(f"{number:02}.json", *(track(number * 100 + line, line=line) for line in range(50)),
                       {**track(number * 100 + 60), "sentAt": "soon"}, track(number * 100 + 61, aB=1, a_b=2))
        told = self.notices(self.sync("--threads", "8", "--memory", "512MiB"))
        self.assertTrue(told["bad_sent_at"].endswith("; first in 00.json:51"), told)
        self.assertTrue(told["shared_column"].endswith("; first sold.a_b in 00.json:52"), told)

    def test_a_directory_of_the_configuration_that_is_gone_is_named(self):
        self.write("a.json", track(1))
        self.configure("warehouse: duckdb:w.db\nsources: [{name: shop, location: logs}]\n")
        self.run_dray("sync")
        (self.directory / "logs").rename(self.directory / "moved")
        said = self.run_dray("sync", "--quiet", code=2).stderr
        self.assertIn(f"shop: location {self.directory.resolve() / 'logs'}: there is no such directory", said)
        # What stands in a variable may be a secret.
        self.configure("warehouse: duckdb:w.db\nsources: [{name: shop, location: '${PLACE}'}]\n")
        os.environ["PLACE"] = "hush"
        self.addCleanup(os.environ.pop, "PLACE")
        self.assertNotIn("hush", self.run_dray("sync", "--quiet", code=2).stderr)
        self.configure("warehouse: duckdb:w.db\nsources: [{name: other, location: '${PLACE}'}]\n")
        said = self.run_dray("sync", "--quiet", code=2).stderr
        self.assertIn("other: location: there is no such directory", said)
        self.assertNotIn("hush", said)

    def test_a_source_that_the_configuration_has_not(self):
        self.configure("warehouse: duckdb:w.db\nsources: [{name: shop, location: logs}, {name: app, location: app}]\n")
        self.assertIn("try: one of its own: shop, app\n", self.run_dray("sync", "--source", "quite-another", code=2).stderr)


class Objects(AdviceTest):
    def damage(self, key, number):
        self.write(key, track(number))
        path = self.directory / "logs" / key
        path.write_bytes(path.read_bytes()[:-9])

    def test_once_all_is_skipped_the_source_is_well_at_once(self):
        self.write("a.gz", track(1))
        self.damage("b.gz", 2)
        self.damage("c.gz", 3)
        self.sync(code=3)
        said = self.on("objects", "list").stdout
        command = re.search(r"put an object aside for good:\n  (.*)\n", said)[1]
        self.copied(command)
        self.on("status", "--check", code=3)
        self.on("objects", "skip", "c.gz", "--reason", "cut off")
        self.assertIn("check: all is well", self.on("status", "--check").stdout)
        self.sync()
        self.on("objects", "unskip", "c.gz")
        self.sync(code=3)
        self.on("status", "--check", code=3)

    def test_a_run_that_fell_short_of_something_else_as_well_stays_partial(self):
        self.write("a.gz", track(1))
        self.damage("b.gz", 2)
        (self.directory / "logs" / "gone.gz").symlink_to("nowhere")
        self.sync(code=3)
        self.on("objects", "skip", "b.gz", "--reason", "cut off")
        self.on("status", "--check", code=3)

    def test_what_has_changed_is_loaded_or_kept_by_what_is_told(self):
        self.write("a.gz", track(1))
        self.write("b.gz", track(2))
        self.sync()
        for key, number in ("a.gz", 3), ("b.gz", 4):
            self.write(key, track(number), track(number + 10))
        self.sync()
        self.on("status", "--check", code=3)
        self.on("objects", "skip", "b.gz", "--reason", "kept")
        self.on("status", "--check", code=3)
        command = re.search(r"to load what has changed:\n  (.*)\n", self.on("objects", "list").stdout)[1]
        self.copied(command)
        self.assertIn("check: all is well", self.on("status", "--check").stdout)

    def test_a_changed_object_that_is_skipped_is_left_out_no_more(self):
        self.write("a.gz", track(1))
        self.sync()
        self.write("a.gz", track(3), track(4))
        self.sync()
        self.on("status", "--check", code=3)
        self.on("objects", "skip", "a.gz", "--reason", "kept")
        self.assertIn("check: all is well", self.on("status", "--check").stdout)


class Queries(AdviceTest):
    def test_show_tables_shows_where_the_tables_are(self):
        self.write("a.json", track(1))
        self.sync()
        for statement in "show tables", " SHOW  Tables ; ":
            done = self.run_dray("query", "duckdb:w.db", statement)
            told = self.copied(re.search(r"; all of them: (dray query .*)\n", done.stderr)[1])
            self.assertRegex(told, r"(?m)^shop +sold")
        self.assertEqual(self.run_dray("query", "duckdb:w.db", "show all tables").stderr, "")


if __name__ == "__main__":
    unittest.main()
