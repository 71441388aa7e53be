"""Adversarial events, the same for the same seed.

    syncs = generate(seed, events)        # [[(key, bytes), ...], ...]: the objects that each sync adds

The vocabulary is small on purpose: names, ids and times must meet again for collisions, duplicates, late casts and
out-of-order identifies to happen at all. JSON is written by hand, so that number text, duplicate keys, escapes and
broken lines come out exactly as meant.
"""

import random

LONG = "Very long name " * 8  # 120 bytes of snake case, with what follows beyond the 127 that fit

KEYS = (
    ["price", "Price", "PRICE", "pri ce", "first_name", "firstName", "first", "FirstName", "a", "a_b", "a.b", "b"]
    + ["color", "ratio", "when", "When", "ok", "plan", "seen at", "qty", "tags"] * 2
    + ["order", "Order", "select", "user", "tag", "start", "connect", "language", "timestamp", "default", "table"]
    + ["id", "ID", "_id", "uuid", "uuidTs", "userId", "user_id", "anonymousId", "groupId", "previousId", "event"]
    + ["eventText", "receivedAt", "received_at", "sentAt", "originalTimestamp", "type", "version", "messageId"]
    + ["name", "Name", "category", "url", "path", "title", "search", "referrer"]
    + ["context", "contextIp", "context_page_url", "context page", "contexts"]
    + ["2nd item", "2ndItem", "101", "$set", "__v", "products[0].name", "price(USD)", "Caf\u00e9", "na\u00efve"]
    + ["\u65e5\u672c\u8a9e", "\U0001f600", "\U0001f680", "", "___", "\x00", "\ud800", "\udfff", "a\u2028b", "a\tb"]
    + [LONG + "alpha", LONG + "omega", "9" + LONG + "x", "k" * 127, "k" * 128, "1" * 127, "context_" + "c" * 120]
)

EVENT_NAMES = (
    ["Order Completed", "order completed", "ORDER COMPLETED", "orderCompleted", "Signed Up"] * 3
    + ["Users", "Tracks", "pages", "Accounts", "aliases", "select", "Order", "Timestamp", "open", "id"]
    + ["101 Account Update", "2FA Enabled", "\U0001f600", "\u65e5\u672c\u8a9e", "\U0001f600 Emoji Event", "   ", "\x00"]
    + [LONG + "Alpha", LONG + "Omega", "event", "it's <b>&\u2028", 'quo"te\\']
)

CONTEXT = (
    ["ip", "userAgent", "locale", "timezone", "groupId", "instanceId", "active", "direct", "order", "2x", ""]
    + ["\U0001f600", "L" * 118, "L" * 119, "L" * 120]
)
CONTEXT_OBJECTS = {
    "library": ["name", "version"],
    "page": ["path", "referrer", "search", "title", "url", "hash"],
    "campaign": ["source", "medium", "name", "term", "content", "custom", "Source", "me-dium"],
    "traits": ["email", "id", "createdAt", "plan"],
    "device": ["id", "adTrackingEnabled", "model"],
    "os": ["name", "version"],
    "screen": ["density", "height", "width"],
    "network": ["wifi", "carrier"],
}

INTEGERS = "0 -0 1 -1 2 7 12 42 1000 100000 -17".split()
BIG_INTEGERS = (
    "9007199254740991 9007199254740992 9007199254740993 -9007199254740993 9223372036854775807 -9223372036854775808 "
    "9223372036854775808 -9223372036854775809 18446744073709551615 18446744073709551616 12345678901234567890 "
    "9223372036854774784 9223372036854775296 100000000000000000000 123456789012345678901234567890"
).split()
REALS = (
    "0.5 1.0 1.5 -0.0 0.1 0.30000000000000004 1e3 1E3 1e+3 1.5e1 10e-1 1e0 0e5 0e999999999 3.0e-1 100.00 "
    "9223372036854775807.0 9223372036854775808.0 9007199254740993.0 1e22 1e23 1.7976931348623157e308 5e-324 "
    "2.2250738585072014e-308 0.1000000000000000055511151231257827 123456789.125 1e19 -1e18"
).split()
EXTREMES = "1e400 -1e400 1e309 1.8e308 1e-400 -1e-400 1e99999999999999999999 1e-99999999999999999999".split()
EXTREMES += ["9" * 400]

