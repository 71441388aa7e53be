"""A fixed input of the things that go wrong, a few lines of each kind, and what should be found in the tables then.

A fact is a value that somebody sent: it is kept if the row of its event has it, to the last digit, in the property's
column or in one that a tool added for values of another type.
"""

import dataclasses
import decimal
import gzip
import json


@dataclasses.dataclass(frozen=True)
class Fact:
    message: str
    value: str  # As JSON.
    name: str = "v"


@dataclasses.dataclass(frozen=True)
class Kind:
    """`syncs` has the objects of each sync, `rows` how many rows the table has then, `dray` what Dray makes of it (see
    Outcome.text). Of `unusable` lines nobody can load anything: those are to be told of."""

    name: str
    syncs: list
    facts: list
    rows: int
    dray: str
    unusable: int = 0


def line(message, properties, received="2026-11-20T10:00:00.000Z"):
    identity = f'"messageId":"{message}",' if message else ""
    return (f'{{"type":"track","event":"Thing Done",{identity}"userId":"u1","receivedAt":"{received}",'
            f'"sentAt":"{received}","timestamp":"{received}","originalTimestamp":"{received}",'
            f'"context":{{"ip":"192.0.2.7"}},"properties":{{{properties}}}}}\n').encode()


def of_values(*values):
    return b"".join(line(f"m{number}", f'"v":{value}') for number, value in enumerate(values))


def facts(*values):
    return [Fact(f"m{number}", value) for number, value in enumerate(values)]


def one_sync(name, dray, *values):
    return Kind(name, [[of_values(*values)]], facts(*values), len(values), dray)


def truncated(data):
    whole = gzip.compress(data)
    return whole[:len(whole) // 2]


EARLY, LATE = "2026-11-20T10:00:00.000Z", "2026-11-20T11:00:00.000Z"
DECIMALS = "[0.1,12345678901234567.89]"
LATE_FIELD = 30_000  # Lines before it: more than DuckDB looks at to find the columns.

KINDS = [
    Kind("a line that is cut off", [[of_values("1", "2") + b'{"type":"track","eve\n' + line("m2", '"v":3')]],
         facts("1", "2", "3"), 3, "3 of 3, 1 told", unusable=1),
    Kind("a line that is not UTF-8", [[of_values('"a"', '"b"') + line("bad", '"v":"?"').replace(b"?", b"caf\xe9")]],
         facts('"a"', '"b"'), 2, "2 of 2, 1 told", unusable=1),
    Kind("an object that is cut off, beside a whole one",
         [[of_values("1", "2"), truncated(line("m9", '"v":9') + line("m8", '"v":8'))]], facts("1", "2"), 2,
         "2 of 2, 1 told", unusable=1),
    one_sync("U+0000 in a string", "1 of 2, 1 told", '"a\\u0000b"', '"c"'),
    one_sync("an integer past 2^53", "2 of 2", "9007199254740993", "1"),
    one_sync("an integer past 64 bits", "1 of 2, 1 told", "36893488147419103233", "1"),
    one_sync("an integer past 2^53 beside a fraction", "1 of 2, 1 silent", "9007199254740993", "0.5"),
    Kind("long decimals in an array", [[line("m0", f'"products":{DECIMALS}') + line("m1", '"products":[1]')]],
         [Fact("m0", DECIMALS, "products"), Fact("m1", "[1]", "products")], 2, "2 of 2"),
    one_sync("numbers and strings in one property", "3 of 3", "76", '"100+"', "1.5"),
    one_sync("text like numbers", "2 of 2", '"00123"', '"1e5"'),
    one_sync("text like UUIDs, in capitals", "2 of 2", '"C123D3B3-E6C3-42DE-BAF1-E867D92561FB"',
             '"67353097-FCF8-4100-BA55-682B318762F8"'),
    Kind("two spellings of a property", [[line("m0", '"color":"red","Color":"blue"')]],
         [Fact("m0", '"red"', "color"), Fact("m0", '"blue"', "Color")], 1, "1 of 2, 1 told"),
    Kind("a property that first comes after 30,000 lines",
         [[b"".join(line(f"n{number}", '"w":1') for number in range(LATE_FIELD)) + line("m0", '"w":1,"v":7')]],
         facts("7"), LATE_FIELD + 1, "1 of 1"),
    Kind("text where numbers were, in a later sync", [[of_values("12")], [line("m1", '"v":"12 pcs"')]],
         facts("12", '"12 pcs"'), 2, "1 of 2, 1 told"),
    Kind("a fraction where integers were, in a later sync", [[of_values("1")], [line("m1", '"v":1.5')]],
         facts("1", "1.5"), 2, "1 of 2, 1 told"),
    Kind("a duplicate: the one received last counts",
         [[line("m0", '"v":2', LATE) + line("m0", '"v":1', EARLY)]], facts("2"), 1, "1 of 1"),
    Kind("the same, the older one in a later sync",
         [[line("m0", '"v":2', LATE)], [line("m0", '"v":1', EARLY)]], facts("2"), 1, "1 of 1"),
    Kind("two events without messageId, beside one with it",
         [[line("m0", '"v":0') + line("", '"v":1') + line("", '"v":2')]], [], 3, "3 of 3"),
]


def same(value, found):
    """Whether the text of a cell is this JSON value, to the last digit."""
    wanted = json.loads(value, parse_float=decimal.Decimal, parse_int=decimal.Decimal)
    if isinstance(wanted, str):
        return found == wanted
    if isinstance(wanted, bool):
        return found == value
    try:
        if isinstance(wanted, decimal.Decimal):
            return decimal.Decimal(found) == wanted
        return json.loads(found, parse_float=decimal.Decimal, parse_int=decimal.Decimal) == wanted
    except (decimal.InvalidOperation, ValueError):
        return False


def kept(kind, rows, variant):
    """How many of the kind's facts are in these rows. `variant` says which columns are a property's."""
    def has(fact):
        return any(same(fact.value, cell) for row in rows if row.get("id", row.get("message_id")) == fact.message
                   for column, cell in row.items() if cell is not None and variant(column, fact.name))
    return sum(map(has, kind.facts))
