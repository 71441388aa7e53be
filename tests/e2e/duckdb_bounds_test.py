"""What DuckDB may not take more of than it is given: temporary files, memory."""

import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import unittest

from duckdb_client import execute

DRAY = os.environ["DRAY"]
SECONDS_MAX = 300
KINDS = 45
PROPERTIES = 33
LINES = 513
# A program's peak is at least that of the process which starts it, so a small one does, and writes it to a file.
PEAK = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[2:]).returncode
with open(sys.argv[1], "w") as file:
    file.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)
"""


def event(name, number, properties):
    return json.dumps({
        "type": "track", "event": name, "userId": "u", "messageId": f"m{number}",
        "receivedAt": "2026-11-20T10:00:00Z", "properties": properties})


def events(first, prefix):
    """Each of the tables gets as many new columns."""
    return "".join(
        event(f"Kind {i % KINDS}", first + i, {f"{prefix}{i % KINDS}_{j}": f"text {j}" for j in range(PROPERTIES)})
        + "\n" for i in range(LINES))


class DuckdbBounds(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name)
        (self.directory / "logs").mkdir()

    def run_sync(self, name, text, *arguments, before=None):
        (self.directory / "logs" / name).write_text(text, encoding="utf-8")
        return subprocess.run(
            [DRAY, "sync", "logs", "duckdb:w.duckdb", "--json", "--no-progress", *arguments], cwd=self.directory,
            capture_output=True, text=True, timeout=SECONDS_MAX, check=False, preexec_fn=before)

    def sync(self, name, text, *arguments, before=None):
        done = self.run_sync(name, text, *arguments, before=before)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def sync_and_peak(self, name, text, *arguments):
        """The report, and what the process had of memory at most. `text` may come in pieces."""
        with open(self.directory / "logs" / name, "w", encoding="utf-8") as file:
            file.writelines(text)
        peak = self.directory / "peak"
        done = subprocess.run(
            [sys.executable, "-c", PEAK, peak, DRAY, "sync", "logs", "duckdb:w.duckdb", "--json", "--no-progress", *arguments],
            cwd=self.directory, stdout=subprocess.PIPE, text=True, timeout=SECONDS_MAX, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        return json.loads(done.stdout), int(peak.read_text()) << 10

    def refused(self, *arguments, text=""):
        """Nothing was loaded, and the last number told is the least --memory, in MiB."""
        done = self.run_sync("1.json", text, *arguments)
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        told = json.loads(done.stdout)
        told = told.get("failure", told)  # What is refused once there is a run.
        return told["message"], told["try"]

    def told(self, sql):
        told = subprocess.run([DRAY, "query", "duckdb:w.duckdb", "--csv", sql], cwd=self.directory, capture_output=True,
                              text=True, timeout=SECONDS_MAX, check=True)
        return told.stdout.splitlines()[1]

    def test_columns_added_to_many_tables_need_no_temporary_files(self):
        """DuckDB writes gigabytes of them when all of these tables are changed in one transaction."""
        self.sync("1.json", events(0, "p"))

        def files_of_40_mb():
            resource.setrlimit(resource.RLIMIT_FSIZE, (40 << 20, 40 << 20))

        report = self.sync("2.json", events(LINES, "q"), before=files_of_40_mb)
        self.assertEqual((report["loaded"], report["duplicate"]), (LINES, 0))
        self.assertEqual(
            self.told("select (select count(*) from logs.tracks), count(q7_3), count(p7_3), count(*) from logs.kind_7"),
            f"{2 * LINES},12,12,24")

    def test_texts_of_megabytes_load_in_the_least_memory(self):
        """DuckDB reads and writes 2,048 rows of a table at once, and these are more than it may hold."""
        rows, text_bytes = 12, 9_000_000
        for hour in (10, 11):
            lines = [json.dumps({
                "type": "track", "event": "Big", "userId": "u", "messageId": f"m{i}",
                "receivedAt": f"2026-11-20T{hour}:00:00Z", "properties": {"text": f"{i:09}" * (text_bytes // 9)}})
                for i in range(rows)]
            report = self.sync(f"{hour}.json", "\n".join(lines), "--memory", "256MiB")
            self.assertEqual((report["loaded"], report["duplicate"]), (rows, 0))
            # Later ones replace them, and a checkpoint leaves them where they are.
            self.assertEqual(
                self.told("select count(*), count(distinct text), sum(strlen(text)), min(hour(received_at)), "
                          "(select count(*) from logs.tracks) from logs.big"),
                f"{rows},{rows},{rows * text_bytes},{hour},{rows}")

    def test_long_ids_load_in_the_least_memory(self):
        """As ids of rows, of stored rows that are replaced, and of profiles."""
        people, id_bytes = 500, 100_000
        for hour in (10, 11):
            lines = [json.dumps({
                "type": "identify", "userId": f"{i:05}" * (id_bytes // 5), "messageId": f"{i:05}" * (id_bytes // 5),
                "anonymousId": f"{i:05}" * (id_bytes // 5), "receivedAt": f"2026-11-20T{hour}:00:00Z",
                "traits": {"visits": i * hour}})
                for i in range(people)]
            report = self.sync(f"{hour}.json", "\n".join(lines), "--memory", "256MiB")
            self.assertEqual((report["loaded"], report["duplicate"]), (people, 0))
            self.assertEqual(
                self.told("select count(*), count(distinct id), sum(visits), min(strlen(id)), "
                          "(select count(*) from logs.identifies) from logs.users"),
                f"{people},{people},{hour * people * (people - 1) // 2},{id_bytes},{people}")

    def test_columns_that_memory_does_not_hold_are_refused_with_the_least_that_does(self):
        """Once the events are read, which alone tell them, and before anything is loaded."""
        many = "".join(event(f"Kind {i}", i, {f"p{i}_{j}": j for j in range(200)}) + "\n" for i in range(300))
        message, remedy = self.refused("--memory", "256MiB", text=many)
        self.assertIn("63300 columns of 300 tables", message)
        self.assertIn("no room to plan", message)
        self.assertRegex(remedy, r"^--memory \d+MiB or more \(it is 256MiB\)$")
        wide = event("Wide", 1, {f"p{j}": j for j in range(1500)}) + "\n"
        message, remedy = self.refused("--memory", "256MiB", text=wide)
        self.assertRegex(message, "no room to load them: .* of which wide has 15")
        least = remedy.split()[1]
        self.assertEqual(self.sync("1.json", wide, "--memory", least)["loaded"], 1)

    def test_more_threads_than_memory_holds_are_refused_before_anything_is_read(self):
        message, remedy = self.refused("--memory", "256MiB", "--threads", "200")
        self.assertIn("200 threads need", message)
        self.assertEqual(remedy, "more memory, or fewer threads")

    def test_a_file_that_is_opened_anew_between_transactions_loses_nothing(self):
        """With so little memory DuckDB's notes of 600 tables have no room: and its peak keeps the bound."""
        kinds = 600
        text = (event(f"Kind {i % kinds}", i, {"n": i, "t": f"text {i}"}) + "\n" for i in range(2 * kinds))
        report, peak = self.sync_and_peak("1.json", text, "--memory", "256MiB")
        self.assertEqual(report["loaded"], 2 * kinds)
        self.assertEqual(self.told("select count(*), count(distinct id), count(distinct event) from logs.tracks"),
                         f"{2 * kinds},{2 * kinds},{kinds}")
        self.assertEqual(self.told("select (select sum(n) from logs.kind_0), (select sum(n) from logs.kind_599)"),
                         f"600,{599 + 599 + 600}")
        self.assertLess(peak, 256 << 20)

    def test_values_that_profiles_do_not_take_are_not_gathered(self):
        """A reject for every row: of each the beginning is kept."""
        rows, text_bytes = 30_000, 3_000

        def identify(number, plan):
            return json.dumps({
                "type": "identify", "messageId": f"m{number}", "userId": f"u{number % 100}",
                "receivedAt": "2026-11-20T10:00:00Z", "traits": {"plan": plan}}) + "\n"

        self.sync("1.json", identify(0, "free"))
        execute(self.directory / "w.duckdb", "alter table logs.users alter column plan set data type bigint using null")
        report, peak = self.sync_and_peak(
            "2.json", (identify(i, f"p{i:06}" + "x" * text_bytes) for i in range(1, rows + 1)),
            "--memory", "256MiB")
        self.assertEqual((report["loaded"], report["values_rejected"]), (rows, rows))
        self.assertEqual(
            self.told("select count(*), count(distinct value), min(strlen(value)), max(strlen(value)) from _dray.rejects"),
            f"{rows},{rows},1024,1024")
        self.assertLess(peak, 256 << 20)


if __name__ == "__main__":
    unittest.main()
