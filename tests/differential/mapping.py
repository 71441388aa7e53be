"""The mapping from raw events to warehouse tables, written a second time: slow, short and obvious.

It exists to disagree with the real one. It is written from docs/mapping.md alone ("the specification"; section
numbers below are its own), uses nothing but the standard library, and keeps everything in memory.

    warehouse = Warehouse()
    counts = warehouse.sync([("day/1.gz", b"...")])      # once per sync, with the objects that are new
    warehouse.tables()                                   # {table: {"columns": {name: type}, "rows": [...]}}
    warehouse.line_rejects, warehouse.value_rejects

It speaks of a warehouse that never cuts a string. A stored timestamp is an int: microseconds since 1970 in UTC.
`uuid` and `uuid_ts` are left out.

Choices
-------
Where the specification is silent, this is what is assumed here.

Lines
 1. A line that is empty or holds only spaces, tabs and CRs is no line: it is not counted. Form feeds, vertical tabs
    and no-break spaces are not white space. Line numbers count every physical line, blank ones included, from 1.
 2. The byte-order mark is no part of the first line, so not of its `gen-` hash. Only one is skipped; a second one, or
    one at the start of a later line, makes that line a reject.
 3. The `gen-` hash is over the line without its LF, with its leading and trailing white space and its CR.
 4. Validity is judged before `integrations`: a line that is both unusable and filtered counts as rejected.
 5. Counts: a line is `loaded` when at least one of its rows stands in a table when its sync ends, else `duplicate`.
    So two tracks with one messageId and different events are both loaded (each owns its event table's row).
    A line that replaces a row of an earlier sync is `loaded`; the earlier sync's counts do not change.

JSON
 6. `\\u0000` and lone surrogates become U+FFFD in keys as well as values, and before anything else looks at the
    text: keys that become equal are duplicate keys, and the hashes of 7.4 are over the replaced text.
 7. Depth counts every bracket of the line's text, those in a duplicate key's lost value included.

Envelope
 8. `type` is one of the six words exactly, case and all.
 9. `event` must be a non-empty string; a number is not an event name.
10. Only `""` is a missing id among strings: `" "` is an id. `false` and every object or array count as missing.
11. An alias needs no previousId. A line with only a previousId or a groupId is still "neither userId nor anonymousId".
12. `Warehouses: {all: false, warehouseIds: [...]}` loads nowhere. Only JSON's `false` counts: "false", 0 and null
    load.

Times
13. A bad originalTimestamp, sentAt or timestamp (wrong text, a number, ...) is treated as missing; that is no value
    reject.
14. The formula of 1.2 uses the raw sentAt, even when the column `sent_at` had to be replaced by received_at, and the
    stored received_at, even when that came from another field. Each time loses its digits past the microsecond first.
15. A formula whose result leaves the years 1 to 9999 gives received_at.
16. The year is judged in UTC only: `0000-12-31T23:30:00-01:00` is a timestamp (0001-01-01 00:30). The calendar of
    year 0 is that of any leap year.

Names
17. A name gets at most one `_`. The hash of a long name (7.5) is over the whole name, `_` included.
18. The standard columns of 7.1 are thirteen: id, uuid, uuid_ts, received_at, sent_at, timestamp, original_timestamp,
    event, event_text, user_id, anonymous_id, group_id, previous_id. `name` and `category` are not among them.
19. `accounts` is built like `users`: no user_id, although 3.2 could be read otherwise.

Pages and screens (7.19)
20. A top-level `name` or `category` that is an object counts as null; an array is its JSON text; "" counts as given.
21. "The property" is the flattened column `name` (so `Name` too). Equal means the same JSON value: "5" is not 5,
    1.0 is not 1.

Types and casts
22. The contract columns of 7.10 are varchar, and exist from the table's first row, in all the fixed tables (users and
    accounts follow identifies and groups): see `contract_columns`. `name` and `category` in both pages and screens;
    url, path, title, search, referrer in pages only; `context_page_*` is path, referrer, search, title, url;
    `context_library_*` is name, version. In event tables they come with their values. `context_ip`,
    `context_user_agent` and every column that begins with `context_library_`, `context_page_` or
    `context_campaign_` is varchar in every table, whatever its values.
23. A number too small for a double (1e-400) is the double 0. `-0`, `-0.0` and `0e9` fit a bigint as 0.
24. Bigint: any number whose exact value is an int64 fits (`1.5e1`, `10e-1`, `9223372036854775807.0`), and so does a
    string that is such a number in JSON: "12", "-0", "1.0", "1e3"; not "012", "+12", " 12".
25. Existing double column: a number of 64 bits written without fraction and exponent must be exactly that double;
    every other number becomes the nearest double. 1e400 does not fit.
26. A string fits a double when it is a JSON number and its decimal value is that of the double's shortest text
    (Python's repr): "1.0", "12.50", "1e+22", "15e9", "-0"; not "9007199254740993", "1e400", "1e-400", "Infinity".
    In a new column of numbers too: there a string that would lose a digit makes the column varchar.
27. Boolean: only true, false, "true", "false". Timestamp: only strings of the pattern. An array fits only a varchar.
28. `""` does not fit a column that is not varchar: NULL, and a value reject (7.24 says only NULL; nothing is lost in
    silence).
29. The values of rows that stand when their sync ends are cast, and rejected; a row that lost as a duplicate rejects
    nothing. A value reject is per row: a context value of a track can be one in `tracks` and one in the event's table.
30. The value in a value reject is the text a varchar column would have held, at most its first 1,024 bytes, not ending
    inside a character.
31. A sync is one batch, whatever its size: "new column" and "all its values" mean the whole sync. A column that has
    only nulls is not created, so its type is still open.
32. Object keys and ids are compared bytewise wherever the greater one wins.
"""

