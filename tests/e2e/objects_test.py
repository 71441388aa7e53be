"""Objects and files that are not as one expects: empty, never readable, skipped, oddly named, no files at all.

DRAY is the binary.
"""

import gzip
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import unittest

DRAY = os.environ["DRAY"]
CASES = pathlib.Path(__file__).resolve().parent.parent / "cases"
SECONDS_MAX = 300
HEAD = {"userId": "u1", "receivedAt": "2026-01-01T00:00:00Z", "timestamp": "2026-01-01T00:00:00Z"}


def line(number, **more):
    track = {"type": "track", "event": "Order Done", "messageId": f"m{number}", **HEAD, "properties": {"n": number}}
    return json.dumps({**track, **more}).encode() + b"\n"


class ObjectsTest(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name)
        self.logs = self.directory / "logs"
        self.logs.mkdir()

    def run_dray(self, *arguments, code=0):
        done = subprocess.run(
            [DRAY, *arguments], cwd=self.directory, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS_MAX
        )
        done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()  # UTF-8, whatever the names
        self.assertEqual(done.returncode, code, f"dray {arguments}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def sync(self, *flags, code=0, source="logs"):
        return json.loads(self.run_dray("sync", source, "duckdb:w.db", "--source", "shop", *flags, "--json", code=code))

    def on(self, *arguments, code=0):
        return self.run_dray(*arguments, "--warehouse", "duckdb:w.db", code=code)

    def status(self):
        return json.loads(self.on("status", "--json"))["sources"][0]

    def query(self, sql):
        return json.loads(self.run_dray("query", "duckdb:w.db", sql, "--json"))["rows"]

    def put(self, name, data):
        """`name` may be bytes that are no UTF-8."""
        path = os.path.join(os.fsencode(self.logs), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def codes(self, report):
        return [notice["code"] for notice in report["notices"]]


class Empty(ObjectsTest):
    def test_an_empty_gz_is_told_once(self):
        shutil.copytree(CASES / "gz-empty-object" / "in", self.logs, dirs_exist_ok=True)
        self.put("empty.json.gz", b"")
        self.put("empty.zst", b"")
        self.put("empty.json", b"")
        report = self.sync()
        self.assertEqual((report["status"], report["objects"]["loaded"], report["loaded"]), ("success", 4, 1))
        self.assertEqual([(n["code"], n["count"]) for n in report["notices"]], [("empty_object", 2)])
        for _ in range(2):
            report = self.sync()
            self.assertEqual((report["status"], report["notices"]), ("success", []))

    def test_what_a_writer_had_only_opened_is_loaded_later(self):
        self.put("c.json", line(3))
        self.sync()
        for name, data in (("a.gz", gzip.compress(line(1))), ("b.json", line(2))):
            self.put(name, b"")
            self.sync()
            self.put(name, data)
            report = self.sync()
            self.assertEqual((self.codes(report), report["loaded"]), ([], 1), name)
        self.assertEqual(self.query("select count(*) from shop.order_done"), [[3]])

    def test_what_was_empty_may_be_set_aside(self):
        self.put("a.gz", b"")
        self.put("b.json", line(1))
        self.sync()
        self.put("a.gz", b"no gzip")
        self.sync(code=3)
        self.assertEqual([o["object"] for o in self.status()["objects_set_aside"]], ["a.gz"])


class Skip(ObjectsTest):
    def setUp(self):
        super().setUp()
        self.put("good.json", line(1))
        self.bad = self.put("bad it's.gz", gzip.compress(line(2))[:-9])

    def test_a_skipped_object_keeps_no_sync_from_success(self):
        first = self.sync(code=3)
        self.assertIn("the next sync tries it again", first["notices"][0]["message"])
        since = self.status()["objects_set_aside"][0]["since"]
        second = self.sync(code=3)
        self.assertIn("dray objects skip 'bad it'\\''s.gz' --source shop", second["notices"][0]["message"])
        self.assertNotIn("tries it again", second["notices"][0]["message"])
        self.assertEqual(self.status()["objects_set_aside"][0]["since"], since, "since it was first seen so")
        listed = json.loads(self.on("objects", "list", "--json"))["objects"]
        self.assertEqual([(o["object"], o["state"], o["by"]) for o in listed], [("bad it's.gz", "set_aside", "")])

        self.on("objects", "skip", "bad it's.gz", "--reason", "cut off; upstream has no copy")
        report = self.sync()
        self.assertEqual((report["status"], report["notices"]), ("success", []))
        self.assertEqual(report["objects"]["skipped"], 1)
        status = self.status()
        self.assertEqual(status["objects_set_aside"], [])
        (skipped,) = status["objects_skipped"]
        self.assertEqual((skipped["object"], skipped["reason"]), ("bad it's.gz", "cut off; upstream has no copy"))
        self.assertIn("@", skipped["by"])
        self.assertRegex(skipped["since"], r"^20\d\d-")
        self.assertIn("cut off; upstream has no copy", self.on("status"))
        self.assertIn("skipped", self.on("objects"))

        self.on("objects", "unskip", "bad it's.gz")
        self.assertEqual(self.status()["objects_skipped"], [])
        self.sync(code=3)
        self.put("bad it's.gz", gzip.compress(line(2)))
        self.assertEqual(self.sync()["loaded"], 1)

    def test_a_skip_holds_when_the_content_changes_and_a_notice_says_so(self):
        self.sync(code=3)
        self.on("objects", "skip", "bad it's.gz", "--reason", "x")
        self.put("bad it's.gz", gzip.compress(line(3)))
        report = self.sync()
        self.assertEqual((report["status"], self.codes(report)), ("success", ["skipped_object_changed"]))
        self.on("objects", "unskip", "bad it's.gz")
        self.assertEqual(self.sync()["loaded"], 1)

    def test_an_object_may_be_skipped_before_any_sync_has_seen_it(self):
        self.sync(code=3)
        out = self.on("objects", "skip", "later.gz", "bad it's.gz", "--reason", "x")
        self.assertIn("no sync has seen later.gz", out)
        self.put("later.gz", b"no gzip")
        self.assertEqual(self.sync()["objects"]["skipped"], 2)

    def test_what_cannot_be_listed_may_be_skipped(self):
        self.sync(code=3)
        self.on("objects", "skip", "bad it's.gz", "--reason", "x")
        os.symlink("nowhere", self.logs / "link.gz")
        report = self.sync(code=3)
        self.assertIn("dray objects skip 'link.gz'", report["notices"][0]["message"])
        self.on("objects", "skip", "link.gz", "--reason", "x")
        self.assertEqual(self.sync()["notices"], [])

    def test_rejects_of_a_loaded_object_that_is_skipped_stay(self):
        self.put("good.json", line(1) + b"no json\n")
        self.sync(code=3)
        self.on("objects", "skip", "good.json", "--reason", "x")
        out = json.loads(self.on("rejects", "retry", "--json", code=3))
        self.assertEqual(self.codes(out), ["object_skipped"])
        self.assertEqual(self.query("select count(*) from shop.order_done"), [[1]])

    def test_what_is_wrong_is_told(self):
        self.sync(code=3)
        self.on("objects", "unskip", "good.json", code=2)
        self.on("objects", "skip", "good.json", code=2)
        self.on("objects", "skip", "good.json", "--reason", " ", code=2)
        self.on("objects", "skip", "good.json", "--reason", "x", "--source", "other", code=2)
        self.assertEqual(self.run_dray("objects", "skip", "x", "--reason", "x", "--warehouse", "duckdb:none.db", code=2), "")
        self.assertFalse((self.directory / "none.db").exists())


class Names(ObjectsTest):
    NAME = b"caf\xe9/b\xff.json"
    KEY = "caf\\xE9/b\\xFF.json"

    def test_a_name_that_is_not_utf8_is_loaded_and_found_again(self):
        self.put(self.NAME, line(1) + b"no json\n")
        self.put("a.json", line(2))
        report = self.sync()
        self.assertEqual((report["status"], report["loaded"]), ("success", 2))
        self.assertEqual(self.sync()["objects"]["known"], 2)
        self.assertEqual(self.query("select key from _dray.objects order by 1"), [["a.json"], [self.KEY]])
        (reject,) = json.loads(self.on("rejects", "show", "--object", self.KEY, "--json"))["rejects"]
        self.assertEqual((reject["object"], reject["line"]), (self.KEY, 2))
        by_bytes = json.loads(self.on("rejects", "show", "--object", os.fsdecode(self.NAME), "--json"))["rejects"]
        self.assertEqual(by_bytes, [reject])
        self.assertIn(self.KEY, self.on("rejects", "show"))
        retried = json.loads(self.on("rejects", "retry", "--object", self.KEY, "--json"))
        self.assertEqual((retried["lines"], retried["rejected"], self.codes(retried)), (1, 1, ["rejects_retried"]))

    def test_a_bad_object_of_such_a_name_is_skipped_by_its_key_or_its_bytes(self):
        self.put("good.json", line(1))
        for name, key in ((b"\xff.gz", "\\xFF.gz"), (b"\xfe.gz", os.fsdecode(b"\xfe.gz"))):
            self.put(name, b"no gzip")
            self.sync(code=3)
            self.on("objects", "skip", key, "--reason", "x")
            self.assertEqual(self.sync()["status"], "success")

    def test_links_and_folders_of_such_names(self):
        self.put(b"d\xff/a.json", line(1))
        os.symlink(b"d\xff/a.json", os.fsencode(self.logs) + b"/l\xfe.json")
        os.symlink(b"nowhere", os.fsencode(self.logs) + b"/n\xfd")
        report = self.sync(code=3)
        self.assertEqual((report["loaded"], report["duplicate"]), (1, 1))
        self.assertIn("n\\xFD: is a link that leads nowhere", report["notices"][0]["message"])

    def test_a_source_whose_own_path_is_not_utf8(self):
        root = os.fsencode(self.directory) + b"/q\xe9/logs"
        os.makedirs(root)
        with open(root + b"/a.json", "wb") as file:
            file.write(line(1) + b"no json\n")
        report = self.sync(source=os.fsdecode(root))
        self.assertTrue(report["location"].endswith("/q\\xE9/logs"), report["location"])
        self.assertEqual(self.sync(source=os.fsdecode(root))["objects"]["known"], 1)
        self.assertTrue(self.status()["location"].endswith("/q\\xE9/logs"))
        retried = json.loads(self.on("rejects", "retry", "--json"))
        self.assertEqual((retried["lines"], retried["rejected"]), (1, 1))


class NoFiles(ObjectsTest):
    def test_pipes_sockets_and_devices_are_told_and_never_opened(self):
        self.put("a.json", line(1))
        os.mkfifo(self.logs / "b.json")
        os.symlink("/dev/zero", self.logs / "c.json.gz")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(os.path.relpath(self.logs / "d.zst"))
        report = self.sync()
        self.assertEqual((report["status"], report["loaded"]), ("success", 1))
        self.assertEqual([(n["code"], n["count"]) for n in report["notices"]], [("not_a_file", 3)])
        self.assertEqual(self.sync()["notices"], report["notices"])
        error = self.run_dray("sync", "logs/b.json", "duckdb:w.db", code=2)
        self.assertEqual(error, "")

    def test_a_directory_of_many_files(self):
        for number in range(100_000):
            (self.logs / f"{number}.json").touch()
        self.put("x.json", line(1))
        report = self.sync()
        self.assertEqual((report["status"], report["objects"]["loaded"], report["loaded"]), ("success", 100_001, 1))


class CleanUp(ObjectsTest):
    def test_leftovers_are_not_removed_through_a_link(self):
        self.put("a.json", line(1))
        other = self.directory / "other"
        left = self.directory / "w.db.tmp-1"
        for directory in (other, left):
            directory.mkdir()
            (directory / "duckdb_temp_storage-0.tmp").touch()
        (left / "duckdb_temp_block-1.block").symlink_to(other / "duckdb_temp_storage-0.tmp")
        (self.directory / "w.db.tmp-2").symlink_to(other)
        self.sync()
        self.assertTrue((other / "duckdb_temp_storage-0.tmp").exists())
        self.assertTrue((self.directory / "w.db.tmp-2").is_symlink())
        self.assertFalse(left.exists())


if __name__ == "__main__":
    unittest.main()
