"""What people and pipelines get wrong: each with the message a person reads, and the exit code a script does.

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

DRAY = os.environ["DRAY"]
SECONDS_MAX = 300
NOBODY = 65534
HEAD = {"userId": "u1", "receivedAt": "2026-01-01T00:00:00Z", "timestamp": "2026-01-01T00:00:00Z"}


def track(number, **properties):
    return {"type": "track", "event": "Order Done", "messageId": f"m{number}", **HEAD, "properties": properties}


def raw(number, property_text):
    """A track's line with `property_text` as the JSON of its one property."""
    return json.dumps(track(number, p="HERE")).encode().replace(b'"HERE"', property_text)


def zstd(data):
    return subprocess.run(["zstd", "-q", "-c"], input=data, capture_output=True, check=True).stdout


class InputTest(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name)
        self.logs = self.directory / "logs"
        self.logs.mkdir()

    def run_dray(self, *arguments, code=0, before=(), environment=None, cwd=None):
        done = subprocess.run(
            [*before, self.program_for_all() if before else DRAY, *arguments],
            cwd=cwd or self.directory,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
        )
        self.assertEqual(done.returncode, code, f"dray {arguments}\n{done.stdout}\n{done.stderr}")
        return done

    def write(self, key, *lines):
        data = b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines)
        (self.logs / key).write_bytes(gzip.compress(data, 1) if key.endswith(".gz") else data)

    def sync(self, *flags, code=0):
        return json.loads(self.run_dray("sync", "logs", "duckdb:w.db", "--source", "shop", *flags, "--json", code=code).stdout)

    def refused(self, *arguments, **options):
        """Standard error of a command that a person has to mend."""
        done = self.run_dray(*arguments, code=2, **options)
        self.assertEqual(done.stdout, "")
        return done.stderr

    def query(self, sql):
        return json.loads(self.run_dray("query", "duckdb:w.db", sql, "--json").stdout)["rows"]

    def program_for_all(self):
        """The program where everybody may read it: the checkout may lie in a folder that others may not enter."""
        folder = self.directory / "bin"
        if not folder.exists():
            folder.mkdir()
            for file in (pathlib.Path(DRAY), pathlib.Path(DRAY).with_name("libduckdb.so")):
                shutil.copy(file, folder)
        return folder / pathlib.Path(DRAY).name

    def as_nobody(self):
        """How to run as somebody without rights: as it is, or from root by becoming nobody."""
        if os.geteuid() != 0:
            return []
        self.assertIsNotNone(shutil.which("setpriv"), "tools/setup installs util-linux")
        self.directory.chmod(0o755)
        return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]