import datetime
import hashlib
import json
import math
import re
from dataclasses import dataclass, field

DEPTH_MAX = 128
NAME_BYTES_MAX = 127
CUT_NAME_BYTES = 118
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1

EVENT_TYPES = ("identify", "track", "page", "screen", "group", "alias")
FIXED_TABLES = frozenset("tracks identifies users groups accounts pages screens aliases".split())

# 3.6 and 7.23: AWS's list of April 2023 without START, CONNECT, LANGUAGE and TIMESTAMP.
RESERVED_WORDS = frozenset(
    """
    aes128 aes256 all allowoverwrite analyse analyze and any array as asc authorization az64 backup between binary
    blanksasnull both bytedict bzip2 case cast check collate column constraint create credentials cross current_date
    current_time current_timestamp current_user current_user_id default deferrable deflate defrag delta delta32k desc
    disable distinct do else emptyasnull enable encode encrypt encryption end except explicit false for foreign freeze
    from full globaldict256 globaldict64k grant group gzip having identity ignore ilike in initially inner intersect
    interval into is isnull join leading left like limit localtime localtimestamp lun luns lzo lzop minus mostly16
    mostly32 mostly8 natural new not notnull null nulls off offline offset oid old on only open or order outer overlaps
    parallel partition percent permissions pivot placing primary raw readratio recover references rejectlog resort
    respect restore right select session_user similar snapshot some sysdate system table tag tdes text255 text32k then
    to top trailing true truncatecolumns union unique unnest unpivot user using verbose wallet when where with without
    """.split()
)

# Names that an engine keeps for columns of its own.
SYSTEM_COLUMNS = frozenset(
    "cmax cmin ctid delete_xid deletexid insert_xid insertxid rowid tableoid xmax xmin".split()
)

STANDARD_TEXTS = ("id", "user_id", "anonymous_id", "group_id", "previous_id", "event", "event_text")
STANDARD_TIMES = ("received_at", "sent_at", "timestamp", "original_timestamp")
STANDARD_COLUMNS = frozenset(STANDARD_TEXTS + STANDARD_TIMES + ("uuid", "uuid_ts"))

CONTRACT_CONTEXT = tuple(
    "context_" + name
    for name in (
        "ip user_agent library_name library_version page_path page_referrer page_search page_title page_url "
        "campaign_source campaign_medium campaign_name campaign_term campaign_content"
    ).split()
)
CONTRACT_PAGES = tuple("url path title search referrer".split())


class Rejected(Exception):
    """A line that cannot be used. The reason is one of a few fixed sentences."""


# ---------------------------------------------------------------------------------------------------------- lines