TIMES = (
    "2024-03-01 2024-03-01T10:20 2024-03-01T10:20:30 2024-03-01T10:20:30Z 2024-03-01T10:20:30.5Z "
    "2024-03-01T10:20:30.123456789Z 2024-03-01T10:20:30,25Z 2024-03-01T10:20:30+02:00 2024-03-01T10:20:30-0430 "
    "2024-03-01T10:20:30+05 2024-03-01T10:20Z 2024-02-29 2000-02-29T00:00:00z 1969-12-31T23:59:59.999999999Z "
    "0001-01-01 9999-12-31T23:59:59.999999999Z 2024-01-01T00:00:00+23:59 2024-01-01T00:00:00-23:59 "
    "0000-12-31T23:30:00-01:00 9999-12-31T00:00:00.000Z 2014-06-14T02:00:19.467Z 1600-02-29T12:00-00:00"
).split() + ["2024-03-01 10:20:30", "2024-03-01 10:20:30.000001+01:00"]
LOOKALIKES = (
    "2013 2013-09 2024-02-30 2023-02-29 1900-02-29 2024-13-01 2024-00-10 2024-01-00 0000-01-01 0000-02-29 "
    "2024-03-01T24:00:00Z 2024-03-01T10:60 2024-03-01T10:20:60Z 2024-03-01T10 2024-03-01T 2024-03-01Z "
    "2024-03-01T10:20:30.Z 2024-03-01T10:20:30.1234567890Z 2024-03-01T10:20:30+24:00 2024-03-01T10:20:30+02:60 "
    "2024-03-01T10:20:30+2:00 2024-03-01t10:20:30Z 0001-01-01T00:00:00+00:01 9999-12-31T23:59:59-00:01 "
    "20240301 2024-3-1 2024/03/01 2024-03-01T1:20 +2024-03-01 1709288430 2024-03-01T10:20:30+02:00:00 "
    "2024-03-01T10:20:30+ 2024-03-01T10.5 24-03-01"
).split() + [
    " 2024-03-01", "2024-03-01 ", "2024-03-01  10:20", "2024-03-01\n", "2024-03-01T10:20:30 Z",
    "\u0662\u0660\u0662\u0664-\u0660\u0663-\u0660\u0661", "Fri, 01 Mar 2024 10:20:30 GMT",
]
NUMBER_TEXTS = (
    "12 012 -3 +3 0 -0 00 1.0 0.5 .5 5. 1e3 1E3 1e+3 1e5 1e+05 1e22 1e+22 1.5e300 1.50 100000 1000000 0.0001 0.00001 "
    "1e-05 1e-5 9007199254740993 9007199254740992 9223372036854775807 9223372036854775808 0.1 "
    "0.30000000000000004 0.1000000000000000055 12.50 1e+21 9223372036854774784 9007199254740994 1e-400 1e-320 -1.0 "
    "0e999999999999999999999 1e -1e-7 NaN Infinity inf 1e400 0x10 1_000 123456789012345680000 5e-324 15e9"
).split() + [" 12", "12 ", "1,5"]
# Those that fit a double, most of them a bigint too: beside numbers alone they make no column text.
FITTING_TEXTS = "12 0 -0 1.0 0.5 1e3 1E3 1e5 12.50 1e+21 100000 0.1 -3 9007199254740992 5e-324 15e9".split()
TEXTS = [
    "red", "blue", "x & <y>", "", "", " ", "true", "false", "True", "null", "t", "line\nbreak", 'quo"te', "back\\slash",
    "tab\there", "comma,semi;", "\u00e9\u00e8", "\U0001f600", "\u2028\u2029", "\x00", "a\x00b", "\ud800", "\udc00x",
    "\ud83d\ud83d\ude00", "\ufeff", "\x01\x1f\x7f", "\b\f\r", "NULL", "\\N", "'; --", "{}", "[]", "\u00a0", "w" * 600,
]