class Objects(InputTest):
    def reason_of(self, key):
        self.write("good.gz", track(1))
        report = self.sync(code=3)
        self.assertEqual((report["status"], report["objects"]["set_aside"], report["loaded"]), ("partial", 1, 1))
        (found,) = self.query("select key, reason from _dray.objects where state = 'set_aside'")
        self.assertEqual(found[0], key)
        self.assertEqual(
            report["notices"],
            [{"code": "object_set_aside", "message": f"{key}: {found[1]}; the next sync tries it again", "count": 1}],
        )
        self.assertEqual(report["error"], "1 object could not be read and was set aside")
        return found[1]

    def test_not_gzip(self):
        (self.logs / "a.gz").write_bytes(b"hello\n")
        self.assertEqual(self.reason_of("a.gz"), "is not gzip (begins with 'hell')")

    def test_the_first_bytes_count_and_not_the_name(self):
        """HTTP stacks decompress in passing, and S3 keeps what has a Content-Encoding under any name."""
        line = lambda number: json.dumps(track(number)).encode() + b"\n"
        (self.logs / "a.json.gz").write_bytes(line(1))
        (self.logs / "b.json").write_bytes(gzip.compress(line(2), 1))
        (self.logs / "c.gz").write_bytes(zstd(line(3)))
        (self.logs / "d.zst").write_bytes(b"\xef\xbb\xbf" + line(4))
        report = self.sync()
        self.assertEqual((report["status"], report["objects"]["loaded"], report["loaded"]), ("success", 4, 4))
        self.assertEqual(report["notices"], [])

    def test_truncated_gzip(self):
        self.write("a.gz", *[track(number, text=str(number)) for number in range(2, 90)])
        whole = (self.logs / "a.gz").read_bytes()
        (self.logs / "a.gz").write_bytes(whole[: len(whole) // 2])
        self.assertEqual(self.reason_of("a.gz"), "truncated: ends in the middle of the gzip data")

    def test_truncated_zstd(self):
        whole = zstd(b"".join(json.dumps(track(n, text=str(n))).encode() + b"\n" for n in range(2, 90)))
        (self.logs / "a.zst").write_bytes(whole[: len(whole) // 2])
        self.assertEqual(self.reason_of("a.zst"), "truncated: ends in the middle of the zstd data")

    def test_bomb(self):
        (self.logs / "a.zst").write_bytes(zstd(b"\n" * (200 << 20)))
        self.assertEqual(self.reason_of("a.zst"), "expands more than 1100-fold")

    def test_unreadable_file(self):
        before = self.as_nobody()
        self.write("a.gz", track(2))
        self.write("good.gz", track(1))
        (self.logs / "a.gz").chmod(0)
        (self.directory / "out").mkdir()
        (self.directory / "out").chmod(0o777)
        done = self.run_dray("sync", "logs", "duckdb:out/w.db", "--source", "shop", code=3, before=before)
        self.assertIn("notice: a.gz: no permission to read it; the next sync tries it again\n", done.stdout)

    def test_nothing_in_it_is_no_mistake(self):
        self.write("a.gz")
        self.write("b.json")
        report = self.sync()
        self.assertEqual((report["objects"]["loaded"], report["lines"]), (2, 0))
        self.assertEqual([notice["code"] for notice in report["notices"]], ["nothing_usable"])
        self.write("c.gz", track(1))
        self.assertEqual(self.sync()["loaded"], 1)
        self.write("d.gz")
        self.assertEqual(self.sync()["notices"], [])

    def test_a_set_aside_object_that_is_removed_is_forgotten(self):
        (self.logs / "a.gz").write_bytes(b"hello\n")
        self.write("good.gz", track(1))
        self.sync(code=3)
        (self.logs / "a.gz").unlink()
        report = self.sync()
        self.assertEqual(
            report["notices"],
            [{"code": "object_gone", "message": "objects that were set aside are not there any more, first a.gz", "count": 1}],
        )
        self.assertEqual(self.query("select key from _dray.objects"), [["good.gz"]])
        self.assertEqual(self.sync()["notices"], [])
        self.assertNotIn("set aside since", self.run_dray("status", "--warehouse", "duckdb:w.db").stdout)

    def test_an_object_that_cannot_be_loaded_again_stays_loaded(self):
        self.write("a.gz", track(1, a="x"))
        self.sync()
        (self.logs / "a.gz").write_bytes(b"no longer gzip")
        self.sync("--reload-changed", code=1)
        self.assertEqual(self.query("select state from _dray.objects"), [["loaded"]])
        self.assertEqual(self.query("select a from shop.order_done"), [["x"]])


class Lines(InputTest):
    def test_each_line_by_itself(self):
        self.write(
            "a.json",
            b"not json",
            b"[1, 2]",
            raw(3, b'"\xff\xfe"'),
            b"raw \x00 byte",
            raw(5, b"[" * 200 + b"]" * 200),
            b'{"a": "' + b"x" * 100_000_000 + b'"}',
            raw(7, b"[" * 60 + b"]" * 60),
            raw(8, rb'"a\u0000b"'),
            raw(9, rb'"\ud800"'),
            raw(10, b"1e400"),
            b'{"type": "track", "type": "page", ' + json.dumps({"messageId": "m11", "name": "Home", **HEAD}).encode()[1:],
        )
        report = self.sync()
        self.assertEqual((report["lines"], report["loaded"], report["rejected"]), (11, 5, 6))
        self.assertEqual(
            self.query("select object, line, kind, reason, detail from _dray.rejects order by line"),
            [
                ["a.json", 1, "line", "not_json", "not valid JSON at byte 1"],
                ["a.json", 2, "line", "not_an_object", "the line is JSON but not an object"],
                ["a.json", 3, "line", "not_utf8", "not valid UTF-8"],
                ["a.json", 4, "line", "not_json", "not valid JSON at byte 1"],
                ["a.json", 5, "line", "too_deep", "nested deeper than 128"],
                ["a.json", 6, "line", "line_too_long", "100000009 bytes"],
            ],
        )
        self.assertEqual(
            self.query("select id, p from shop.order_done order by id"),
            [["m10", "1e400"], ["m7", "[" * 60 + "]" * 60], ["m8", "a\ufffdb"], ["m9", "\ufffd"]],
        )
        self.assertEqual(self.query("select name from shop.pages"), [["Home"]])
        self.assertEqual([(said["code"], said["count"]) for said in report["notices"]], [("replacement_character", 2), ("mixed_types", 2)])

    def test_a_terminal_is_not_at_the_mercy_of_a_line(self):
        self.write("a.json", b"\x1b[2J\x1b]0;title\x07")
        self.sync(code=1)
        self.assertNotIn("\x1b", self.run_dray("rejects", "show", "--warehouse", "duckdb:w.db").stdout)


class Bounds(InputTest):
    """docs/mapping.md, "Bounds": at the bound all is loaded; what is past it is a reject, and nothing is lost."""

    def rejects(self):
        return self.query("select reason, count(*) from _dray.rejects group by all order by all")

    def test_columns_of_a_table(self):
        self.write("a.json", track(1, **{f"p{number}": number for number in range(5_000)}))
        report = self.sync()
        columns = "select count(*) from duckdb_columns() where schema_name = 'shop' and table_name = 'order_done'"
        self.assertEqual(self.query(columns), [[1_600]])
        loaded = self.query(columns + " and regexp_full_match(column_name, 'p[0-9]+')")[0][0]
        self.assertEqual((report["lines"], report["loaded"], report["values_rejected"]), (1, 1, 5_000 - loaded))
        self.assertEqual(self.rejects(), [["too_many_columns", 5_000 - loaded]])
        self.assertIn("order_done has 1600 of at most 1600 columns", report["notices"][0]["message"])
        self.assertEqual(self.query("select distinct column_name, value from _dray.rejects where value = '4999'"), [["p4999", "4999"]])
        # No room for a column that comes later either.
        self.write("b.json", track(2, p0=1, late=2))
        self.assertEqual(self.sync()["values_rejected"], 1)
        self.assertEqual(self.query("select id, p0 from shop.order_done order by id"), [["m1", 0], ["m2", 1]])

    def test_tables_of_a_sync(self):
        """A plan reads and counts as a load does, and is quicker."""
        lines = [{"type": "track", "event": f"event {number}", "messageId": f"m{number}", **HEAD} for number in range(10_003)]
        self.write("a.json", *lines, track("last"), {"type": "page", "messageId": "p", **HEAD})
        report = json.loads(self.run_dray("plan", "logs", "duckdb:w.db", "--source", "shop", "--json").stdout)
        self.assertEqual((report["lines"], report["loaded"], report["rejected"]), (10_005, 10_001, 4))
        self.assertEqual(len(report["collections"]), 10_002)  # pages and tracks too

    def test_names(self):
        """Of 8 KiB a name is cut and told; longer ones are rejects, of the line or of the value."""
        named = lambda number, event, **properties: {**track(number, **properties), "event": event}
        self.write(
            "a.json",
            named(1, "e" * 8_192),
            named(2, "e" * 8_193),
            named(3, "e" * 127, **{"k" * 8_192: 1, "k" * 8_193: 2, "kept": 3}),
            named(4, "f" * 128),
        )
        report = self.sync()
        self.assertEqual((report["lines"], report["loaded"], report["rejected"], report["values_rejected"]), (4, 3, 1, 1))
        self.assertEqual(self.rejects(), [["event_name_too_long", 1], ["name_too_long", 1]])
        tables = [collection["table"] for collection in report["collections"]]
        self.assertEqual([len(table) for table in sorted(tables)], [127, 127, 127, len("tracks")])
        self.assertIn("e" * 127, tables)
        self.assertEqual([(said["code"], said["count"]) for said in report["notices"]], [("long_name", 3)])
        self.assertEqual(self.query(f"select kept from shop.{'e' * 127}"), [[3]])


class Retry(InputTest):
    def setUp(self):
        super().setUp()
        self.write("a.json", track(1), b"not json")
        self.write("b.json", track(2), b"nor this", b"nor that")
        self.sync()

    def retry(self, code):
        return json.loads(self.run_dray("rejects", "retry", "--warehouse", "duckdb:w.db", "--json", code=code).stdout)

    def open_rejects(self):
        return self.query("select object, line from _dray.rejects where resolved_run is null order by all")

    def test_an_object_that_is_gone_is_told_and_its_rejects_stay(self):
        before = self.open_rejects()
        (self.logs / "b.json").unlink()
        report = self.retry(code=3)
        self.assertEqual((report["status"], report["lines"], report["error"]), ("partial", 1, "1 object could not be retried"))
        message = "b.json: 2 lines not retried, because the object is not there any more"
        again = "0 of 1 open reject are mended; 1 is a reject again, now of this run"
        self.assertEqual(report["notices"], [{"code": "object_gone", "message": message, "count": 1},
                                             {"code": "rejects_retried", "message": again, "count": 1}])
        self.assertEqual(self.open_rejects(), before)

    def test_when_all_are_gone_it_is_partial_too_and_recorded(self):
        (self.logs / "a.json").unlink()
        (self.logs / "b.json").unlink()
        report = self.retry(code=3)
        self.assertEqual((report["status"], report["lines"], len(report["notices"])), ("partial", 0, 2))
        self.assertEqual(len(self.open_rejects()), 3)
        self.assertEqual(self.query("select status from _dray.runs order by started_at"), [["success"], ["partial"]])

    def test_line_numbers_say_nothing_of_other_content(self):
        self.write("b.json", b"nor this", track(7), track(8), track(9))
        report = self.retry(code=3)
        self.assertEqual((report["lines"], report["error"]), (1, "1 object could not be retried"))
        self.assertIn("dray sync --reload-changed", report["notices"][0]["message"])
        self.assertEqual(self.open_rejects(), [["a.json", 2], ["b.json", 2], ["b.json", 3]])
        self.sync("--reload-changed")
        self.assertEqual(self.open_rejects(), [["a.json", 2], ["b.json", 1]])

    def test_a_source_that_nobody_knows_is_no_empty_answer(self):
        for command in ["status"], ["history"], ["rejects", "list"], ["rejects", "show"], ["rejects", "retry"]:
            with self.subTest(command):
                self.assertEqual(
                    self.refused(*command, "--source", "shpo", "--warehouse", "duckdb:w.db"),
                    'dray: error: duckdb:w.db has no source "shpo"; did you mean "shop"?\n'
                    "  try: dray status --warehouse duckdb:w.db\n",
                )

    def test_a_filter_that_nothing_meets_is_told_apart_from_nothing_to_do(self):
        for action in "list", "show", "retry":
            said = self.run_dray("rejects", action, "--reason", "too_deep", "--warehouse", "duckdb:w.db").stdout
            self.assertEqual(said, "no open reject is like that\n")

    def test_hints_can_be_copied(self):
        said = self.run_dray("rejects", "list", "--warehouse", "duckdb:w.db").stdout
        self.assertIn("see each with: dray rejects show --warehouse duckdb:w.db\n", said)


class Places(InputTest):
    def test_a_directory_without_rights(self):
        before = self.as_nobody()
        self.write("a.gz", track(1))
        self.logs.chmod(0)
        self.addCleanup(self.logs.chmod, 0o755)
        self.assertEqual(
            self.refused("sync", "logs", "duckdb:w.db", "--source", "shop", before=before),
            f"dray: error: shop: source {self.logs}: no permission to read it; grant this user read and search rights (chmod o+rx)\n",
        )
        self.assertFalse((self.directory / "w.db").exists())

    def test_a_sub_directory_without_rights_is_partial_and_recorded(self):
        before = self.as_nobody()
        (self.logs / "sub").mkdir(mode=0)
        self.addCleanup((self.logs / "sub").chmod, 0o755)
        self.write("a.gz", track(1))
        (self.directory / "out").mkdir()
        (self.directory / "out").chmod(0o777)
        arguments = ["sync", "logs", "duckdb:out/w.db", "--source", "shop", "--json"]
        for loaded in 1, 0:
            report = json.loads(self.run_dray(*arguments, code=3, before=before).stdout)
            self.assertEqual((report["status"], report["loaded"]), ("partial", loaded))
            self.assertEqual(report["error"], "parts of the source could not be listed")
            self.assertIn("sub: ", report["notices"][0]["message"])
        runs = json.loads(self.run_dray("history", "--warehouse", "duckdb:out/w.db", "--json").stdout)["runs"]
        self.assertEqual([run["status"] for run in runs], ["partial", "partial"])

    def test_a_read_only_warehouse(self):
        before = self.as_nobody()
        self.write("a.gz", track(1))
        self.sync()
        (self.directory / "w.db").chmod(0o444)
        self.write("b.gz", track(2))
        message = self.refused("sync", "logs", "duckdb:w.db", "--source", "shop", before=before)
        self.assertIn("w.db cannot be opened", message)
        self.assertIn("try: check the rights of the file and its directory", message)
        self.assertEqual(self.query("select count(*) from shop.order_done"), [[1]])

    def test_a_warehouse_in_a_folder_that_takes_no_log(self):
        before = self.as_nobody()
        self.write("a.gz", track(1))
        folder = self.directory / "kept"
        folder.mkdir()
        self.run_dray("sync", "logs", "duckdb:kept/w.db", "--source", "shop")
        (folder / "w.db").chmod(0o666)
        folder.chmod(0o555)
        self.write("b.gz", track(2))
        for warehouse in "duckdb:kept/w.db", "duckdb:kept/new.db":
            message = self.refused("sync", "logs", warehouse, "--source", "shop", before=before)
            self.assertIn("nothing can be made in the folder kept (Permission denied)", message)
            self.assertIn("try: let this user write to the folder", message)
        message = self.refused("sync", "../logs", "duckdb:w.db", "--source", "shop", before=before, cwd=folder)
        self.assertIn(f"nothing can be made in the folder {folder.resolve()} (", message)
        self.refused("objects", "skip", "b.gz", "--source", "shop", "--reason", "x", "--warehouse", "duckdb:kept/w.db", before=before)
        # Nothing has happened, and reading needs no log.
        self.assertEqual(sorted(path.name for path in folder.iterdir()), ["w.db"])
        done = self.run_dray("query", "duckdb:kept/w.db", "select count(*) from shop.order_done", "--csv", before=before)
        self.assertEqual(done.stdout.split(), ["count_star()", "1"])
        self.run_dray("status", "--warehouse", "duckdb:kept/w.db", "--check", before=before)
        folder.chmod(0o777)
        self.run_dray("sync", "logs", "duckdb:kept/w.db", "--source", "shop", before=before)

    def test_a_warehouse_in_a_directory_that_is_not_there(self):
        self.write("a.gz", track(1))
        self.assertEqual(
            self.refused("sync", "logs", "duckdb:no/such/w.db"),
            "dray: error: there is no directory for the DuckDB file\n  try: make it (mkdir -p)\n",
        )

    def test_a_query_asks_the_warehouse_of_the_configuration(self):
        self.write("a.gz", track(1))
        self.sync()
        (self.directory / "dray.yaml").write_text("warehouse: duckdb:w.db\nsources: [{name: shop, location: logs}]\n")
        self.assertEqual(self.run_dray("query", "select count(*) from shop.tracks", "--csv").stdout, "count_star()\n1\n")
        self.assertIn("SQL is required", self.refused("query", "duckdb:w.db"))
        self.assertEqual(self.run_dray("query", "select frm x", code=2).stderr.count("LINE 1"), 1)

    def test_two_sources_of_one_schema_on_the_command_line(self):
        """The second would mix its rows with the first's."""
        self.write("a.gz", track(1))
        self.sync()
        (self.directory / "other").mkdir()
        message = self.refused("sync", "other", "duckdb:w.db", "--source", "Shop")
        self.assertRegex(message, "^dray: error: Shop: the schema shop is loaded from .*/logs, not from .*/other\n")
        self.assertIn("try: --source with another name, or --moved", message)


class Settings(InputTest):
    def config_error(self, text, **options):
        (self.directory / "dray.yaml").write_text(text)
        return self.refused("sync", **options)

    def test_an_unknown_key_with_the_nearest_right_one(self):
        self.assertEqual(
            self.config_error("warehouse: duckdb:w.db\nmemroy: 1 GiB\nsources: [{name: a, location: logs}]\n"),
            'dray: error: dray.yaml:2: memroy: unknown key; did you mean "memory"?\n',
        )

    def test_wrong_types(self):
        message = self.config_error("warehouse: [duckdb]\nthreads: many\nsources: {name: a}\n")
        for key in "dray.yaml:1: warehouse: ", "dray.yaml:2: threads: ", "dray.yaml:3: sources: ":
            self.assertIn("dray: error: " + key, message)

    def test_a_missing_variable(self):
        message = self.config_error("warehouse: duckdb:${NO_SUCH_THING}\nsources: [{name: a, location: logs}]\n")
        self.assertTrue(message.startswith("dray: error: dray.yaml:1: warehouse: "), message)
        self.assertIn("NO_SUCH_THING", message)

    def test_no_yaml(self):
        self.assertRegex(self.config_error("warehouse: [\n"), r"^dray: error: dray\.yaml:\d+: ")

    def test_a_missing_directory(self):
        self.assertIn(
            "there is no such directory",
            self.config_error("warehouse: duckdb:w.db\nsources: [{name: a, location: nowhere}]\n"),
        )
        self.assertFalse((self.directory / "w.db").exists())

    def test_since_after_until(self):
        self.assertEqual(
            self.refused("sync", "logs", "duckdb:w.db", "--since", "2026-02-01", "--until", "2026-01-01"),
            "dray: error: --since is later than --until\n",
        )


if __name__ == "__main__":
    unittest.main()