def lines_of(data: bytes):
    """The lines of an object as (number from 1, raw bytes); blank lines are no lines."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    for number, raw in enumerate(data.split(b"\n"), start=1):
        raw = raw.removeprefix(b"\xef\xbb\xbf")
        if raw.strip(b" \t\r"):
            yield number, raw


# ----------------------------------------------------------------------------------------------------------- JSON


@dataclass(frozen=True)
class Number:
    """A JSON number as it was written. It never passes through a double on its way."""

    text: str


def clean(text: str) -> str:
    """U+0000 and lone surrogates become U+FFFD (Settled details, JSON)."""
    return re.sub("[\x00\ud800-\udfff]", "\ufffd", text)


def cleaned(value):
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [cleaned(item) for item in value]
    if isinstance(value, dict):
        return {key: cleaned(item) for key, item in value.items()}
    return value


def refuse_constant(name):
    raise ValueError(name + " is not JSON")


DECODER = json.JSONDecoder(
    object_pairs_hook=lambda pairs: {clean(key): value for key, value in pairs},
    parse_int=Number,
    parse_float=Number,
    parse_constant=refuse_constant,
)


def depth_of(text: str) -> int:
    """How deep the brackets nest, the outermost being 1. Brackets inside strings do not count."""
    depth = deepest = 0
    for token in re.findall(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', text):
        if token in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif token in "]}":
            depth -= 1
    return deepest


def parse_line(raw: bytes) -> dict:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Rejected("not UTF-8") from None
    if depth_of(text) > DEPTH_MAX:
        raise Rejected("nested too deep")
    try:
        value = DECODER.decode(text)
    except ValueError:
        raise Rejected("not JSON") from None
    if not isinstance(value, dict):
        raise Rejected("not an object")
    return cleaned(value)


GO_ESCAPES = {
    '"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t",
    "<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029",
}


def go_string(text: str) -> str:
    def escape(char):
        if char in GO_ESCAPES:
            return GO_ESCAPES[char]
        return f"\\u{ord(char):04x}" if char < " " else char

    return '"' + "".join(map(escape, text)) + '"'


def go_json(value) -> str:
    """JSON as Segment's encoder writes it: compact, keys sorted bytewise, HTML escaped, numbers verbatim (3.4)."""
    if isinstance(value, list):
        return "[" + ",".join(map(go_json, value)) + "]"
    if isinstance(value, dict):
        keys = sorted(value, key=str.encode)
        return "{" + ",".join(go_string(key) + ":" + go_json(value[key]) for key in keys) + "}"
    if isinstance(value, str):
        return go_string(value)
    return "null" if value is None else as_text(value)


# ---------------------------------------------------------------------------------------------------------- names


def hash8(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def snake_case(text: str) -> str:
    """3.3. Bytewise; only A-Z, a-z and 0-9 count."""
    capitals_and_digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    small_and_digits = b"abcdefghijklmnopqrstuvwxyz0123456789"
    data, out, i = text.encode(), "", 0
    while i < len(data):
        while i < len(data) and data[i] not in capitals_and_digits + small_and_digits:
            i += 1
        if i < len(data) and out:
            out += "_"
        while i < len(data) and data[i] in capitals_and_digits:
            out += chr(data[i]).lower()
            i += 1
        while i < len(data) and data[i] in small_and_digits:
            out += chr(data[i])
            i += 1
    return out


def shortened(name: str) -> str:
    """7.5. Names are ASCII here, so bytes are characters."""
    return name if len(name) <= NAME_BYTES_MAX else name[:CUT_NAME_BYTES] + "_" + hash8(name)


def needs_underscore(name: str) -> bool:
    """3.6: leading digits and reserved words, judged on the whole name."""
    return name[0].isdigit() or name in RESERVED_WORDS


def event_slug(event_text: str) -> str:
    """7.3 and 7.4: what the column `event` holds."""
    return snake_case(event_text) or "event_" + hash8(event_text)


def event_table(slug: str) -> str:
    """3.6 and 7.2."""
    return shortened("_" + slug if needs_underscore(slug) or slug in FIXED_TABLES else slug)


def property_column(name: str) -> str:
    """3.6 and 7.1."""
    collides = name in STANDARD_COLUMNS or name in SYSTEM_COLUMNS or name.startswith("context_")
    return shortened("_" + name if needs_underscore(name) or collides else name)


def flatten(source: dict, prefix: str = "") -> dict:
    """3.4 and 7.6. The later key in bytewise order wins, also when its value is null."""
    out = {}
    for key in sorted(source, key=str.encode):
        name = prefix + (snake_case(key) or "key_" + hash8(key))
        if isinstance(source[key], dict):
            out.update(flatten(source[key], name + "_"))
        else:
            out[name] = source[key]
    return out


def flatten_member(event: dict, member: str, prefix: str = "") -> dict:
    """A `properties`, `traits` or `context` that is no object is ignored."""
    value = event.get(member)
    return flatten(value, prefix) if isinstance(value, dict) else {}


def property_columns(event: dict, member: str) -> dict:
    return {property_column(name): value for name, value in flatten_member(event, member).items()}


def context_columns(event: dict) -> dict:
    return {shortened(name): value for name, value in flatten_member(event, "context", "context_").items()}


# ---------------------------------------------------------------------------------------------------------- times

TIME = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})"
    r"(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?"
    r"(?:[Zz]|([+-])(\d{2})(?::?(\d{2}))?)?)?",
    re.ASCII,
)
DAYS_IN_400_YEARS = 146097


