#!/usr/bin/env python3
"""Makes the warehouses of a version, to be kept: what is written once must load on with every later version.

    make.py --dray PATH --version 0.1.0

Writes VERSION/events (two folders of raw objects, one per sync), VERSION/shop.duckdb.gz and, from a PostgreSQL that it
starts itself, VERSION/shop.sql.gz, a plain dump. Both hold the same: each kind of table, a column of each type, rejects of
lines and of values, duplicates that were settled, and an object that was set aside.
"""

import argparse
import gzip
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
START_POSTGRES = HERE.parent / "servers" / "start-postgres"
LONG = "A very long name of an event " * 6


def event(kind: str, number: str, minute: int, **members) -> str:
    base = {"type": kind, "messageId": number, "anonymousId": "a1", "receivedAt": f"2024-03-01T10:{minute:02}:00.5Z",
            "sentAt": f"2024-03-01T10:{minute:02}:00Z", "originalTimestamp": f"2024-03-01T09:{minute:02}:00Z",
            "timestamp": f"2024-03-01T09:{minute:02}:00.25Z",
            "context": {"ip": "10.0.0.1", "library": {"name": "analytics.js", "version": "4.1"}, "os": {"build": minute}}}
    return json.dumps(base | members, ensure_ascii=False)


VALUES = {"flag": True, "count": 7, "price": 1.5, "big": 9007199254740993, "at": "2024-02-29T12:00:00.123456Z",
          "label": "it's \"quoted\"\n, caf\u00e9 \U0001f600", "tags": ["a", 1.50, None], "empty": "", "order": "A1",
          "id": 42, "nested": {"zipCode": "012"}}

FIRST = {
    "events.json": [
        event("track", "t1", 1, event="Order Completed", userId="u1", properties=VALUES),
        event("track", "t2", 2, event="Order Completed", userId="u1", properties={"count": 8}),
        event("track", "t2", 3, event="Order Completed", userId="u1", properties={"count": 9}),
        event("track", "t3", 4, event="Users", userId="u2", properties={"x": 1}),
        event("track", "t4", 5, event=LONG, userId="u2", properties={LONG: True}),
        event("track", "t5", 6, event="\U0001f600", userId="u2", properties={"\U0001f680": 0.5}),
        event("track", "t6", 7, event="orderCompleted", userId="u\u00e9 ", properties={"price": 2}),
    ],
    "people.json": [
        event("identify", "i1", 10, userId="u1", traits={"email": "ana@example.com", "plan": "free", "logins": 3}),
        event("identify", "i2", 12, userId="u1", traits={"plan": "gold", "score": 0.5, "active": True}),
        event("identify", "i3", 13, userId="u2", traits={"email": "bo@example.com", "born": "1990-05-01"}),
        event("identify", "i4", 14, traits={"email": "nobody@example.com"}),
        event("group", "g1", 15, userId="u1", groupId="acme", traits={"name": "Acme", "employees": 12}),
        event("group", "g2", 16, userId="u2", groupId="acme", traits={"employees": 13}),
        event("alias", "l1", 17, userId="u1", previousId="a1"),
    ],
    "views/pages.json": [
        event("page", "p1", 20, userId="u1", name="Home", properties={"url": "https://example.com/", "title": "Home"}),
        event("page", "p2", 21, name="Shop", category="Sales", properties={"name": "Other", "depth": 2}),
        event("screen", "s1", 22, userId="u2", name="Main", properties={"dark": False}),
    ],
    "broken.json": [
        "no event", "[]", json.dumps({"type": "track", "userId": "u1"}), json.dumps({"type": "unknown"}),
        event("group", "g9", 23, userId="u1"),
        event("track", "t9", 24, event="Order Completed", userId="u9", integrations={"Warehouses": {"all": False}}),
    ],
}
SECOND = {
    "later.json": [
        event("track", "t7", 30, event="Order Completed", userId="u3", properties={"count": "many", "new column": "x"}),
        event("track", "t8", 31, event="Order Completed", userId="u3", properties={"count": "1.0", "price": "12.50"}),
        event("track", "t1", 32, event="Order Completed", userId="u1", properties=VALUES | {"count": 10}),
        event("identify", "i5", 11, userId="u1", traits={"plan": "late", "email": "late@example.com", "logins": "012"}),
        event("track", "t10", 33, event="Signed Up", userId="u3", properties={"via": "mail"}),
    ],
}
# Its end is missing: it is set aside, and read as soon as it is whole.
CUT = "cut.json.gz"
CUT_LINES = [event("track", "c1", 40, event="Order Completed", userId="u4", properties={"count": 11}),
             event("identify", "c2", 41, userId="u4", traits={"plan": "cut"})]


def write(folder: Path, objects: dict) -> None:
    for key, lines in objects.items():
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def write_events(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    write(folder / "1", FIRST)
    write(folder / "2", SECOND)
    whole = gzip.compress("".join(line + "\n" for line in CUT_LINES).encode(), mtime=0)
    (folder / "1" / CUT).write_bytes(whole[: len(whole) // 2])
    (folder / "whole").mkdir()
    (folder / "whole" / CUT).write_bytes(whole)


def sync(dray: str, events: Path, warehouse: str) -> None:
    """Twice, with the objects of the two folders below one."""
    with tempfile.TemporaryDirectory(prefix="dray-warehouse-") as directory:
        logs = Path(directory) / "logs"
        for number in ("1", "2"):
            shutil.copytree(events / number, logs, dirs_exist_ok=True)
            done = subprocess.run([dray, "sync", logs, warehouse, "--source", "shop"], check=False)
            if done.returncode not in (0, 3):  # an object is set aside
                raise SystemExit(f"dray sync: exit code {done.returncode}")


def pack(path: Path, data: bytes) -> None:
    path.write_bytes(gzip.compress(data, compresslevel=9, mtime=0))
    print(f"{path}: {path.stat().st_size} bytes")


def make_duckdb(dray: str, folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="dray-warehouse-") as directory:
        file = Path(directory) / "shop.duckdb"
        sync(dray, folder / "events", f"duckdb:{file}")
        pack(folder / "shop.duckdb.gz", file.read_bytes())


def make_postgres(dray: str, folder: Path) -> None:
    directory = tempfile.mkdtemp(prefix="dray-pg-", dir="/tmp")
    started = subprocess.run([START_POSTGRES, directory], check=True, capture_output=True, text=True)
    environment = os.environ | dict(line.split("=", 1) for line in started.stdout.splitlines())
    try:
        subprocess.run(["psql", "-qd", "postgres", "-c", "create database shop"], check=True, env=environment)
        sync(dray, folder / "events", f"postgres://dray@127.0.0.1:{environment['PGPORT']}/shop")
        dump = subprocess.run(["pg_dump", "--no-owner", "--no-privileges", "shop"], check=True, capture_output=True,
                              env=environment)
        pack(folder / "shop.sql.gz", dump.stdout)
    finally:
        subprocess.run([START_POSTGRES, "--stop", directory], check=True)
        shutil.rmtree(directory, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dray", required=True, help="the program of that version")
    parser.add_argument("--version", required=True, help="the folder to write")
    options = parser.parse_args()
    folder = HERE / options.version
    folder.mkdir(exist_ok=True)
    write_events(folder / "events")
    make_duckdb(options.dray, folder)
    make_postgres(options.dray, folder)


if __name__ == "__main__":
    main()
