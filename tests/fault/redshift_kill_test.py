"""The process killed at any statement of a sync into Redshift: the next sync loads what is missing, once.

What a killed run leaves in the staging location and in _dray_staging stays for a day: the run is not recorded, and as far
as anybody knows it may still commit. Then a sync sweeps it.

DRAY is the binary. DRAY_KILL_SEED is the first seed, DRAY_KILLS how many kills.
"""

import os
import pathlib
import random
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from redshift_case import DRAY, StandInTest, identify, track, write_logs  # noqa: E402: in the folder beside this one

SEED = int(os.environ.get("DRAY_KILL_SEED", "1"))
KILLS = int(os.environ.get("DRAY_KILLS", "30"))
ROUNDS = 5  # kills of one source, the first of them in its first sync
SECONDS_MAX = 300
# Later than any run that this test starts, by more than a day.
LATE_RUN = "29990101T000000-000000"


class Kills(StandInTest):
    def begin(self, seed):
        """A source that nobody has loaded."""
        self.source = f"kill_{seed}"
        self.logs = self.directory / self.source
        self.logs.mkdir()
        self.warehouse = self.place.address(self.source)
        self.duckdb = f"duckdb:{self.directory}/{self.source}.duckdb"
        self.ids = set()

    def deliver(self, draw, number):
        """New events, rows that come again, later or in the same moment, a new column, users."""
        events = [track(100 * number + i, draw.randrange(3000), name=f"Event {i % 2}", n=i) for i in range(20)]
        again = [draw.randrange(100 * number + 20) for _ in range(20)]
        events += [track(one, draw.randrange(3000), name=f"Event {one % 2}", n=-one) for one in again]
        events += [track(100 * number + 91, 1, name="Event 1", **{f"p{number}": "x" * 200 * number})]
        events += [identify(f"i{number}{i}", draw.randrange(3000), user=f"u{draw.randrange(4)}", n=i) for i in range(9)]
        self.ids |= {each["messageId"] for each in events if each["type"] == "track"}
        write_logs(self.logs / f"{draw.randrange(1000):03}-{number}.json.gz", events)

    def sync_killed(self, statements, seconds):
        """A sync that is killed so long after so many of its statements; whether it was there to be killed."""
        log = pathlib.Path(self.redshift.env["REDSHIFT_LOG"])
        process = subprocess.Popen(
            [DRAY, "sync", str(self.logs), self.warehouse, "--source", self.source],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with open(log, "rb") as ended:
            ended.seek(self.log_bytes)
            seen = 0
            while seen < statements and process.poll() is None:
                seen += ended.read().count(b"\n")
                time.sleep(0.001)
        time.sleep(seconds)
        process.kill()
        process.wait(timeout=SECONDS_MAX)
        self.assertIn(process.returncode, (0, -signal.SIGKILL))
        return process.returncode != 0

    @property
    def log_bytes(self):
        return pathlib.Path(self.redshift.env["REDSHIFT_LOG"]).stat().st_size

    def counts(self):
        """Of tracks its rows and their ids, and the rows of the tables of events, seen at once."""
        tracks, one, another = (f"{self.source}.{table}" for table in ("tracks", "event_0", "event_1"))
        sql = f"select (select count(*) from {tracks}) as n, (select count(distinct id) from {tracks}) as ids, "
        sql += f"(select count(*) from {one}) + (select count(*) from {another}) as events"
        return [int(count) for count in self.query(self.warehouse, sql)[0].values()]

    def runs_with_files(self):
        return {key.split("/")[4] for key in self.place.keys(self.source)}

    def test_kill_at_any_statement(self):
        killed = 0
        statements = 120  # of a sync; then as many as one has had
        for number, seed in enumerate(range(SEED, SEED + KILLS)):
            draw = random.Random(seed)
            if number % ROUNDS == 0:
                if number > 0:
                    self.check_is_swept(draw)
                self.begin(seed)
                killed_runs = 0
            with self.subTest(seed=seed):
                before = len(self.ids)
                self.deliver(draw, number % ROUNDS)
                was_killed = self.sync_killed(draw.randrange(statements), draw.choice([0, 0, 0.003, 0.03]))
                killed += was_killed
                killed_runs += was_killed
                # All tables are as before, or all as after.
                if before > 0 or self.tables(self.warehouse):
                    self.assertIn(self.counts(), [[before] * 3, [len(self.ids)] * 3])
                since = len(self.redshift.log())
                self.sync()
                statements = max(statements, len(self.redshift.log()) - since)
                self.assertEqual(self.counts(), [len(self.ids)] * 3)
                # Of the syncs that ended well nothing is left.
                self.assertLessEqual(len(self.runs_with_files()), killed_runs)
        self.check_is_swept(draw)
        self.assertGreater(killed, KILLS // 2)

    def check_is_swept(self, draw):
        """A day later; here it is the last sync that seems to be one of the future."""
        self.redshift.run_sql(
            f"update _dray.runs set run_id = '{LATE_RUN}' where source = '{self.source}' and "
            f"run_id = (select max(run_id) from _dray.runs where source = '{self.source}')"
        )
        self.deliver(draw, ROUNDS)
        self.sync()
        self.assert_equals_duckdb()  # a row that any of its syncs lost or loaded twice is missing or twice now
        self.assert_nothing_left()


if __name__ == "__main__":
    unittest.main()