def days_since_1970(year: int, month: int, day: int) -> int:
    """ValueError when there is no such day. Year 0 is counted like year 400."""
    ordinal = datetime.date(year or 400, month, day).toordinal()
    return ordinal - datetime.date(1970, 1, 1).toordinal() - (0 if year else DAYS_IN_400_YEARS)


TIME_MIN = days_since_1970(1, 1, 1) * 86_400_000_000
TIME_MAX = (days_since_1970(9999, 12, 31) + 1) * 86_400_000_000 - 1


def parse_time(value) -> int | None:
    """7.9: microseconds since 1970, or None for what is no timestamp."""
    match = TIME.fullmatch(value) if isinstance(value, str) else None
    if not match:
        return None
    year, month, day, hour, minute, second = (int(group or 0) for group in match.group(1, 2, 3, 4, 5, 6))
    offset_hour, offset_minute = (int(group or 0) for group in match.group(9, 10))
    if hour > 23 or minute > 59 or second > 59 or offset_hour > 23 or offset_minute > 59:
        return None
    try:
        days = days_since_1970(year, month, day)
    except ValueError:
        return None
    offset = (offset_hour * 60 + offset_minute) * (-1 if match.group(8) == "-" else 1)
    seconds = days * 86400 + hour * 3600 + (minute - offset) * 60 + second
    micros = seconds * 1_000_000 + int((match.group(7) or "").ljust(6, "0")[:6])
    return micros if TIME_MIN <= micros <= TIME_MAX else None


def time_text(micros: int) -> str:
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=micros)
    return moment.isoformat(sep=" ")


def times_of(event: dict) -> dict:
    """1.2, 7.11, 7.12 and the settled times."""
    sent, client, original = (parse_time(event.get(key)) for key in ("sentAt", "timestamp", "originalTimestamp"))
    candidates = (parse_time(event.get("receivedAt")), sent, client, original)
    received = next((time for time in candidates if time is not None), None)
    if received is None:
        raise Rejected("no time")
    return {
        "received_at": received,
        "sent_at": received if sent is None or sent > received else sent,
        "timestamp": computed_time(received, sent, original) if client is None else client,
        "original_timestamp": original,
    }


def computed_time(received: int, sent: int | None, original: int | None) -> int:
    """timestamp = receivedAt - (sentAt - originalTimestamp); 7.12 where one is missing."""
    if original is None:
        return received
    if sent is None:
        return original
    time = received - (sent - original)
    return time if TIME_MIN <= time <= TIME_MAX else received


# ------------------------------------------------------------------------------------------------ envelope and rows


@dataclass
class Row:
    """One row on its way: standard cells are final, free cells are JSON values still without a type."""

    table: str
    standard: dict
    free: dict
    object_key: str = ""
    line: int = 0

    @property
    def rank(self):
        """7.16: among the rows of one id the greatest rank stays."""
        return (self.standard["received_at"], self.object_key.encode(), self.line)


