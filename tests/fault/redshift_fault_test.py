"""Redshift: each statement of a sync fails or loses its connection in turn, and several syncs at once. Whatever becomes of
a sync, the next one leaves the tables that DuckDB has.

DRAY is the binary. DRAY_KILLS is how many faults of three kinds are tried; DRAY_KILL_SEED says where. With 400 each statement fails once.
"""

import json
import os
import pathlib
import random
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from redshift_case import DRAY, StandInTest, identify, track, write_logs  # noqa: E402: in the folder beside this one

SEED = int(os.environ.get("DRAY_KILL_SEED", "1"))
FAULTS = max(2, int(os.environ.get("DRAY_KILLS", "30")) // 3)
SECONDS_MAX = 300
AGAIN = "nothing is loaded twice|run it again|the next sync"


class FaultTest(StandInTest):
    def begin(self, source):
        """A source with logs of its own."""
        self.source = source
        self.logs = self.directory / source
        self.logs.mkdir(exist_ok=True)
        self.warehouse = self.place.address(source)
        self.duckdb = f"duckdb:{self.directory}/{source}.duckdb"

    def deliver(self, number):
        """New events, rows that come again, users."""
        events = [track(10 * number + i, 10 * number + i, name=f"Event {i % 2}", n=i) for i in range(12)]
        events += [identify(f"i{number}{i}", i, user=f"u{i}", n=number) for i in range(3)]
        write_logs(self.logs / f"{number:03}.json.gz", events)

    def start(self):
        return subprocess.Popen(
            [DRAY, "sync", str(self.logs), self.warehouse, "--source", self.source],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def end(self, process):
        said, _ = process.communicate(timeout=SECONDS_MAX)
        for secret in self.place.secrets:
            self.assertNotIn(secret, said)
        return process.returncode, said


class EachStatement(FaultTest):
    def try_fault(self, fault):
        """At statements all over a sync; of a source's first sync, and of later ones."""
        self.begin(fault.split()[-1] + "_" + self.source[-20:])
        self.deliver(0)
        self.sync()
        # A later sync sends fewer statements than the first: the faults meet later ones.
        self.deliver(1)
        since = len(self.redshift.log())
        self.sync()
        statements = len(self.redshift.log()) - since
        draw = random.Random(SEED)
        stride = statements / FAULTS
        fired = 0
        for number in range(1, FAULTS + 1):
            # One within each stride: all over the sync, at other statements with each seed.
            skip = int((number + draw.random()) * stride)
            with self.subTest(fault=fault, skip=skip):
                self.deliver(number + 1)
                self.redshift.control(f"{fault} times=1 skip={skip} at .")
                code, said = self.end(self.start())
                fired += sum(each["fired"] for each in json.loads(self.redshift.control("list")))
                self.redshift.control("clear")
                # Well, or with a word of what to do. One table that is left out would be an error of its own.
                self.assertIn(code, (0, 1), said)
                if code == 1:
                    self.assertRegex(said, AGAIN)
                self.sync()
                if number % 5 == 0:
                    self.assert_equals_duckdb()
        # Syncs differ by a few statements, so that the last fault may come too late; any other has met its statement.
        self.assertGreaterEqual(fired, FAULTS - 1)
        # All of these runs are recorded: what they left is swept.
        self.deliver(FAULTS + 2)
        self.sync()
        self.assert_equals_duckdb()
        self.assert_nothing_left()

    def test_the_connection_is_lost_before_it(self):
        self.try_fault("drop before")

    def test_the_connection_is_lost_after_it(self):
        self.try_fault("drop after")

    def test_another_transaction_wins(self):
        self.try_fault("error 1023")


class AtOnce(FaultTest):
    def test_one_source_is_loaded_once(self):
        self.begin("at_once")
        for number in range(5):
            with self.subTest(number):
                self.deliver(number)
                ended = [self.end(process) for process in [self.start(), self.start()]]
                self.assertIn(0, [code for code, _ in ended], ended)
                for code, said in ended:
                    if code != 0:
                        self.assertEqual(code, 1, said)
                        self.assertIn("another sync has loaded at_once meanwhile", said)
                self.assert_equals_duckdb()
        self.deliver(5)
        self.sync()
        self.assert_equals_duckdb()
        self.assert_nothing_left()

    def test_two_sources_do_not_mind_each_other(self):
        # Nor who makes the ledger.
        self.redshift.run_sql("drop schema if exists _dray cascade", "drop schema if exists _dray_staging cascade")
        for number in range(4):
            running = []
            for source in ("one", "another"):
                self.begin(source)
                self.deliver(number)
                running.append(self.start())
            for process in running:
                code, said = self.end(process)
                self.assertEqual(code, 0, said)
        for source in ("one", "another"):
            self.begin(source)
            self.assert_equals_duckdb()
            self.assert_nothing_left()
        # Lineage tells an object by its number alone, and a table likewise.
        for table, number in (("objects", "object_number"), ("tables", "table_number")):
            twice = f"select {number} from _dray.{table} group by 1 having count(*) > 1"
            self.assertEqual(self.query(self.warehouse, twice), [])


if __name__ == "__main__":
    unittest.main()
