"""The process killed, stopped, or out of room at any moment of several syncs in a row: nothing half loaded, nothing lost.

DRAY is the binary, DRAY_GEN the generator. DRAY_KILL_SEED is the first seed, DRAY_KILLS how many kills.
"""

import json
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

DRAY = os.environ["DRAY"]
GEN = os.environ["DRAY_GEN"]
SEED = int(os.environ.get("DRAY_KILL_SEED", "1"))
KILLS = int(os.environ.get("DRAY_KILLS", "30"))
EVENTS = 6_000
SYNCS = 3
SECONDS_MAX = 300


def run(arguments, directory, code=0, **options):
    done = subprocess.run(
        [DRAY, *arguments],
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        **options,
    )
    if code is not None and done.returncode != code:
        raise AssertionError(f"dray {arguments} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


class Sample:
    """The logs in as many batches as there are syncs, and what the tables are after each of them."""

    def __init__(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.directory = pathlib.Path(self.temporary.name)
        mess = ["--duplicates", "5", "--late", "3", "--conflicts", "2", "--bad", "1"]
        subprocess.run(
            [GEN, "--out", "all", "--layout", "flat", "--events", str(EVENTS), "--files", "12", *mess],
            cwd=self.directory,
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=SECONDS_MAX,
        )
        objects = sorted(path for path in (self.directory / "all").rglob("*") if path.is_file())
        # Interleaved: each batch has duplicates of rows that an earlier one stored.
        self.batches = [objects[number::SYNCS] for number in range(SYNCS)]
        # One path for all: where the logs are is part of what the warehouse knows.
        self.home = self.directory / "home"
        self.states = []
        self.seconds = []
        self.begin(0)
        for number in range(SYNCS):
            self.deliver(number)
            begun = time.monotonic()
            run(sync_command(), self.home)
            self.seconds.append(time.monotonic() - begun)
            self.states.append(state(self.home))
            shutil.copy(self.home / "w.duckdb", self.directory / f"{number}.duckdb")

    def begin(self, syncs):
        """An empty home, or one as it is after so many clean syncs."""
        shutil.rmtree(self.home, ignore_errors=True)
        (self.home / "tmp").mkdir(parents=True)
        (self.home / "logs").mkdir()
        for number in range(syncs):
            self.deliver(number)
        if syncs > 0:
            shutil.copy(self.directory / f"{syncs - 1}.duckdb", self.home / "w.duckdb")

    def deliver(self, number):
        for path in self.batches[number]:
            shutil.copy2(path, self.home / "logs" / path.name)


def sync_command():
    return ["sync", "logs", "duckdb:w.duckdb", "--source", "shop", "--no-progress", "--json"]


def query(home, sql):
    return json.loads(run(["query", "duckdb:w.duckdb", sql, "--json"], home).stdout)["rows"]


def state(home):
    """All tables but uuid_ts, in short, and what the ledger knows; opened for reading alone."""
    columns = {}
    for table, column, kind in query(
        home,
        "select table_name, column_name, data_type from information_schema.columns "
        "where table_schema = 'shop' and column_name <> 'uuid_ts' order by all",
    ):
        columns.setdefault(table, {})[column] = kind
    parts = [
        "select '_objects', count(*), sum(hash(key, size_bytes, state, lines, rejected)::hugeint)::varchar "
        "from _dray.objects",
        "select '_rejects', count(*), sum(hash(object, line, kind, reason, value)::hugeint)::varchar from _dray.rejects",
        "select '_lineage', count(*), sum(hash(table_name, uuid, received_at, key, l.line)::hugeint)::varchar "
        "from _dray.lineage l left join _dray.tables t using (table_number) left join _dray.objects o using (object_number)",
    ]
    for table, kinds in columns.items():
        row = ", ".join('"' + column.replace('"', '""') + '"' for column in kinds)
        parts.append(f"select '{table}', count(*), sum(hash({row})::hugeint)::varchar from shop.\"{table}\"")
    return columns, query(home, " union all ".join(parts) + " order by all")


class Faults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sample = Sample()
        cls.addClassCleanup(cls.sample.temporary.cleanup)

    def start(self, **options):
        home = self.sample.home
        return subprocess.Popen(
            [DRAY, *sync_command()],
            cwd=home,
            env={**os.environ, "TMPDIR": str(home / "tmp")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def state_or_none(self):
        home = self.sample.home
        if not (home / "w.duckdb").exists():
            return None
        found = query(home, "select 1 from duckdb_tables() where schema_name = '_dray' and table_name = 'sources'")
        return state(home) if found else None

    def check_whole(self, number):
        """The warehouse is as before this sync, or as after it, and nothing in between; returns whether as after."""
        before = self.sample.states[number - 1] if number > 0 else None
        found = self.state_or_none()
        if number == 0 and found is not None and not found[0]:
            # Nothing but the record of the failure.
            self.assertTrue(all(count == 0 for _, count, _ in found[1]), found)
            return False
        self.assertIn(found, (before, self.sample.states[number]))
        return found != before

    def check_next_sync(self, number):
        """It makes up for everything and leaves no file behind."""
        report = json.loads(run(sync_command(), self.sample.home).stdout)
        self.assertEqual(report["status"], "success")
        self.assertEqual(state(self.sample.home), self.sample.states[number])
        names = sorted(path.name for path in self.sample.home.iterdir())
        self.assertEqual(names, ["logs", "tmp", "w.duckdb"])
        self.assertEqual(list((self.sample.home / "tmp").iterdir()), [])

    def moment(self, draw, number):
        # Loading is the second half of it; the machine may be slower this time.
        return self.sample.seconds[number] * draw.uniform(0.1, 1.2)

    def test_kill_at_any_moment(self):
        killed = 0
        for seed in range(SEED, SEED + KILLS):
            draw = random.Random(seed)
            first = draw.randrange(SYNCS)
            self.sample.begin(first)
            for number in range(first, SYNCS):
                self.sample.deliver(number)
                process = self.start()
                time.sleep(self.moment(draw, number))
                process.kill()
                _, errors = process.communicate(timeout=SECONDS_MAX)
                with self.subTest(seed=seed, sync=number):
                    self.assertIn(process.returncode, (0, -signal.SIGKILL), errors)
                    killed += process.returncode != 0
                    if not self.check_whole(number):
                        self.check_next_sync(number)
        self.assertGreater(killed, KILLS // 2)

    def test_stop_at_any_moment(self):
        outcomes = {0: 0, 1: 0}
        for seed in range(SEED, SEED + KILLS // 2):
            draw = random.Random(seed)
            number = draw.randrange(SYNCS)
            self.sample.begin(number)
            self.sample.deliver(number)
            process = self.start()
            time.sleep(self.moment(draw, number))
            process.send_signal(draw.choice([signal.SIGINT, signal.SIGTERM]))
            begun = time.monotonic()
            _, errors = process.communicate(timeout=SECONDS_MAX)
            waited = time.monotonic() - begun
            with self.subTest(seed=seed, sync=number):
                committed = self.check_whole(number)
                if process.returncode < 0:  # it did not listen yet, or no more
                    continue
                self.assertEqual(process.returncode, 0 if committed else 1, errors)
                outcomes[process.returncode] += 1
                told = "stopped: shop is as it was before this sync" in errors
                told |= "stopped before anything was begun" in errors
                self.assertEqual(told, not committed, errors)
                self.assertLess(waited, max(1, self.sample.seconds[number]), errors)
                self.check_next_sync(number)
        self.assertGreater(outcomes[1], 2 if KILLS >= 30 else 0)

    def check_full(self, done, place):
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(place, done.stderr)
        self.assertRegex(done.stderr, "No space left on device|File too large")
        self.assertIn("\n  try: free some room there", done.stderr)
        self.assertNotIn("success", done.stdout)

    def limited(self, bytes_max, *flags):
        """A sync whose files may not grow beyond a size: a full disk for whoever has no disk to fill."""
        return run(
            [*sync_command(), *flags],
            self.sample.home,
            code=None,
            env={**os.environ, "TMPDIR": str(self.sample.home / "tmp")},
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_max, bytes_max)),
        )

    def test_no_room_for_the_warehouse(self):
        failed = 0
        for number in 0, 1:
            size = (self.sample.directory / f"{number}.duckdb").stat().st_size
            for part in 0.05, 0.4, 0.8:
                with self.subTest(sync=number, part=part):
                    self.sample.begin(number)
                    self.sample.deliver(number)
                    start = (self.sample.home / "w.duckdb").stat().st_size if number > 0 else 0
                    done = self.limited(int(start + (size - start) * part))
                    # DuckDB may keep a small sync in its log, which is a file with room of its own.
                    fits = done.returncode == 0
                    if not fits:
                        self.check_full(done, "w.duckdb")
                        failed += 1
                    self.assertEqual(self.check_whole(number), fits)
                    self.check_next_sync(number)
        self.assertGreater(failed, 2)

    def test_no_room_to_stage(self):
        """Rows that do not fit into memory wait in a file."""
        draw = random.Random(SEED)
        self.sample.begin(1)
        before = self.sample.states[0]
        with open(self.sample.home / "logs" / "big.json", "w", encoding="utf-8") as big:
            for number in range(80_000):
                text = draw.randbytes(1 << 10).hex()
                event = {"type": "track", "messageId": f"big{number}", "userId": "u", "event": "Big"}
                times = {"receivedAt": "2026-11-02T00:00:00Z", "timestamp": "2026-11-02T00:00:00Z"}
                big.write(json.dumps({**event, **times, "properties": {"text": text}}) + "\n")
        done = self.limited((16 << 20), "--memory", "256MiB")
        # It is made where the warehouse's file is.
        self.check_full(done, "temporary directory .")
        self.assertEqual(state(self.sample.home), before)
        self.assertEqual(list(self.sample.home.glob("*dray-stage*")), [])
        failed = query(self.sample.home, "select status, error from _dray.runs order by started_at desc limit 1")[0]
        self.assertEqual(failed[0], "failure")
        self.assertIn("temporary directory", failed[1])
        run([*sync_command(), "--memory", "256MiB"], self.sample.home, env={**os.environ, "TMPDIR": str(self.sample.home / "tmp")})
        self.assertEqual(query(self.sample.home, "select count(*) from shop.big"), [[80_000]])


if __name__ == "__main__":
    unittest.main()
