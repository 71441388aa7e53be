"""Stands in for dray in test_run.py: answers `sync` and `query` in the agreed form, out of mapping.py itself.

FAKE_BUG makes it lie: "cell" alters one price, "count" one count, "reject" hides one line reject, "crash" exits 1.
"""

import gzip
import json
import os
import re
import sys
from pathlib import Path

import mapping
import run

BUG = os.environ.get("FAKE_BUG", "")


def sync(source: Path, state: Path) -> dict:
    """Loads what is new. The state is the list of keys that each sync brought, and where they lie."""
    known = json.loads(state.read_text()) if state.exists() else {"source": str(source), "syncs": []}
    keys = sorted(str(path.relative_to(source)) for path in source.rglob("*.gz"))
    known["syncs"].append([key for key in keys if not any(key in old for old in known["syncs"])])
    state.write_text(json.dumps(known))
    counts = replay(state)[1]
    return counts | {"loaded": counts["loaded"] + 1} if BUG == "count" else counts


def replay(state: Path):
    known, warehouse, counts = json.loads(state.read_text()), mapping.Warehouse(), {}
    for keys in known["syncs"]:
        objects = [(key, gzip.decompress((Path(known["source"]) / key).read_bytes())) for key in keys]
        counts = warehouse.sync(objects)
    return warehouse, counts


def query(state: Path, sql: str) -> list:
    warehouse = replay(state)[0]
    if "information_schema" in sql:
        names = {type_: name for name, type_ in run.TYPES.items()}
        return [[table, column, names[type_]] for table, shown in warehouse.tables().items()
                for column, type_ in shown["columns"].items()]
    if "kind = 'line'" in sql:
        rejects = [[reject.object_key, reject.line, reject.reason] for reject in warehouse.line_rejects]
        return rejects[1:] if BUG == "reject" else rejects
    if "kind = 'value'" in sql:
        return [list(vars(reject).values()) for reject in warehouse.value_rejects]
    table = warehouse.tables()[re.search(r'FROM "shop"\."(.*)"', sql)[1]]
    return [[answered(name, value, table["columns"][name]) for name, value in row.items()] for row in table["rows"]]


def answered(name: str, value, type_: str):
    if value is None:
        return None
    if BUG == "cell" and name == "price" and value == 7:
        return 8
    return mapping.time_text(value) if type_ == "timestamp" else value


def main() -> int:
    command, *arguments = sys.argv[1:]
    if BUG == "crash":
        print("out of hay", file=sys.stderr)
        return 1
    if command == "sync":
        source, warehouse = arguments[:2]
        print(json.dumps(sync(Path(source), Path(warehouse.removeprefix("duckdb:")))))
    else:
        warehouse, sql = arguments[:2]
        print(json.dumps({"columns": [], "rows": query(Path(warehouse.removeprefix("duckdb:")), sql)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
