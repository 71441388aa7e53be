#!/usr/bin/env python3
"""Dray beside DuckDB's own SQL and dlt: the same events into a DuckDB file, on the same two cores.

  bench/compare/compare.py [--check] [--without-dlt] [--rounds N] [--events N] [--out FILE]

Everything runs in turns, as a whole process from start to closed file, and its tables are checked before its time
counts: the rows of each table against a count of the raw lines, and every cell of the SQL's tables against Dray's. A
second table tells what each kept of a small fixed input of things that go wrong (nasty.py); there Dray must do what it
is written to do. --check is for the continuous integration: few events, one round, without dlt. Exits with 1 when an
answer is wrong.

Programs: $DRAY (build/bench/dray) and dray-gen of the same build; tools/test-python installs the others. Figures are
medians, the least and the greatest in brackets; the peak is that of the largest process.
"""

import argparse
import collections
import contextlib
import dataclasses
import datetime
import gzip
import importlib.metadata
import json
import os
import pathlib
import platform
import signal
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import nasty  # noqa: E402
import run as bench  # noqa: E402
from run import CORES, DRAY, GENERATOR, MB, ROOT, Failed, execute, expect, in_turns, ratio, scratch  # noqa: E402

THREADS = len(CORES)
PEER = HERE / "duckdb_peer.py"
SAMPLED, IGNORED = "sample_size = -1", "ignore_errors = true"


def installed(name):
    """The folder of these packages: tools/NAME-python.txt."""
    return subprocess.run([ROOT / "tools/test-python", name], check=True, text=True, stdout=subprocess.PIPE).stdout.strip()


def version_of(packages, name):
    return next(iter(importlib.metadata.distributions(name=name, path=[packages]))).version