def id_of(event: dict, key: str) -> str | None:
    """Settled details, Ids: strings and numbers; anything else, and "", is missing."""
    value = event.get(key)
    if isinstance(value, Number):
        return value.text
    return value if isinstance(value, str) and value else None


def check(event: dict) -> None:
    """The lines that the mapping refuses."""
    if event.get("type") not in EVENT_TYPES:
        raise Rejected("unknown type")
    if event["type"] == "track" and not (isinstance(event.get("event"), str) and event["event"]):
        raise Rejected("track without event")
    if event["type"] == "group" and id_of(event, "groupId") is None:
        raise Rejected("group without groupId")
    if id_of(event, "userId") is None and id_of(event, "anonymousId") is None:
        raise Rejected("neither userId nor anonymousId")


def is_filtered(event: dict) -> bool:
    """3.11 and 7.22, for a warehouse to which the configuration gives no id."""
    integrations = event.get("integrations")
    choice = integrations.get("Warehouses") if isinstance(integrations, dict) else None
    return choice is False or (isinstance(choice, dict) and choice.get("all") is False)


def rows_of(event: dict, raw: bytes) -> list[Row]:
    """3.1 and 3.2: the rows of an event, but for users and accounts, which follow identifies and groups."""
    standard = {
        "id": id_of(event, "messageId") or "gen-" + hashlib.sha256(raw).hexdigest(),
        "user_id": id_of(event, "userId"),
        "anonymous_id": id_of(event, "anonymousId"),
        **times_of(event),
    }
    context = context_columns(event)
    properties, traits = property_columns(event, "properties"), property_columns(event, "traits")
    match event["type"]:
        case "track":
            slug = event_slug(event["event"])
            standard |= {"event": slug, "event_text": event["event"]}
            return [Row("tracks", standard, context), Row(event_table(slug), standard, properties | context)]
        case "identify":
            return [Row("identifies", standard, traits | context)]
        case "group":
            return [Row("groups", standard | {"group_id": id_of(event, "groupId")}, traits | context)]
        case "alias":
            return [Row("aliases", standard | {"previous_id": id_of(event, "previousId")}, traits | context)]
        case viewed:
            return [Row(viewed + "s", standard, with_name_and_category(event, properties) | context)]


def with_name_and_category(event: dict, properties: dict) -> dict:
    """7.19."""
    out = dict(properties)
    for label in ("name", "category"):
        top = event.get(label)
        if top is None or isinstance(top, dict):
            continue
        if out.get(label) not in (None, top):
            out["_" + label] = out[label]
        out[label] = top
    return out


# ---------------------------------------------------------------------------------------------------------- types


def as_text(value) -> str:
    """The text a varchar column holds."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Number):
        return value.text
    return go_json(value) if isinstance(value, list) else value


def is_integer_text(text: str) -> bool:
    return re.fullmatch(r"-?[0-9]+", text) is not None


def int64(text: str) -> int | None:
    """Integer text as an int64, or None when it leaves the range."""
    if len(text) > 20:
        return None
    return int(text) if INT64_MIN <= int(text) <= INT64_MAX else None


def kind_of(value) -> str:
    """7.7: the narrowest type that holds this one value."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, Number):
        if is_integer_text(value.text) and int64(value.text) is not None:
            return "bigint"
        return "double" if math.isfinite(float(value.text)) else "varchar"
    return "varchar" if parse_time(value) is None else "timestamp"


def narrowest(values: list) -> str:
    """The narrowest type that holds all these values. Strings that fit beside numbers or booleans are of their kind."""
    kinds = {kind_of(value) for value in values if not isinstance(value, str)}
    strings = [value for value in values if isinstance(value, str)]
    if not kinds:
        return "timestamp" if all(parse_time(text) is not None for text in strings) else "varchar"
    if kinds == {"boolean"}:
        return "boolean" if all(text in ("true", "false") for text in strings) else "varchar"
    if not kinds <= {"bigint", "double"} or not all(map(is_number_text, strings)):
        return "varchar"
    wanted = "double" if {kind_of(Number(text)) for text in strings} | kinds != {"bigint"} else "bigint"
    return wanted if all(fits(text, wanted) for text in strings) else "varchar"


class DoesNotFit(Exception):
    """A value that the column cannot hold without loss."""


