"""What DuckDB may not take more of than it is given: temporary files, memory."""

import json
import os
import pathlib
import resource
import subprocess
import tempfile
import unittest

DRAY = os.environ["DRAY"]
SECONDS_MAX = 180
KINDS = 45
PROPERTIES = 33
LINES = 513


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

    def sync(self, name, text, *arguments, before=None):
        (self.directory / "logs" / name).write_text(text, encoding="utf-8")
        done = subprocess.run(
            [DRAY, "sync", "logs", "duckdb:w.duckdb", "--json", "--no-progress", *arguments], cwd=self.directory,
            capture_output=True, text=True, timeout=SECONDS_MAX, check=False, preexec_fn=before)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def test_columns_added_to_many_tables_need_no_temporary_files(self):
        """DuckDB writes gigabytes of them when all of these tables are changed in one transaction."""
        self.sync("1.json", events(0, "p"))

        def files_of_40_mb():
            resource.setrlimit(resource.RLIMIT_FSIZE, (40 << 20, 40 << 20))

        report = self.sync("2.json", events(LINES, "q"), before=files_of_40_mb)
        self.assertEqual((report["loaded"], report["duplicate"]), (LINES, 0))
        told = subprocess.run(
            [DRAY, "query", "duckdb:w.duckdb", "--csv",
             "select (select count(*) from logs.tracks), count(q7_3), count(p7_3), count(*) from logs.kind_7"],
            cwd=self.directory, capture_output=True, text=True, timeout=SECONDS_MAX, check=True)
        self.assertEqual(told.stdout.splitlines()[1], f"{2 * LINES},12,12,24")


if __name__ == "__main__":
    unittest.main()