@dataclasses.dataclass
class Tools:
    """Where the Python packages are: DuckDB by its version, the newest last, and dlt (or None)."""

    duckdb: dict
    dlt: str

    def python(self, packages, *arguments):
        """Runs one of our scripts with these packages and nothing else of the machine's."""
        environment = {**os.environ, "PYTHONPATH": packages, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONNOUSERSITE": "1"}
        return execute([sys.executable, *arguments], THREADS, environment)

    def look(self, *arguments):
        """An answer of duckdb_peer.py, by the newest DuckDB, which reads what the others wrote."""
        return json.loads(self.python(list(self.duckdb.values())[-1], PEER, *arguments).output)


def tools_of(options):
    folders = [installed("test")] if options.without_dlt else [installed("dlt"), installed("duckdb")]
    return Tools({version_of(folder, "duckdb"): folder for folder in folders},
                 None if options.without_dlt else folders[0])


FIXED = {"identify": "identifies", "page": "pages", "screen": "screens", "group": "groups", "alias": "aliases"}


def counted(directory):
    """What the tables must hold, by the raw lines: the rows of each by the ids of its events, and all lines."""
    ids = collections.defaultdict(set)
    lines = 0
    for file in directory.glob("*.gz"):
        for line in gzip.open(file):
            event = json.loads(line)
            lines += 1
            kind = event["type"]
            if kind == "track":
                ids["tracks"].add(event["messageId"])
                ids[event["event"].lower().replace(" ", "_")].add(event["messageId"])
            else:
                ids[FIXED[kind]].add(event["messageId"])
            if kind == "identify" and event.get("userId"):
                ids["users"].add(event["userId"])
            if kind == "group":
                ids["accounts"].add(event["groupId"])
    return {table: len(of_table) for table, of_table in ids.items()}, lines


class Speed:
    """The ways to load the same events. Each checks what came of it and gives what it used."""

    def __init__(self, tools, directory):
        self.tools, self.directory = tools, directory
        self.rows, self.lines = counted(directory)
        self.same_cells = ""

    def dray(self, keep=None):
        with scratch() as at:
            file = keep or at / "dray.duckdb"
            used = execute([DRAY, "sync", self.directory, f"duckdb:{file}", "--source", "shop", "--threads", THREADS,
                            "--json", "--no-progress"], THREADS)
            expect("status", json.loads(used.output)["status"], "success")
            self.check_rows(file)
        return used

    def landing(self, packages):
        with scratch() as at:
            used = self.tools.python(packages, PEER, "run", HERE / "landing.sql", at / "raw.duckdb",
                                     self.directory / "*.gz", THREADS)
            connection = self.tools.python(packages, "-c", "import duckdb, sys; print(duckdb.connect(sys.argv[1])."
                                           "execute('SELECT count(*) FROM raw').fetchone()[0])", at / "raw.duckdb")
            expect("rows of the raw table", int(connection.output), self.lines)
        return used

    def sql(self, packages):
        with scratch() as at:
            used = self.tools.python(packages, PEER, "run", HERE / "tables.sql", at / "sql.duckdb",
                                     self.directory / "*.gz", THREADS)
            self.check_rows(at / "sql.duckdb")
            if not self.same_cells:
                self.dray(at / "dray.duckdb")
                found = self.tools.look("differences", at / "dray.duckdb", at / "sql.duckdb")
                expect("cells of the SQL's tables that are not Dray's", found["others"], [])
                self.same_cells = (f"every cell is Dray's, but for the {found['uuids']:,} UUIDs in capitals, which "
                                   "DuckDB writes in small letters")
        return used

    def dlt(self):
        with scratch() as at:
            used = self.tools.python(self.tools.dlt, HERE / "dlt_load.py", at / "dlt.duckdb", self.directory, THREADS)
            self.check_rows(at / "dlt.duckdb", without=("users", "accounts"))
        return used

    def check_rows(self, file, without=()):
        expect("rows of the tables", self.tools.look("counts", file),
               {table: rows for table, rows in sorted(self.rows.items()) if table not in without})

    def runs(self):
        runs = {"dray sync": self.dray}
        for version, packages in self.tools.duckdb.items():
            runs[f"DuckDB {version}, one raw table"] = lambda p=packages: self.landing(p)
            runs[f"DuckDB {version}, SQL for the tables"] = lambda p=packages: self.sql(p)
        if self.tools.dlt:
            runs[f"dlt {version_of(self.tools.dlt, 'dlt')}, merge"] = self.dlt
        return runs


def cpu(used):
    return used.cpu


def wall(used):
    return used.wall


def ratio_text(results, name, value):
    each = [value(a) / value(b) for a, b in zip(results[name], results["dray sync"])]
    return f"{ratio(results, name, 'dray sync', value):.2f} ({min(each):.2f}-{max(each):.2f})"


def speed_table(results):
    yield f"{'':<36} {'CPU s':>7} {'times Dray':>20} {'clock s':>8} {'times Dray':>20} {'peak MB':>8}"
    for name, runs in results.items():
        middle = [statistics.median(map(value, runs)) for value in (cpu, wall, lambda used: used.peak / MB)]
        yield (f"{name:<36} {middle[0]:>7.2f} {ratio_text(results, name, cpu):>20} {middle[1]:>8.2f} "
               f"{ratio_text(results, name, wall):>20} {middle[2]:>8.0f}")


@dataclasses.dataclass
class Outcome:
    """What a tool made of a kind of nasty input."""

    failed: bool
    told: int  # How many values or lines it said that it did not keep.
    rows: list

    def text(self, kind, variant):
        wanted = len(kind.facts) or kind.rows
        kept = nasty.kept(kind, self.rows, variant) if kind.facts else min(len(self.rows), kind.rows)
        missing = wanted - kept + kind.unusable
        parts = [f"{kept} of {wanted}"]
        if self.failed:
            parts.append("fails")
        elif missing:
            told = min(self.told, missing)
            parts += [f"{told} told"] * (told > 0) + [f"{missing - told} silent"] * (missing > told)
        if not self.failed and len(self.rows) > kind.rows:
            parts.append(f"{len(self.rows) - kind.rows} too many")
        return ", ".join(parts)


class Nasty:
    """Each tool loads the syncs of a kind one after the other; the SQL makes its tables anew of all objects."""

    def __init__(self, tools):
        self.tools = tools

    def rows(self, file):
        return self.tools.look("rows", file, "thing_done") if file.exists() else []

    def each_sync(self, kind, at):
        (at / "logs").mkdir()
        for number, objects in enumerate(kind.syncs):
            for part, data in enumerate(objects):
                path = at / "logs" / f"{number}-{part}.json.gz"
                path.write_bytes(data if data[:2] == b"\x1f\x8b" else gzip.compress(data))
                # Each sync's objects are younger than those before: dlt tells new ones by that.
                os.utime(path, (1_700_000_000 + number, 1_700_000_000 + number))
            yield at / "logs"

    def dray(self, kind, at):
        told = failed = 0
        for logs in self.each_sync(kind, at):
            done = subprocess.run([DRAY, "sync", logs, f"duckdb:{at / 'w.duckdb'}", "--source", "shop", "--json",
                                   "--no-progress"], capture_output=True, text=True, check=False)
            failed += done.returncode not in (0, 3)  # 3: an object was set aside, and the report says so.
            report = json.loads(done.stdout)
            told += (report["rejected"] + report["values_rejected"] + report["objects"]["set_aside"] +
                     sum(notice["count"] for notice in report["notices"]))
        return Outcome(bool(failed), told, self.rows(at / "w.duckdb"))

    def sql(self, kind, at, *options):
        failed = False
        for logs in self.each_sync(kind, at):
            (at / "w.duckdb").unlink(missing_ok=True)
            try:
                self.tools.python(list(self.tools.duckdb.values())[-1], PEER, "run", HERE / "thing_done.sql",
                                  at / "w.duckdb", logs / "*.gz", THREADS, *options)
            except Failed:
                failed = True
        return Outcome(failed, 0, self.rows(at / "w.duckdb"))

    def dlt(self, kind, at):
        failed = False
        for logs in self.each_sync(kind, at):
            try:
                self.tools.python(self.tools.dlt, HERE / "dlt_load.py", at / "w.duckdb", logs, 1, at / "dlt")
            except Failed:
                failed = True
        return Outcome(failed, 0, self.rows(at / "w.duckdb"))

    def runs(self):
        def is_named(column, name):
            return column == name

        own = {"Dray": (self.dray, lambda column, name: column == name.lower()),
               "SQL": (self.sql, is_named),
               "SQL, careful": (lambda kind, at: self.sql(kind, at, IGNORED, SAMPLED), is_named)}
        if self.tools.dlt:
            own["dlt"] = (self.dlt, lambda column, name: column == name.lower() or column.startswith(f"{name}__v_"))
        return own

    def table(self, kinds):
        runs = self.runs()
        yield f"{'':<50}" + "".join(f"{name:<26}" for name in runs).rstrip()
        for kind in kinds:
            texts = []
            for load, variant in runs.values():
                with scratch() as at:
                    texts.append(load(kind, at).text(kind, variant))
            expect(f"Dray, {kind.name}", texts[0], kind.dray)
            yield f"{kind.name:<50}" + "".join(f"{text:<26}" for text in texts).rstrip()


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                  if line.startswith("model name")), platform.machine())
    return f"{THREADS} cores of {model}, {platform.system()}, Python {platform.python_version()}"