def cast(value, wanted: str, is_new: bool):
    """The stored form of a value (7.8 and the settled casts). `is_new`: the column is created by this very sync."""
    if wanted == "varchar":
        return as_text(value)
    if isinstance(value, list):
        raise DoesNotFit
    stored = {"boolean": to_boolean, "bigint": to_bigint, "double": to_double, "timestamp": parse_time}[wanted]
    rounds = wanted == "double" and is_new and isinstance(value, Number)
    result = float(value.text) if rounds else stored(value)
    if result is None:
        raise DoesNotFit
    return result


def to_boolean(value) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value) if isinstance(value, str) else None


def fits(value, wanted: str) -> bool:
    try:
        cast(value, wanted, is_new=False)
    except DoesNotFit:
        return False
    return True


def is_number_text(text: str) -> bool:
    """RFC 8259, section 6."""
    return re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", text) is not None


def to_bigint(value) -> int | None:
    if isinstance(value, str) and is_number_text(value):
        return exact_int64(value)
    return exact_int64(value.text) if isinstance(value, Number) else None


def exact_int64(number: str) -> int | None:
    """The int64 that this number is exactly, if it is one. Done on the digits: exponents can be absurd."""
    sign, whole, fraction, exponent = re.fullmatch(
        r"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?", number
    ).groups(default="")
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return 0
    if len(exponent.lstrip("+-0")) > 9:
        return None
    zeros = int(exponent or 0) - len(fraction) + len(digits) - len(digits.rstrip("0"))
    digits = digits.rstrip("0")
    if zeros < 0 or len(digits) + zeros > 19:
        return None
    return int64(sign + digits + "0" * zeros)


def to_double(value) -> float | None:
    if isinstance(value, str):
        return double_of_string(value)
    if not isinstance(value, Number) or not math.isfinite(float(value.text)):
        return None
    number = float(value.text)
    if is_integer_text(value.text) and INT64_MIN <= int(value.text) <= INT64_MAX and int(number) != int(value.text):
        return None
    return number


def double_of_string(text: str) -> float | None:
    """A string fits when it is a JSON number whose decimal value is that of its double's shortest text."""
    if not is_number_text(text) or not math.isfinite(float(text)):
        return None
    return float(text) if decimal_of(text) == decimal_of(repr(float(text))) else None


def decimal_of(number: str) -> tuple:
    """Two numbers have the same value exactly when these are equal; exponents can be absurd."""
    sign, whole, fraction, exponent = re.fullmatch(
        r"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?", number
    ).groups(default="")
    digits = (whole + fraction).strip("0")
    if not digits:
        return ("", 0, "")
    trailing = len(whole + fraction) - len((whole + fraction).rstrip("0"))
    return (sign, int(exponent or 0) - len(fraction) + trailing, digits)


# ------------------------------------------------------------------------------------------------------ warehouse


def contract_columns(table: str) -> tuple:
    """7.10: text columns that the fixed tables have from their first row."""
    if table not in FIXED_TABLES:
        return ()
    labels = ("name", "category") if table in ("pages", "screens") else ()
    return CONTRACT_CONTEXT + labels + (CONTRACT_PAGES if table == "pages" else ())


def is_text_column(name: str) -> bool:
    """Text in every table, whatever the values."""
    prefixes = ("context_library_", "context_page_", "context_campaign_")
    return name in ("context_ip", "context_user_agent") or name.startswith(prefixes)


def first_columns(table: str) -> dict:
    columns = {name: "varchar" for name in STANDARD_TEXTS + contract_columns(table)}
    return columns | {name: "timestamp" for name in STANDARD_TIMES}


@dataclass
class Table:
    columns: dict
    rows: dict = field(default_factory=dict)  # id -> (rank, stored cells)


@dataclass(frozen=True)
class LineReject:
    object_key: str
    line: int
    reason: str


REJECT_BYTES_MAX = 1024


@dataclass(frozen=True)
class ValueReject:
    object_key: str
    line: int
    table: str
    column: str
    value: str


