"""Where two pictures of one schema differ, in sentences. Pure functions: see run.py for the reading of warehouses.

A picture is {table: {"columns": {name: type}, "rows": [{column: value}]}}, with the types and values of mapping.py.
A table without rows equals an absent one, and a column that is NULL throughout equals an absent one.
"""

import math
from collections import Counter

# uuid is a hash of id and uuid_ts the time of the load: neither belongs to the picture.
IGNORED_COLUMNS = frozenset(("uuid", "uuid_ts"))
TEXT_MAX = 160


def differences(expected: dict, actual: dict) -> list[str]:
    out = []
    for name in sorted(expected.keys() | actual.keys()):
        want, have = picture_of(expected, name), picture_of(actual, name)
        if want["rows"] and not have["rows"]:
            out.append(f"table {name}: expected {len(want['rows'])} rows, found none")
        elif have["rows"] and not want["rows"]:
            out.append(f"table {name}: not expected, found {len(have['rows'])} rows")
        elif want["rows"]:
            out += column_differences(name, want, have) + row_differences(name, want["rows"], have["rows"])
    return out


def picture_of(tables: dict, name: str) -> dict:
    return tables.get(name, {"columns": {}, "rows": []})


def column_differences(table: str, want: dict, have: dict) -> list[str]:
    out = []
    for column in sorted((want["columns"].keys() | have["columns"].keys()) - IGNORED_COLUMNS):
        types = [side["columns"].get(column) for side in (want, have)]
        missing_holds_values = None in types and any(
            row.get(column) is not None for row in (want if types[1] is None else have)["rows"]
        )
        if types[0] != types[1] and (None not in types or missing_holds_values):
            out.append(f"table {table}, column {column}: expected {types[0] or 'none'}, found {types[1] or 'none'}")
    return out


def row_differences(table: str, want: list[dict], have: list[dict]) -> list[str]:
    out = []
    for id_, count in Counter(row["id"] for row in have).items():
        if count > 1:
            out.append(f"table {table}, id {show(id_)}: {count} rows with one id")
    expected, actual = {row["id"]: row for row in want}, {row["id"]: row for row in have}
    for id_ in sorted(expected.keys() | actual.keys(), key=repr):
        if id_ not in actual:
            out.append(f"table {table}, id {show(id_)}: expected a row, found none")
        elif id_ not in expected:
            out.append(f"table {table}, id {show(id_)}: a row that is not expected")
        else:
            out += cell_differences(table, id_, expected[id_], actual[id_])
    return out


def cell_differences(table: str, id_, want: dict, have: dict) -> list[str]:
    out = []
    for column in sorted((want.keys() | have.keys()) - IGNORED_COLUMNS):
        left, right = want.get(column), have.get(column)
        if not same(left, right):
            out.append(f"table {table}, id {show(id_)}, column {column}: expected {show(left)}, found {show(right)}")
    return out


def same(left, right) -> bool:
    """Equal in kind and value. -0.0 equals 0.0: no warehouse promises the sign of a zero."""
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        return math.isnan(right)
    return type(left) is type(right) and left == right


def count_differences(sync: int, expected: dict, actual: dict) -> list[str]:
    return [
        f"sync {sync}, {name} lines: expected {expected[name]}, found {actual.get(name)}"
        for name in expected
        if expected[name] != actual.get(name)
    ]


def line_reject_differences(expected: list, actual: list) -> list[str]:
    """Lists of (object, line, reason). Reasons are shown, not compared: their wording is nobody's promise."""
    return place_differences("line reject", [row[:2] for row in expected], [row[:2] for row in actual],
                             {row[:2]: row[2] for row in expected + actual})


def value_reject_differences(expected: list, actual: list) -> list[str]:
    """Lists of (object, line, table, column, value)."""
    return place_differences("value reject", expected, actual, {})


def place_differences(what: str, expected: list, actual: list, remarks: dict) -> list[str]:
    out = []
    for verdict, extra in (("expected, not found", Counter(expected) - Counter(actual)),
                           ("found, not expected", Counter(actual) - Counter(expected))):
        for place, count in sorted(extra.items(), key=repr):
            times = f" {count} times" if count > 1 else ""
            remark = f" ({remarks[place]})" if place in remarks else ""
            out.append(f"{what} {', '.join(map(show, place))}{remark}: {verdict}{times}")
    return out


def show(value) -> str:
    text = repr(value)
    return text if len(text) <= TEXT_MAX else f"{text[:TEXT_MAX]}... ({len(text)} characters)"
