#!/usr/bin/env python3
"""Compares dray with the second implementation of the mapping, on generated events.

    run.py --dray PATH [--postgres] [--seeds 1-50] [--events 400] [--every-sync] [--shrink] [--keep DIR]

For each seed: write a sync's objects, run `dray sync`, and so on; then compare the tables, their types and rows, the
counts of every sync and the rejects. Exits 1 when anything differs. The last line is "N seeds compared, M differences".
"""

import argparse
import gzip
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import compare
import generate
import mapping

SCHEMA = "shop"
SHOWN_MAX = 15
COMMAND_SECONDS_MAX = 300
SHRINK_TRIES_MAX = 300

TYPES = {"BOOLEAN": "boolean", "BIGINT": "bigint", "DOUBLE": "double", "VARCHAR": "varchar",
         "TIMESTAMP": "timestamp", "double precision": "double", "text": "varchar",
         "timestamp without time zone": "timestamp"}
START_POSTGRES = Path(__file__).resolve().parent.parent / "servers" / "start-postgres"


class CommandFailed(Exception):
    """dray ended otherwise than agreed."""


class Server:
    """A PostgreSQL of this run's own."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="dray-pg-", dir="/tmp")
        started = subprocess.run([START_POSTGRES, self.directory], check=True, capture_output=True, text=True)
        self.environment = dict(line.split("=", 1) for line in started.stdout.splitlines())
        self.count = 0

    def new_database(self) -> str:
        self.count += 1
        command = ["psql", "-qAt", "-d", "postgres", "-c", f"CREATE DATABASE seed_{self.count}"]
        subprocess.run(command, check=True, env={**os.environ, **self.environment})
        return f"postgres://dray@127.0.0.1:{self.environment['PGPORT']}/seed_{self.count}"

    def close(self) -> None:
        subprocess.run([START_POSTGRES, "--stop", self.directory], check=True)
        shutil.rmtree(self.directory, ignore_errors=True)


class Dray:
    """The program under test. All that is known of its command line and its output is in this class."""

    server = None  # nothing: DuckDB

    def __init__(self, binary: str, directory: Path):
        self.binary = binary
        self.objects = directory / "objects"
        self.warehouse = self.server.new_database() if self.server else f"duckdb:{directory / 'warehouse.duckdb'}"

    def sync(self) -> dict:
        """The counts of one sync."""
        return json.loads(self._run("sync", str(self.objects), self.warehouse, "--source", SCHEMA, "--json"))

    def tables(self) -> dict:
        """The schema in the form of mapping.Warehouse.tables()."""
        columns = {}
        for table, column, type_ in self._query(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            f" WHERE table_schema = '{SCHEMA}' ORDER BY table_name, ordinal_position"
        ):
            columns.setdefault(table, {})[column] = TYPES.get(type_, type_)
        return {table: {"columns": types, "rows": self._rows(table, types)} for table, types in columns.items()}

    def line_rejects(self) -> list:
        return self._query(
            f"SELECT object, line, reason FROM _dray.rejects WHERE source = '{SCHEMA}' AND kind = 'line'"
        )

    def value_rejects(self) -> list:
        return self._query(
            "SELECT object, line, table_name, column_name, value FROM _dray.rejects"
            f" WHERE source = '{SCHEMA}' AND kind = 'value'"
        )

    def _rows(self, table: str, types: dict) -> list:
        names = ", ".join(f'"{name}"' for name in types)
        rows = self._query(f'SELECT {names} FROM "{SCHEMA}"."{table}"')
        return [{name: from_json(value, types[name]) for name, value in zip(types, row)} for row in rows]

    def _query(self, sql: str) -> list:
        answer = json.loads(self._run("query", self.warehouse, sql, "--json"), parse_float=lambda text: text)
        return [tuple(row) for row in answer["rows"]]

    def _run(self, *arguments: str) -> str:
        done = subprocess.run([self.binary, *arguments], capture_output=True, timeout=COMMAND_SECONDS_MAX)
        if done.returncode != 0:
            message = done.stderr.decode(errors="replace").strip()[-2000:]
            raise CommandFailed(f"dray {' '.join(arguments)}: exit code {done.returncode}: {message}")
        return done.stdout.decode()


def from_json(value, type_: str):
    """A cell of a query's answer as mapping.py stores it; what does not look as agreed is left alone and differs."""
    if value is None:
        return None
    if type_ == "double" and isinstance(value, (int, str)) and not isinstance(value, bool):
        return float(value)
    if type_ == "timestamp" and isinstance(value, str):
        return micros_of(value)
    return value


def micros_of(text: str):
    match = re.fullmatch(r"(\d{4,}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.(\d{1,6}))?", text)
    if not match:
        return text
    moment = datetime.strptime(match[1], "%Y-%m-%d %H:%M:%S") - datetime(1970, 1, 1)
    return moment // timedelta(microseconds=1) + int((match[2] or "").ljust(6, "0"))


def write_object(directory: Path, key: str, data: bytes) -> None:
    """Every object of a folder is written as two gzip members, as appending writers leave them."""
    path = directory / key
    path.parent.mkdir(parents=True, exist_ok=True)
    half = len(data) // 2 if "/" in key else len(data)
    members = [data[:half], data[half:]] if data[half:] else [data]
    path.write_bytes(b"".join(gzip.compress(member, compresslevel=1, mtime=0) for member in members))