class Warehouse:
    """One source's schema. Each sync is given the objects that no earlier sync was given."""

    def __init__(self):
        self.line_rejects: list[LineReject] = []
        self.value_rejects: list[ValueReject] = []
        self._tables: dict[str, Table] = {}

    def sync(self, objects) -> dict:
        """Loads the objects, as (key, decompressed bytes), and returns the counts of the lines."""
        counts = dict.fromkeys(("lines", "loaded", "duplicate", "filtered", "rejected"), 0)
        accepted = []
        for key, data in objects:
            for number, raw in lines_of(data):
                counts["lines"] += 1
                outcome, rows = self._accept(key, number, raw)
                if outcome:
                    counts[outcome] += 1
                else:
                    accepted.append(rows)
        self._load([row for rows in accepted for row in rows])
        for rows in accepted:
            counts["loaded" if any(map(self._stands, rows)) else "duplicate"] += 1
        return counts

    def _accept(self, key: str, number: int, raw: bytes):
        try:
            event = parse_line(raw)
            check(event)
            rows = rows_of(event, raw)
        except Rejected as reject:
            self.line_rejects.append(LineReject(key, number, str(reject)))
            return "rejected", []
        if is_filtered(event):
            return "filtered", []
        for row in rows:
            row.object_key, row.line = key, number
        return None, rows

    def _load(self, rows: list[Row]) -> None:
        new_columns = self._create_columns(rows)
        for row in self._winners(rows):
            cells = row.standard | self._cast_cells(row, new_columns)
            self._tables[row.table].rows[cells["id"]] = (row.rank, cells)

    def _winners(self, rows: list[Row]) -> list[Row]:
        """Of the rows of one table and id the greatest rank, if it is greater than the stored row's."""
        best = {}
        for row in rows:
            place = (row.table, row.standard["id"])
            if place not in best or row.rank > best[place].rank:
                best[place] = row
        return [
            row for (table, row_id), row in best.items()
            if row_id not in self._tables[table].rows or row.rank > self._tables[table].rows[row_id][0]
        ]

    def _create_columns(self, rows: list[Row]) -> set:
        """7.7: types look at every accepted value of the sync. Returns the (table, column) that are new."""
        values = {}
        for row in rows:
            columns = self._tables.setdefault(row.table, Table(first_columns(row.table))).columns
            for name, value in row.free.items():
                if value is not None and name not in columns:
                    values.setdefault((row.table, name), []).append(value)
        for (table, name), found in values.items():
            self._tables[table].columns[name] = "varchar" if is_text_column(name) else narrowest(found)
        return set(values)

    def _cast_cells(self, row: Row, new_columns: set) -> dict:
        cells, columns = {}, self._tables[row.table].columns
        for name, value in row.free.items():
            if value is None:
                continue
            try:
                cells[name] = cast(value, columns[name], (row.table, name) in new_columns)
            except DoesNotFit:
                text = as_text(value).encode()[:REJECT_BYTES_MAX].decode(errors="ignore")
                reject = ValueReject(row.object_key, row.line, row.table, name, text)
                self.value_rejects.append(reject)
        return cells

    def _stands(self, row: Row) -> bool:
        return self._tables[row.table].rows[row.standard["id"]][0] == row.rank

    def tables(self) -> dict:
        """All the tables, users and accounts included, with their rows in the order of their ids."""
        out = {name: shown(table.columns, [cells for _, cells in table.rows.values()])
               for name, table in self._tables.items()}
        for name, events, key in (("users", "identifies", "user_id"), ("accounts", "groups", "group_id")):
            if events in out:
                out[name] = latest(out[events], key)
        return out


def shown(columns: dict, rows: list[dict]) -> dict:
    rows = [{name: row.get(name) for name in columns} for row in rows]
    return {"columns": dict(columns), "rows": sorted(rows, key=lambda row: row["id"])}


def latest(events: dict, key: str) -> dict:
    """7.17, 7.18 and the settled rule: for each column the latest value that is not null, a pure function."""
    kept = {name: type_ for name, type_ in events["columns"].items() if name not in STANDARD_COLUMNS}
    people = {}
    for row in sorted(events["rows"], key=lambda row: (row["received_at"], row["timestamp"], row["id"])):
        if row[key] is not None:
            person = people.setdefault(row[key], {})
            person |= {"id": row[key], "received_at": row["received_at"]}
            person |= {name: row[name] for name in kept if row[name] is not None}
    return shown({"id": "varchar", "received_at": "timestamp"} | kept, list(people.values()))
