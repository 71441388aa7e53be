"""Standard input, output and error as cron, pagers and full disks leave them: never the warehouse's loss.

DRAY is the binary.
"""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

DRAY = os.environ["DRAY"]
SECONDS_MAX = 300
UNREPORTED = 4
EVENT = {"type": "track", "event": "Sold", "userId": "u", "receivedAt": "2026-01-01T00:00:00Z"}


class Streams(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name)
        (self.directory / "logs").mkdir()
        self.write("a.json", "m1")

    def write(self, key, message_id):
        (self.directory / "logs" / key).write_text(json.dumps({**EVENT, "messageId": message_id}) + "\n")

    def shell(self, redirections, *arguments):
        """The command with its streams as a shell is told; "dray" in a pipe's place."""
        script = f'exec "$0" "$@" {redirections}'
        return subprocess.run(
            ["bash", "-c", script, DRAY, *arguments],
            cwd=self.directory, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS_MAX,
        )  # fmt: skip

    def rows(self):
        done = self.shell("", "query", "duckdb:w.db", "select count(*) from shop.sold", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)["rows"][0][0]

    SYNC = ("sync", "logs", "duckdb:w.db", "--source", "shop")

    def test_closed_streams_leave_the_warehouse_whole(self):
        closed = [">&-", "2>&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-"]
        for number, redirections in enumerate(closed):
            for arguments in self.SYNC, (*self.SYNC, "--json"), (*self.SYNC, "--quiet"):
                with self.subTest(redirections, arguments=arguments):
                    done = self.shell(redirections, *arguments)
                    quiet = "--quiet" in arguments
                    expected = UNREPORTED if ">&-" in redirections.replace("2>&-", "") and not quiet else 0
                    self.assertEqual(done.returncode, expected, done.stderr)
            self.assertEqual(self.rows(), number + 1)
            self.write(f"b{number}.json", f"n{number}")

    def test_a_report_that_cannot_be_written_is_told_and_has_its_own_code(self):
        self.shell("", *self.SYNC)
        commands = [
            self.SYNC, ("plan", *self.SYNC[1:]), (*self.SYNC, "--json"),
            ("status", "--warehouse", "duckdb:w.db"), ("status", "--warehouse", "duckdb:w.db", "--json"),
            ("history", "--warehouse", "duckdb:w.db"), ("rejects", "list", "--warehouse", "duckdb:w.db"),
            ("query", "duckdb:w.db", "select 1"), ("query", "duckdb:w.db", "select 1", "--json"),
            ("query", "duckdb:w.db", "select 1", "--csv"),
            ("init", "--force"), ("completion", "bash"), ("settings", "schema"), ("version",), ("version", "--json"),
            ("help",), ("sync", "--help"),
        ]  # fmt: skip
        for redirection in ">/dev/full", ">&-":
            for arguments in commands:
                with self.subTest(redirection, arguments=arguments):
                    done = self.shell(redirection, *arguments)
                    self.assertEqual(done.returncode, UNREPORTED, done.stderr)
                    self.assertIn("cannot write to standard output: ", done.stderr)
        self.assertTrue((self.directory / "dray.yaml").read_text())
        self.assertEqual(self.rows(), 1)

    def test_a_failure_keeps_its_code(self):
        for redirection in ">/dev/full", ">&-":
            self.assertEqual(self.shell(redirection, "status", "--warehouse", "duckdb:none.db", "--json").returncode, 2)

    def test_an_error_goes_to_what_is_left(self):
        done = self.shell("2>&-", "status", "--warehouse", "duckdb:none.db")
        self.assertEqual(done.returncode, 2)
        self.assertIn("dray: error: ", done.stdout)
        done = self.shell("2>/dev/full", "status", "--warehouse", "duckdb:none.db", "--json")
        self.assertEqual(json.loads(done.stdout)["exit_code"], 2)

    def test_a_reader_that_goes_ends_the_query_and_not_with_a_signal(self):
        done = subprocess.run(
            ["bash", "-c", '"$0" query duckdb::memory: "from range(100000000)" --csv | head -n 2; echo ${PIPESTATUS[0]}', DRAY],
            capture_output=True, text=True, timeout=SECONDS_MAX,
        )  # fmt: skip
        self.assertEqual(done.stdout, f"range\n0\n{UNREPORTED}\n")
        self.assertIn("Broken pipe", done.stderr)

    def test_a_pipe_that_does_not_block_gets_everything(self):
        read_end, write_end = os.pipe()
        os.set_blocking(write_end, False)
        process = subprocess.Popen([DRAY, "query", "duckdb::memory:", "from range(200000)", "--csv"], stdout=write_end)
        os.close(write_end)
        with os.fdopen(read_end) as lines:
            self.assertEqual(sum(1 for _ in lines), 200_001)
        self.assertEqual(process.wait(SECONDS_MAX), 0)

    def test_a_program_that_gives_credentials_has_its_streams_and_its_signals(self):
        (self.directory / "give").write_text(
            "#!/bin/bash\n"
            f"grep -E 'SigIgn' /proc/$$/status > {self.directory}/signals\n"
            f"ls -l /proc/$$/fd > {self.directory}/descriptors\n"
            "exit 1\n"
        )
        (self.directory / "give").chmod(0o755)
        config = self.directory / "aws"
        config.write_text(f"[profile p]\ncredential_process = {self.directory}/give\nregion = us-east-1\n")
        script = 'AWS_CONFIG_FILE="$1" AWS_PROFILE=p AWS_SHARED_CREDENTIALS_FILE=/nonexistent exec "$0" sync s3://bucket duckdb:x.db <&- >&- 2>&-'
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        subprocess.run(["bash", "-c", script, DRAY, config], cwd=self.directory, env=clean, timeout=SECONDS_MAX)
        ignored = int((self.directory / "signals").read_text().split()[1], 16)
        sigpipe_and_sigxfsz = 1 << 12 | 1 << 24
        self.assertEqual(ignored & sigpipe_and_sigxfsz, 0)
        descriptors = (self.directory / "descriptors").read_text()
        self.assertNotIn("x.db", descriptors)
        self.assertRegex(descriptors, r" 1 -> pipe:")


if __name__ == "__main__":
    unittest.main()