# What nearly fits a column of this kind.
NEAR = {
    "boolean": ["boolean text", "integer", "null"], "integer": ["number text", "big", "real", "extreme"],
    "real": ["number text", "number text", "big", "extreme"], "time": ["lookalike", "lookalike", "text", "integer"],
    "text": ["time", "number text", "array", "boolean"], "number text": ["integer", "real"],
    "array": ["object", "text"],
}


class Raw(str):
    """Text that goes into the JSON as it is."""


class Pairs(list):
    """An object as (key, value) pairs: keys may repeat."""

    def replaced(self, **members):
        """A copy in which these members have these values; a member that is MISSING leaves."""
        kept = [(key, value) for key, value in self if key not in members]
        return Pairs(kept + [(key, value) for key, value in members.items() if value is not MISSING])


MISSING = object()


def write_json(value, rng) -> str:
    if isinstance(value, Raw):
        return value
    if isinstance(value, str):
        return write_string(value, rng)
    if isinstance(value, Pairs):
        space = " " if rng.random() < 0.1 else ""
        members = (write_string(key, rng) + ":" + space + write_json(item, rng) for key, item in value)
        return "{" + space + ("," + space).join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(write_json(item, rng) for item in value) + "]"
    return {None: "null", True: "true", False: "false"}[value]


def write_string(text: str, rng) -> str:
    escape_all = rng.random() < 0.05
    return '"' + "".join(write_char(char, escape_all) for char in text) + '"'


def write_char(char: str, escape_all: bool) -> str:
    code = ord(char)
    if code > 0xFFFF and escape_all:
        code -= 0x10000
        return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04X}"
    if escape_all or code < 0x20 or 0xD800 <= code <= 0xDFFF:
        return f"\\u{code:04x}"
    return "\\" + char if char in '"\\' else char


