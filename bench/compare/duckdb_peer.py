#!/usr/bin/env python3
"""DuckDB by its own Python package (PYTHONPATH says which version): for the comparison, and to look at what came of it.

  duckdb_peer.py run SCRIPT FILE LOGS THREADS [OPTION=VALUE]...
  duckdb_peer.py land FILE LOGS THREADS [STORAGE]
  duckdb_peer.py counts FILE                   the rows of each table of the schema `shop`, as JSON
  duckdb_peer.py differences FILE OTHER        of the tables of FILE, what is not the same in OTHER, as JSON
  duckdb_peer.py rows FILE TABLE               the rows of shop.TABLE as JSON, each value as its text

`land` makes one raw table of the files of the glob LOGS, in this storage version, and tells its rows and how long it took
from connecting to the closed file, as JSON. `run` executes an SQL script in which :logs is the glob LOGS and :options what the OPTIONs add to read_ndjson_auto().
"""

import json
import pathlib
import re
import sys
import time

import duckdb


def literal(text):
    return "'" + text.replace("'", "''") + "'"


def run(script, file, logs, threads, *options):
    sql = pathlib.Path(script).read_text(encoding="utf-8")
    sql = sql.replace(":logs", literal(logs)).replace(":options", "".join(f", {option}" for option in options))
    connection = duckdb.connect(file)
    connection.execute(f"SET threads = {int(threads)}")
    connection.execute(sql)
    connection.close()


def land(file, logs, threads, storage=None):
    script = (pathlib.Path(__file__).parent / "landing.sql").read_text(encoding="utf-8")
    begun = time.monotonic()
    connection = duckdb.connect() if storage else duckdb.connect(file)
    connection.execute(f"SET threads = {int(threads)}")
    if storage:
        connection.execute(f"ATTACH {literal(file)} AS logs (STORAGE_VERSION {literal(storage)}); USE logs")
    connection.execute(script.replace(":logs", literal(logs)))
    rows = connection.execute("SELECT count(*) FROM raw").fetchone()[0]
    connection.close()
    return {"rows": rows, "seconds": time.monotonic() - begun}


def columns(connection, database):
    """By table of the schema `shop` the columns, without those that dlt keeps for itself."""
    tables = {}
    for table, column in connection.execute(
            "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = ? AND schema_name = 'shop' "
            "AND table_name NOT LIKE '\\_dlt%' ESCAPE '\\' ORDER BY ALL", [database]).fetchall():
        tables.setdefault(table, []).append(column)
    return tables


def attached(*files):
    connection = duckdb.connect()
    for number, file in enumerate(files):
        connection.execute(f"ATTACH {literal(file)} AS file{number} (READ_ONLY)")
    return connection


def counts(file):
    connection = attached(file)
    return {table: connection.execute(f'SELECT count(*) FROM file0.shop."{table}"').fetchone()[0]
            for table in columns(connection, "file0")}


UUID = re.compile("[0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
# Neither is of the event: a hash of ours, and the time of the load.
OF_THE_LOAD = {"uuid", "uuid_ts"}


def differences(file, other):
    """Cells are compared as text, arrays as JSON whose keys may stand in another order. A column that only one of the
    two has must be all NULL. Of `others` each is a difference; `uuids` counts the cells where a UUID stands in capitals
    in one alone, which is what DuckDB makes of text that looks like one."""
    connection = attached(file, other)
    mine, theirs = columns(connection, "file0"), columns(connection, "file1")
    found = [f"table {table} is in one alone" for table in mine.keys() ^ theirs.keys()]
    uuids = 0
    for table in mine.keys() & theirs.keys():
        for database, alone in (("file0", set(mine[table]) - set(theirs[table])),
                                ("file1", set(theirs[table]) - set(mine[table]))):
            for column in alone - OF_THE_LOAD:
                if connection.execute(f'SELECT count("{column}") FROM {database}.shop."{table}"').fetchone()[0]:
                    found.append(f"{table}.{column} is in one alone")
        shared = sorted(set(mine[table]) & set(theirs[table]) - OF_THE_LOAD - {"id"})
        for column in shared:
            rows = connection.execute(
                f'SELECT a."{column}"::VARCHAR, b."{column}"::VARCHAR FROM file0.shop."{table}" a '
                f'JOIN file1.shop."{table}" b USING (id) WHERE a."{column}" IS DISTINCT FROM b."{column}"').fetchall()
            rows = [row for row in rows if not same_array(*row)]
            other_case = [row for row in rows if None not in row and UUID.fullmatch(row[0]) and
                          row[0].lower() == row[1].lower()]
            uuids += len(other_case)
            rows = [row for row in rows if row not in other_case]
            if rows:
                found.append(f"{table}.{column}: {len(rows)} rows, such as {rows[0][0]!r} and {rows[0][1]!r}")
    return {"uuids": uuids, "others": sorted(found)}


def same_array(mine, theirs):
    if not (mine and theirs and mine[0] == theirs[0] == "["):
        return False
    return without_nulls(json.loads(mine)) == without_nulls(json.loads(theirs))


def without_nulls(value):
    """A structure of DuckDB's has all its fields in each row; those that were not there are NULL."""
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return value


def rows(file, table):
    connection = attached(file)
    if table not in columns(connection, "file0"):
        return []
    kinds = dict(connection.execute(f'SELECT column_name, column_type FROM (DESCRIBE file0.shop."{table}")').fetchall())
    found = connection.execute(f'SELECT COLUMNS(*)::VARCHAR FROM file0.shop."{table}"').fetchall()

    def text(name, value):
        # A JSON column has a string in its quotes.
        return json.loads(value) if kinds[name] == "JSON" and value and value[0] == '"' else value

    return [{name: text(name, value) for name, value in zip(kinds, row)} for row in found]


if __name__ == "__main__":
    answers = {"run": run, "land": land, "counts": counts, "differences": differences, "rows": rows}
    answer = answers[sys.argv[1]](*sys.argv[2:])
    print(json.dumps(answer) if answer is not None else duckdb.__version__)