def compare_case(binary: str, syncs: list, directory: Path, every_sync: bool) -> list[str]:
    """Runs one case in an empty directory and returns its differences."""
    dray, reference, out = Dray(binary, directory), mapping.Warehouse(), []
    dray.objects.mkdir(parents=True, exist_ok=True)
    try:
        for number, objects in enumerate(syncs, start=1):
            for key, data in objects:
                write_object(dray.objects, key, data)
            out += compare.count_differences(number, reference.sync(objects), dray.sync())
            if out or every_sync or number == len(syncs):
                found = compare_warehouse(reference, dray)
                out += [f"after sync {number}: {difference}" for difference in found]
            if out:
                return out
    except (CommandFailed, subprocess.TimeoutExpired, ValueError, KeyError, TypeError) as failure:
        out.append(f"{type(failure).__name__}: {failure}")
    return out


def compare_warehouse(reference: mapping.Warehouse, dray: Dray) -> list[str]:
    lines = [(reject.object_key, reject.line, reject.reason) for reject in reference.line_rejects]
    values = [(reject.object_key, reject.line, reject.table, reject.column, reject.value)
              for reject in reference.value_rejects]
    return (
        compare.line_reject_differences(lines, dray.line_rejects())
        + compare.value_reject_differences(values, dray.value_rejects())
        + compare.differences(reference.tables(), dray.tables())
    )


# --------------------------------------------------------------------------------------------------------- shrinking


def pieces_of(syncs: list) -> list:
    """A case as its lines: (sync, key, line with its newline)."""
    return [
        (number, key, line)
        for number, objects in enumerate(syncs)
        for key, data in objects
        for line in re.findall(b"[^\n]*\n|[^\n]+", data)
    ]


def case_of(pieces: list) -> list:
    """The reverse. Objects and syncs that have lost all their lines are gone."""
    syncs = {}
    for number, key, line in pieces:
        objects = syncs.setdefault(number, {})
        objects[key] = objects.get(key, b"") + line
    return [list(objects.items()) for _, objects in sorted(syncs.items())]


def shrink(syncs: list, still_differs) -> list:
    """Leaves out ever smaller runs of lines while the case still differs (at most SHRINK_TRIES_MAX tries)."""
    pieces, tries = pieces_of(syncs), 0
    run = math.ceil(len(pieces) / 2)
    while run and tries < SHRINK_TRIES_MAX:
        start, shorter = 0, False
        while start < len(pieces) and tries < SHRINK_TRIES_MAX:
            rest = pieces[:start] + pieces[start + run:]
            tries += 1
            if rest and still_differs(case_of(rest)):
                pieces, shorter = rest, True
            else:
                start += run
        if run > 1 or not shorter:
            run //= 2
    return case_of(pieces)


def differences_of(binary: str, syncs: list, every_sync: bool, keep: Path | None = None) -> list[str]:
    if keep:
        return compare_case(binary, syncs, keep, every_sync)
    with tempfile.TemporaryDirectory(prefix="dray-differential-") as directory:
        return compare_case(binary, syncs, Path(directory), every_sync)


def print_case(syncs: list) -> None:
    for number, objects in enumerate(syncs, start=1):
        for key, data in objects:
            for line in data.split(b"\n"):
                print(f"    sync {number}, {key}: {line.decode(errors='backslashreplace')}")


# -------------------------------------------------------------------------------------------------------------- main


def seeds_of(text: str) -> list:
    """"7", "1-50" or "1-3,9"."""
    seeds = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        seeds += range(int(first), int(last or first) + 1)
    return seeds


def run_seed(seed: int, options) -> int:
    """The number of differences of one seed."""
    syncs = generate.generate(seed, options.events)
    keep = options.keep / f"seed-{seed}" if options.keep else None
    found = differences_of(options.dray, syncs, options.every_sync, keep)
    for difference in found[:SHOWN_MAX]:
        print(f"seed {seed}: {difference}")
    if len(found) > SHOWN_MAX:
        print(f"seed {seed}: and {len(found) - SHOWN_MAX} more")
    if found and options.shrink:
        small = shrink(syncs, lambda case: bool(differences_of(options.dray, case, options.every_sync)))
        print(f"seed {seed}: this is left of it:")
        print_case(small)
        for difference in differences_of(options.dray, small, options.every_sync)[:SHOWN_MAX]:
            print(f"    {difference}")
    sys.stdout.flush()
    return len(found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dray", required=True, help="the program under test")
    parser.add_argument("--postgres", action="store_true", help="load PostgreSQL, which this starts, not DuckDB")
    parser.add_argument("--seeds", type=seeds_of, default=seeds_of("1-50"), help='"7", "1-50" or "1-3,9"')
    parser.add_argument("--events", type=int, default=400, help="lines of each seed, about")
    parser.add_argument("--every-sync", action="store_true", help="compare the tables after every sync, not the last")
    parser.add_argument("--shrink", action="store_true", help="reduce a seed that differs to a few lines")
    parser.add_argument("--keep", type=Path, help="leave objects and warehouses in this directory, which must be new")
    options = parser.parse_args()
    if options.keep:
        options.keep.mkdir(parents=True)
    if options.postgres:
        Dray.server = Server()
        mapping.NAME_BYTES_MAX, mapping.CUT_NAME_BYTES = 63, 54
    try:
        total = sum(run_seed(seed, options) for seed in options.seeds)
    finally:
        if Dray.server:
            Dray.server.close()
    print(f"{len(options.seeds)} seeds compared, {total} differences")
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