class Generator:
    def __init__(self, seed: int, events: int):
        self.rng = random.Random(seed)
        self.events = events
        self.past = []
        # Each column has a favourite kind in this seed, so that narrow types are really inferred and later broken.
        self.kinds = {}
        self.wildness = self.rng.choice([0.01, 0.05, 0.3])
        self.strings_fit = self.rng.random() < 0.4
        self.keys = self.rng.sample(KEYS, 25)
        self.names = self.rng.sample(EVENT_NAMES, 8)

    def pick(self, *options):
        return self.rng.choice(options)

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    # ------------------------------------------------------------------------------------------------------ values

    def value(self, key: str):
        kinds = ["boolean", "integer", "real", "time", "text", "number text", "array"]
        favourite = self.kinds.setdefault(key, self.rng.choice(kinds))
        kind = favourite
        if self.chance(self.wildness):
            kind = self.rng.choice(NEAR[favourite])
        elif self.chance(self.wildness / 2):
            kind = self.rng.choice(kinds + ["big", "extreme", "lookalike", "object", "text", "null", "boolean text"])
        elif self.chance(0.08):
            return None
        return self.value_of(kind)

    def value_of(self, kind: str):
        rng = self.rng
        match kind:
            case "boolean":
                return self.chance(0.5)
            case "integer":
                return Raw(rng.choice(INTEGERS))
            case "big":
                return Raw(rng.choice(BIG_INTEGERS))
            case "real":
                return Raw(rng.choice(REALS + INTEGERS))
            case "extreme":
                return Raw(rng.choice(EXTREMES))
            case "time":
                return rng.choice(TIMES)
            case "lookalike":
                return rng.choice(LOOKALIKES)
            case "number text":
                return rng.choice(FITTING_TEXTS if self.strings_fit else NUMBER_TEXTS)
            case "boolean text":
                return rng.choice(["true", "false"] if self.strings_fit else ["true", "false", "TRUE", "1", "yes"])
            case "text":
                return rng.choice(TEXTS)
            case "array":
                return self.array()
            case "object":
                return self.object(3)
        return None

    def array(self, depth: int = 2) -> list:
        kinds = ["boolean", "integer", "big", "real", "extreme", "time", "text", "null"]
        items = []
        for _ in range(self.rng.randrange(4)):
            if depth and self.chance(0.4):
                items.append(self.array(depth - 1) if self.chance(0.3) else self.object(3, in_array=True))
            else:
                items.append(self.value_of(self.rng.choice(kinds)))
        return items

    def object(self, size: int, in_array: bool = False) -> Pairs:
        pairs = Pairs()
        for _ in range(self.rng.randrange(size + 1)):
            key = self.rng.choice(KEYS if in_array else self.keys)
            if in_array:
                kinds = ["boolean", "integer", "real", "text", "null", "time"]
                pairs.append((key, self.value_of(self.rng.choice(kinds))))
            elif self.chance(0.15):
                pairs.append((key, self.object(2)))
            else:
                pairs.append((key, self.value(key)))
        if pairs and self.chance(0.05):
            pairs.append((pairs[0][0], self.value(pairs[0][0])))  # a duplicate key: the last wins
        return pairs

    def context(self):
        if self.chance(0.05):
            return self.pick(None, "text", [], Raw("7"), True)
        pairs = Pairs()
        for _ in range(self.rng.randrange(4)):
            if self.chance(0.5):
                key = self.rng.choice(CONTEXT)
                pairs.append((key, self.context_value(key)))
            else:
                name = self.rng.choice(list(CONTEXT_OBJECTS))
                keys = self.rng.choices(CONTEXT_OBJECTS[name], k=self.rng.randrange(4))
                pairs.append((name, Pairs((key, self.context_value(name + "." + key)) for key in keys)))
        return pairs

    def context_value(self, key: str):
        return self.value("context." + key) if self.chance(0.5) else self.rng.choice(TEXTS)

    # ---------------------------------------------------------------------------------------------------- envelope

    def time(self, base_seconds: int):
        """A time of a small set, in one of many spellings; now and then one that is none."""
        if self.chance(0.02):
            return self.pick(None, "", "yesterday", Raw("1709288430"), Raw("1709288430000"), True, Pairs(), [])
        if self.chance(0.03):
            return self.rng.choice(TIMES + LOOKALIKES)
        seconds = base_seconds + self.rng.randrange(12)
        clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
        fraction = self.pick("", "", ".1", ".100000", ".1000009", ".266", ".26600000", ".000001")
        shift = f"{(seconds // 3600 + 2) % 24:02d}" + clock[2:]
        return self.pick(
            f"2024-03-01T{clock}{fraction}Z", f"2024-03-01T{clock}{fraction}Z", f"2024-03-01T{clock}{fraction}",
            f"2024-03-01T{shift}{fraction}+02:00", f"2024-03-01 {clock}{fraction}+0000",
        )

    def some_id(self, prefix: str, count: int):
        if self.chance(0.06):
            return self.pick(
                MISSING, None, "", " ", True, False, Pairs(), [], ["u1"], Raw("7"), Raw("7.0"), Raw("-0"), Raw("1e2"),
                "7", "\x00", "\ud800", "\u00e9\U0001f600", "i" * 600,
            )
        return f"{prefix}{self.rng.randrange(count)}"

    def integrations(self):
        if self.chance(0.8):
            return self.pick(MISSING, Pairs(), Pairs([("All", True)]))
        warehouses = self.pick(
            Pairs([("all", False)]), Pairs([("all", True)]), Pairs(), False, True, None, [], "false", Raw("0"),
            Pairs([("warehouseIds", ["w1", "w2"])]), Pairs([("warehouseIds", [])]), Pairs([("All", False)]),
            Pairs([("all", "false")]), Pairs([("all", None)]), Pairs([("all", True), ("all", False)]),
            Pairs([("all", False), ("all", True)]), Pairs([("all", False), ("warehouseIds", ["w1"])]),
        )
        return self.pick(
            Pairs([("All", False)]), Pairs([("All", False), ("Warehouses", warehouses)]),
            Pairs([("Warehouses", warehouses)]), Pairs([("Warehouses", warehouses)]),
            Pairs([("warehouses", False)]), None, False, [], "none",
        )

    def event(self) -> Pairs:
        kind = self.rng.choices(
            ["track", "identify", "group", "page", "screen", "alias"], weights=[40, 22, 14, 10, 8, 6]
        )[0]
        members = {
            "type": kind,
            "messageId": self.some_id("m", max(4, self.events * 2 // 3)),
            "userId": self.pick(MISSING, None) if self.chance(0.15) else self.some_id("u", 5),
            "anonymousId": self.some_id("a", 5) if self.chance(0.8) else self.pick(MISSING, None),
            "receivedAt": self.time(36000) if self.chance(0.96) else MISSING,
            "sentAt": self.time(35999) if self.chance(0.8) else MISSING,
            "originalTimestamp": self.time(35990) if self.chance(0.8) else MISSING,
            "timestamp": self.time(35995) if self.chance(0.5) else MISSING,
            "context": self.context() if self.chance(0.7) else MISSING,
            "integrations": self.integrations(),
            "channel": "server" if self.chance(0.2) else MISSING,
            "version": Raw("2") if self.chance(0.2) else MISSING,
        }
        members |= self.body_of(kind)
        pairs = Pairs((key, value) for key, value in members.items() if value is not MISSING)
        self.rng.shuffle(pairs)
        if self.chance(0.01):
            pairs.insert(0, ("messageId", "shadowed"))
        return pairs

    def body_of(self, kind: str) -> dict:
        payload = self.object(6)
        if self.chance(0.04):
            payload = self.pick(MISSING, None, [], "text", Raw("1"), True)
        if kind == "track":
            return {"event": self.rng.choice(self.names), "properties": payload}
        if kind in ("page", "screen"):
            if isinstance(payload, Pairs):
                payload += [(key, self.label()) for key in self.pick([], ["name"], ["name", "category"], ["Name"])]
            labels = {key: self.label() if self.chance(0.7) else MISSING for key in ("name", "category")}
            return labels | {"properties": payload}
        extra = {"group": {"groupId": self.some_id("g", 4)}, "alias": {"previousId": self.some_id("a", 4)}}
        return {"traits": payload} | extra.get(kind, {})

    def label(self):
        if self.chance(0.05):
            return self.pick(Raw("5"), "5", Raw("5.0"), True, [], ["x"], Pairs(), Pairs([("en", "Home")]), "2024-03-01")
        return self.pick(None, "Home", "home", "Landing", "Retail", "")

    # ------------------------------------------------------------------------------------------------------- lines

    def line(self) -> bytes:
        if self.chance(0.06):
            return self.bad_line()
        if self.past and self.chance(0.12):
            event = self.again(self.rng.choice(self.past))
        else:
            event = self.event()
            self.past.append(event)
        return self.encode(event)

    def encode(self, event: Pairs) -> bytes:
        text = write_json(event, self.rng)
        padding = self.pick(" ", "\t", "  ") if self.chance(0.02) else ""
        return (padding + text + padding).encode()

    def again(self, event: Pairs) -> Pairs:
        """A duplicate: the same, or received at another time, or changed in its body."""
        if self.chance(0.3):
            return event
        changes = {"receivedAt": self.time(36000)} if self.chance(0.7) else {}
        for body in ("properties", "traits"):
            if self.chance(0.5) and any(key == body for key, _ in event):
                changes[body] = self.object(6)
        return event.replaced(**changes)

    def bad_line(self) -> bytes:
        good = self.encode(self.event())
        shape = self.rng.randrange(5)
        if shape == 0:
            return good[: self.rng.randrange(1, len(good))].rstrip() or b"{"
        if shape == 1:
            return self.encode(self.unusable())
        if shape == 2:
            return good[:-1] + self.rng.choice(BAD_MEMBERS) + b"}"
        if shape == 3:
            depth = self.pick(125, 126, 127, 200)
            if self.chance(0.5):
                opening, closing = b"[" * depth, b"]" * depth
            else:
                opening, closing = b'{"d":' * depth, b"}" * depth
            deep = opening + (b"1" if opening.endswith(b":") else b"") + closing
            return good[:-1] + b',"properties":{"deep":' + deep + b'},"traits":{"deep":' + deep + b"}}"
        return self.rng.choice(BAD_LINES)

    def unusable(self) -> Pairs:
        event = self.event()
        return self.pick(
            event.replaced(type=MISSING), event.replaced(type=self.pick("Track", "TRACK", "order", "", None, Raw("1"))),
            event.replaced(type="track", event=MISSING), event.replaced(type="track", event=""),
            event.replaced(type="track", event=self.pick(None, Raw("5"), True, Pairs(), ["Signed Up"])),
            event.replaced(type="group", groupId=self.pick(MISSING, None, "", True, Pairs(), [])),
            event.replaced(userId=self.pick(MISSING, None, "", False), anonymousId=self.pick(MISSING, None, "", [])),
            event.replaced(receivedAt=MISSING, sentAt="soon", timestamp=MISSING, originalTimestamp=None),
            event.replaced(receivedAt=self.pick("2024-03-01T24:00:00Z", MISSING), sentAt=MISSING, timestamp=MISSING),
        )

    def body(self, count: int) -> bytes:
        """An object's bytes: lines with blank ones, CRs, a mark at the start and perhaps no last newline."""
        crlf = self.chance(0.15)
        out = b"\xef\xbb\xbf" if self.chance(0.12) else b""
        for _ in range(count):
            if self.chance(0.03):
                out += self.pick(b"\n", b"  \n", b"\r\n", b"\t \r\n")
            out += self.line() + (b"\r\n" if crlf else b"\n")
        return out.rstrip(b"\r\n") if self.chance(0.3) else out

    def syncs(self) -> list:
        """Objects in a shuffled order of keys: a later sync often brings keys that sort before earlier ones."""
        keys = [f"{folder}{number}.gz" for folder in ("", "a/", "b/c/", "B/", "day=1/") for number in (1, 2, 10)]
        self.rng.shuffle(keys)
        sizes = [self.rng.randrange(1, 4) for _ in range(self.rng.randrange(1, 5))]
        per_object = max(1, self.events // sum(sizes))
        return [[(keys.pop(), self.body(per_object)) for _ in range(size)] for size in sizes]


# `{}` is JSON, and an object, but no event.
BAD_LINES = [
    b"not json", b"{", b"}", b"[]", b"[1,2]", b"null", b"true", b"123", b'"text"', b"''", b"{'a':1}", b"\x0c",
    b"\xc2\xa0", b"\xef\xbb\xbf{}", b"{}", b"{} {}", b'{"a":1}{"b":2}', b"\x00", b'{"a"}', b'{"a":}', b"{,}",
    b'{"a":1,}', b"\xff\xfe", b"// comment", b'{"type":"track"', b'{"type":"track"}', b"{" * 200, b"[" * 1000,
    b"NaN", b"-", b'{"a" 1}', b"{1:2}", b"\x1f\x8b\x08", b"message,user\r",
]
# What follows the last member of an object and makes a line of it that is not JSON.
BAD_MEMBERS = [
    b',"x":NaN', b',"x":Infinity', b',"x":-Infinity', b',"x":01', b',"x":1.', b',"x":.5', b',"x":+1', b',"x":-',
    b',"x":1e', b',"x":0x10', b',"x":"\xff"', b',"x":"\xc0\x80"', b',"x":"\xed\xa0\x80"', b',"x":"\xf4\x90\x80\x80"',
    b',"x":"\xc3"', b',"x":"tab\there"', b',"x":"\x00"', b',"x":"\\x41"', b',"x":"\\u12g4"', b',"x":"\\u12"',
    b",\"x\":'y'", b',"x":True', b',"x":nul', b',"x":[1,]', b',"x":[1 2]', b',"x":{"y":1', b",", b',"x"', b",x:1",
    b',"x":"\\"', b',"x":1 /* c */', b',"x":\xc2\xa01', b',"x":--1', b',"x":1e5.5', b',"x":-01',
]


def generate(seed: int, events: int = 400) -> list:
    return Generator(seed, events).syncs()