BUSY = 1.1  # Times its CPU time that `dray sync` takes; with two threads on free cores it is less than 1.


def heading(flags, speed):
    dray = execute([DRAY, "--version"], 1).output.split("\n")
    stored = sum(file.stat().st_size for file in speed.directory.iterdir() if file.is_file())
    yield f"{dray[0]} ({dray[1]}) beside DuckDB's SQL and dlt, {datetime.date.today()}"
    yield machine()
    yield f"{' '.join(['bench/compare/compare.py', *sys.argv[1:]])}"
    yield f"dray-gen {' '.join(map(str, flags))}: {speed.lines:,} lines, {stored / MB:.0f} MB as gzip"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="few events, one round, without dlt")
    parser.add_argument("--without-dlt", action="store_true")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--events", type=int)
    parser.add_argument("--out", type=pathlib.Path, help="write what is printed to this file too")
    options = parser.parse_args()
    options.without_dlt = options.without_dlt or options.check
    for program in (DRAY, GENERATOR):
        if not program.is_file():
            parser.error(f"no {program}; build it with: cmake --workflow --preset bench")
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))

    with contextlib.ExitStack() as stack:
        out = stack.enter_context(open(options.out, "w", encoding="utf-8")) if options.out else None

        def show(text=""):
            print(text, flush=True)
            if out:
                print(text, file=out, flush=True)

        tools = tools_of(options)
        flags = ("--events", options.events or (2_000 if options.check else 100_000), "--files", 10, "--layout", "flat",
                 "--duplicates", 1)
        try:
            speed = Speed(tools, bench.generated("compare-check" if options.check else "compare", *flags))
            for text in heading(flags, speed):
                show(text)
            show()
            results = in_turns(options.rounds or (1 if options.check else 3), speed.runs())
            for text in speed_table(results):
                show(text)
            show()
            if statistics.median(used.wall / used.cpu for used in results["dray sync"]) > BUSY:
                show("Other work had the cores for much of the time: the clock says little.")
            show(f"SQL: {speed.same_cells}.")
            show()
            show("What each kept of a small input of things that go wrong: values, and lines that nobody can load; of what")
            show("is not kept, what it told of and what went in silence. `fails`: the load as a whole, with an error.")
            show(f"The SQL makes its tables anew at each sync; careful is with {IGNORED}, {SAMPLED}.")
            kinds = [kind for kind in nasty.KINDS if not options.check or kind.rows < nasty.LATE_FIELD]
            for text in Nasty(tools).table(kinds):
                show(text)
        except Failed as failure:
            print(f"compare: {failure}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
