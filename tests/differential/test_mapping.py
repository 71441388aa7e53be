"""The second implementation against the specification's own examples, and a test per rule that is easy to get wrong."""

import csv
import hashlib
import json
import random
import unittest
from pathlib import Path

import generate
import mapping
from mapping import Number, Rejected, Warehouse

VECTORS = Path(__file__).parent.parent / "golden" / "naming" / "snakecase-vectors.tsv"
MISSING = object()


def event(kind="track", **members):
    """A usable event as a dict; MISSING leaves a member out."""
    base = {"type": kind, "messageId": "m", "userId": "u", "receivedAt": "2024-03-01T00:00:00Z"}
    extra = {"track": {"event": "Seen"}, "group": {"groupId": "g"}}.get(kind, {})
    return {key: value for key, value in (base | extra | members).items() if value is not MISSING}


def line(kind="track", **members) -> bytes:
    return json.dumps(event(kind, **members)).encode() + b"\n"


def load(*syncs) -> Warehouse:
    """Each sync is the bytes of one object; the objects are 1.gz, 2.gz, ..."""
    warehouse = Warehouse()
    for number, data in enumerate(syncs, start=1):
        warehouse.sync([(f"{number}.gz", data)])
    return warehouse


def table(warehouse, name):
    return warehouse.tables()[name]


def only_row(warehouse, name="seen"):
    (row,) = table(warehouse, name)["rows"]
    return row


def micros(text):
    time = mapping.parse_time(text)
    assert time is not None, text
    return time


class Names(unittest.TestCase):
    def test_every_snake_case_vector(self):
        with VECTORS.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
        self.assertGreater(len(rows), 100)
        for _, given, wanted in rows:
            with self.subTest(given=given):
                self.assertEqual(mapping.snake_case(given), wanted)

    def test_reserved_words_and_digits_are_judged_on_the_whole_name(self):
        row = only_row(load(line(properties={"order": {"by": 1}, "Order": 2, "user": {"": 3}, "2a": 4, "b": {"2": 5}})))
        self.assertEqual(row["order_by"], 1)
        self.assertEqual(row["_order"], 2)
        self.assertEqual(row["user_key_e3b0c442"], 3)
        self.assertEqual(row["_2a"], 4)
        self.assertEqual(row["b_2"], 5)

    def test_the_four_exempt_words_stay(self):
        row = only_row(load(line(properties={"start": 1, "connect": 2, "language": 3, "timestamp": 4})))
        self.assertEqual((row["start"], row["connect"], row["language"], row["_timestamp"]), (1, 2, 3, 4))
        self.assertEqual(len(mapping.RESERVED_WORDS), 155)

    def test_standard_columns_and_context_names_get_an_underscore_in_every_table(self):
        row = only_row(load(line("identify", traits={
            "groupId": 1, "previous_id": 2, "event": 3, "uuid": 4, "contextIp": 5, "context": {"x": 6}})), "identifies")
        self.assertEqual([row["_group_id"], row["_previous_id"], row["_event"], row["_uuid"]], [1, 2, 3, 4])
        self.assertEqual([row["_context_ip"], row["_context_x"]], [5, 6])

    def test_event_tables_get_the_underscore_and_the_event_column_does_not(self):
        for name, table_name, slug in (("Users", "_users", "users"), ("Order", "_order", "order"),
                                       ("101 A", "_101_a", "101_a"), ("Timestamp", "timestamp", "timestamp")):
            self.assertEqual(only_row(load(line(event=name)), table_name)["event"], slug)

    def test_an_event_without_letters_gets_a_hash(self):
        slug = "event_" + hashlib.sha256("日本語".encode()).hexdigest()[:8]
        row = only_row(load(line(event="日本語")), slug)
        self.assertEqual((row["event"], row["event_text"]), (slug, "日本語"))

    def test_long_names_keep_118_bytes_and_a_hash(self):
        self.assertEqual(mapping.shortened("k" * 127), "k" * 127)
        self.assertEqual(mapping.property_column("k" * 128), "k" * 118 + "_" + mapping.hash8("k" * 128))
        self.assertEqual(mapping.property_column("1" * 127), "_" + "1" * 117 + "_" + mapping.hash8("_" + "1" * 127))
        slug = "k" * 200
        self.assertEqual(only_row(load(line(event=slug)), mapping.shortened(slug))["event"], slug)

    def test_colliding_keys_take_the_last_in_bytewise_order(self):
        self.assertEqual(mapping.flatten({"first_name": 1, "firstName": 2, "first": {"name": 3}}), {"first_name": 1})
        self.assertEqual(mapping.flatten({"firstName": 2, "first": {"name": 3}}), {"first_name": 2})
        self.assertEqual(mapping.flatten({"first_name": None, "firstName": 2}), {"first_name": None})
        self.assertEqual(mapping.flatten({"first_name": {}, "firstName": 2}), {"first_name": 2})


class Json(unittest.TestCase):
    def reason(self, raw):
        with self.assertRaises(Rejected) as caught:
            mapping.parse_line(raw)
        return str(caught.exception)

    def test_the_strict_grammar(self):
        for member in generate.BAD_MEMBERS:
            with self.subTest(member=member):
                self.assertIn(self.reason(b'{"a":1' + member + b"}"), ("not JSON", "not UTF-8"))

    def test_what_is_no_object(self):
        for raw in (b"[]", b"1", b"null", b'"a"', b"true"):
            self.assertEqual(self.reason(raw), "not an object")

    def test_white_space_is_that_of_json(self):
        self.assertEqual(mapping.parse_line(b' \t{"a" : 1}\r'), {"a": Number("1")})
        self.assertEqual(self.reason(b"\x0c{}"), "not JSON")
        self.assertEqual(self.reason(b"\xc2\xa0{}"), "not JSON")

    def test_depth_128_is_the_last_that_passes(self):
        mapping.parse_line(b'{"a":' + b"[" * 127 + b"]" * 127 + b"}")
        self.assertEqual(self.reason(b'{"a":' + b"[" * 128 + b"]" * 128 + b"}"), "nested too deep")
        mapping.parse_line(b'{"a":"' + b"[" * 200 + b'\\"' + b"{" * 200 + b'"}')

    def test_the_last_of_duplicate_keys_wins(self):
        self.assertEqual(mapping.parse_line(b'{"a":1,"b":2,"a":3}'), {"a": Number("3"), "b": Number("2")})

    def test_nul_and_lone_surrogates_are_replaced(self):
        raw = rb'{"\u0000":["\ud800","\udc00x","\ud83d\ud83d\ude00","\ud83d\ude00"]}'
        self.assertEqual(mapping.parse_line(raw), {"\ufffd": ["\ufffd", "\ufffdx", "\ufffd😀", "😀"]})

    def test_array_text(self):
        value = mapping.parse_line(
            rb'{"a":[1.00,-0,1e400,"<>&\u2028\u2029\b\f\n\r\t\u0001\u007f\"\\\/",'
            rb'{"b":null,"a":true,"B":[]},"\u00e9"]}')["a"]
        self.assertEqual(mapping.go_json(value), (
            r'[1.00,-0,1e400,"\u003c\u003e\u0026\u2028\u2029\b\f\n\r\t\u0001' + '\x7f' + r'\"\\/",'
            '{"B":[],"a":true,"b":null},"é"]'))

    def test_blank_lines_are_no_lines_and_a_mark_is_skipped(self):
        data = b"\xef\xbb\xbf{}\r\n\r\n \t\n{}\n\xef\xbb\xbf{}"
        self.assertEqual(list(mapping.lines_of(data)), [(1, b"{}\r"), (4, b"{}"), (5, b"{}")])


class Times(unittest.TestCase):
    def test_the_vector_of_1_2(self):
        day = "2015-12-10T19:11:01."
        times = mapping.times_of(
            {"receivedAt": day + "266Z", "sentAt": day + "169Z", "originalTimestamp": day + "152Z"})
        self.assertEqual(times["timestamp"], micros(day + "249Z"))

    def test_what_is_a_timestamp(self):
        for text in generate.TIMES:
            with self.subTest(text=text):
                self.assertIsNotNone(mapping.parse_time(text))

    def test_what_only_looks_like_one(self):
        for text in generate.LOOKALIKES:
            with self.subTest(text=text):
                self.assertIsNone(mapping.parse_time(text))

    def test_values(self):
        self.assertEqual(micros("1970-01-01T00:00:01.0000019Z"), 1_000_001)
        self.assertEqual(micros("1969-12-31T23:59:59.9999999Z"), -1)
        self.assertEqual(micros("1970-01-01T02:00+02:00"), 0)
        self.assertEqual(micros("0000-12-31T23:30:00-01:00"), micros("0001-01-01T00:30"))
        self.assertEqual(micros("2024-02-29"), 1709164800000000)

    def test_a_missing_received_at_falls_back_in_order(self):
        times = {"sentAt": "2024-01-01", "timestamp": "2024-01-02", "originalTimestamp": "2024-01-03"}
        for lost in ("sentAt", "timestamp", "originalTimestamp"):
            self.assertEqual(mapping.times_of({"receivedAt": "x"} | times)["received_at"], micros(times[lost]))
            times[lost] = 5
        with self.assertRaises(Rejected):
            mapping.times_of(times)

    def test_missing_client_times(self):
        received, sent, original = "2024-01-05", "2024-01-04", "2024-01-01"
        self.assertEqual(mapping.times_of({"receivedAt": received, "sentAt": sent}), {
            "received_at": micros(received), "sent_at": micros(sent), "timestamp": micros(received),
            "original_timestamp": None})
        self.assertEqual(mapping.times_of({"receivedAt": received, "originalTimestamp": original}), {
            "received_at": micros(received), "sent_at": micros(received), "timestamp": micros(original),
            "original_timestamp": micros(original)})

    def test_sent_at_is_never_later_than_received_at_but_the_formula_uses_it_raw(self):
        times = mapping.times_of(
            {"receivedAt": "2024-01-05", "sentAt": "2024-01-07", "originalTimestamp": "2024-01-06"})
        self.assertEqual(times["sent_at"], micros("2024-01-05"))
        self.assertEqual(times["timestamp"], micros("2024-01-04"))


class Envelope(unittest.TestCase):
    def counts(self, **members):
        return Warehouse().sync([("1.gz", line(**members))])

    def test_rejects(self):
        for members in ({"type": "Track"}, {"type": None}, {"event": MISSING}, {"event": ""}, {"event": 5},
                        {"userId": ""}, {"userId": True, "anonymousId": []}, {"receivedAt": None}):
            with self.subTest(members=members):
                self.assertEqual(self.counts(**members)["rejected"], 1)
        self.assertEqual(self.counts(kind="group", groupId={})["rejected"], 1)

    def test_what_is_accepted(self):
        for members in ({"event": "  "}, {"userId": 0}, {"userId": None, "anonymousId": " "}):
            self.assertEqual(self.counts(**members)["loaded"], 1)
        self.assertEqual(self.counts(kind="alias")["loaded"], 1)

    def test_numbers_are_ids_as_written(self):
        raw = line().replace(b'"u"', b"1.50").replace(b'"m"', b"-0")
        self.assertEqual([only_row(load(raw))[name] for name in ("id", "user_id")], ["-0", "1.50"])

    def test_a_missing_message_id_is_the_hash_of_the_raw_line(self):
        raw = line(messageId="")[:-1] + b" \r"
        wanted = "gen-" + hashlib.sha256(raw).hexdigest()
        self.assertEqual(only_row(load(b"\xef\xbb\xbf" + raw + b"\n"))["id"], wanted)

    def test_integrations(self):
        for value, loads in ((None, True), ({}, True), ([], True), (False, True), ({"All": False}, True),
                             ({"Warehouses": False}, False), ({"Warehouses": {"all": False}}, False),
                             ({"Warehouses": True}, True), ({"Warehouses": {"all": True}, "All": False}, True),
                             ({"Warehouses": {"warehouseIds": ["x"]}}, True), ({"warehouses": False}, True),
                             ({"Warehouses": {"All": False}}, True), ({"Warehouses": []}, True)):
            with self.subTest(value=value):
                self.assertEqual(self.counts(integrations=value)["loaded" if loads else "filtered"], 1)


class GoldenExample(unittest.TestCase):
    def test_3_5(self):
        properties = (
            r'{"color":"red","nested":{"a":{"b":1}},"arr":[1,"x & <y>",{"Bb":1,"aa":null}],"nul":null,"price":10,'
            r'"ratio":0.5,"ok":true,"when":"2014-06-14T02:00:19.467Z","id":42,"event":"birthday","order":"A1",'
            r'"2nd item":"z","firstName":"camel","first_name":"snake","first":{"name":"nested"},'
            r'"emptyObj":{},"emptyArr":[]}'
        )
        raw = line(event="Clicked Thing", properties="@").replace(b'"@"', properties.encode())
        warehouse = load(raw)
        shown = table(warehouse, "clicked_thing")
        own = {name: (shown["columns"][name], value) for name, value in shown["rows"][0].items()
               if name not in mapping.STANDARD_COLUMNS}
        self.assertEqual(own, {
            "color": ("varchar", "red"), "nested_a_b": ("bigint", 1),
            "arr": ("varchar", r'[1,"x \u0026 \u003cy\u003e",{"Bb":1,"aa":null}]'), "price": ("bigint", 10),
            "ratio": ("double", 0.5), "ok": ("boolean", True),
            "_when": ("timestamp", micros("2014-06-14T02:00:19.467Z")), "_id": ("bigint", 42),
            "_event": ("varchar", "birthday"), "_order": ("varchar", "A1"), "_2nd_item": ("varchar", "z"),
            "first_name": ("varchar", "snake"), "empty_arr": ("varchar", "[]"),
        })
        row = shown["rows"][0]
        self.assertEqual((row["event"], row["event_text"]), ("clicked_thing", "Clicked Thing"))
        self.assertEqual(only_row(warehouse, "tracks"), {
            name: row.get(name) for name in table(warehouse, "tracks")["columns"]})


class PagesAndScreens(unittest.TestCase):
    def labels(self, **members):
        row = only_row(load(line("page", **members)), "pages")
        return row.get("name"), row.get("_name")

    def test_7_19(self):
        self.assertEqual(self.labels(name="a"), ("a", None))
        self.assertEqual(self.labels(properties={"Name": "b"}), ("b", None))
        self.assertEqual(self.labels(name=None, properties={"name": "b"}), ("b", None))
        self.assertEqual(self.labels(name="a", properties={"name": "a"}), ("a", None))
        self.assertEqual(self.labels(name="a", properties={"name": "b"}), ("a", "b"))
        self.assertEqual(self.labels(name="a", properties={"name": None}), ("a", None))
        self.assertEqual(self.labels(name="", properties={"name": "b"}), ("", "b"))
        self.assertEqual(self.labels(name=5, properties={"name": "5"}), ("5", "5"))

    def test_other_tables_keep_name_as_an_ordinary_property(self):
        self.assertEqual(only_row(load(line(name="top", properties={"name": 5})))["name"], 5)


class Types(unittest.TestCase):
    def type_of(self, *values):
        data = b"".join(
            line(messageId=str(number), properties={"x": "@"}).replace(b'"@"', value.encode())
            for number, value in enumerate(values))
        return table(load(data), "seen")["columns"].get("x")

    def test_the_narrowest_type_of_a_new_column(self):
        for values, wanted in (
            (["true", "false"], "boolean"), (["1", "-0", "9223372036854775807"], "bigint"), (["1", "1.5"], "double"),
            (["1.0"], "double"), (["9223372036854775808"], "double"), (["1e400"], "varchar"),
            (["1", "1e400"], "varchar"), (["1e-400"], "double"), (['"2024-01-01"', '"2024-01-01T00:00Z"'], "timestamp"),
            (['"2024-01-01"', '""'], "varchar"), (['"2024-01-01"', "1"], "varchar"), (["true", "1"], "varchar"),
            (["[]"], "varchar"), (['"12"'], "varchar"), (["null", "1"], "bigint"), (["null"], None), (["{}"], None),
            (["1", '"2"'], "bigint"), (["1", '"2.0"'], "double"), (["1", '"9223372036854775807"'], "bigint"),
            (["1", '"1.5"'], "double"), (["0.5", '"1"', '"1e+21"', '"12.50"'], "double"), (["1", '"-0"'], "bigint"),
            (["0.5", '"9007199254740993"'], "varchar"), (["1", '"9007199254740993"', '"0.5"'], "varchar"),
            (["1", '"0.1000000000000000055"'], "varchar"), (["1", '"1e400"'], "varchar"), (["1", '"012"'], "varchar"),
            (["1", '""'], "varchar"), (["1", '"true"'], "varchar"), (["1e400", '"1"'], "varchar"),
            (["true", '"false"'], "boolean"), (["true", '"False"'], "varchar"), (["true", '"1"'], "varchar"),
            (['"12"', '"1.5"'], "varchar"), (['"true"'], "varchar"), (["1", "[1]"], "varchar"),
            (["1", '"2"', "true"], "varchar"), (["1", '"2024-01-01"'], "varchar"),
        ):
            with self.subTest(values=values):
                self.assertEqual(self.type_of(*values), wanted)

    def test_mixed_scalars_keep_their_json_text(self):
        for text in ("1.50", "-0", "true", "1e400", "9007199254740993"):
            data = line(messageId="a", properties={"x": "s"})
            data += line(properties={"x": "@"}).replace(b'"@"', text.encode())
            self.assertEqual([row["x"] for row in table(load(data), "seen")["rows"]], ["s", text])

    def test_duplicates_that_lose_have_a_say(self):
        data = line(properties={"x": "old"}) + line(properties={"x": 5})
        warehouse = load(data)
        self.assertEqual((table(warehouse, "seen")["columns"]["x"], only_row(warehouse)["x"]), ("varchar", "5"))

    def test_a_new_double_column_takes_the_nearest_double(self):
        data = line(messageId="a", properties={"x": 0.5}) + line(properties={"x": 9007199254740993})
        self.assertEqual(table(load(data), "seen")["rows"][1]["x"], 9007199254740992.0)

    def test_the_well_known_context_is_text_in_every_table(self):
        warehouse = load(line(context={"ip": 5, "userAgent": True, "campaign": {"term": 2024, "id": 7}, "os": {"n": 5}}))
        for name in ("tracks", "seen"):
            row = only_row(warehouse, name)
            self.assertEqual([row["context_ip"], row["context_user_agent"], row["context_campaign_term"],
                              row["context_campaign_id"], row["context_os_n"]], ["5", "true", "2024", "7", 5])

    def test_strings_that_became_numbers_are_numbers(self):
        data = line(messageId="a", properties={"x": 0.5}) + line(properties={"x": "12.50"})
        self.assertEqual([row["x"] for row in table(load(data), "seen")["rows"]], [0.5, 12.5])


class LaterCasts(unittest.TestCase):
    FIRST = {"boolean": "true", "bigint": "1", "double": "0.5", "timestamp": '"2024-01-01"', "varchar": '"s"'}

    def later(self, type_, value):
        """The stored value and the text of the value reject, of a value that comes in a second sync."""
        def with_x(text, **members):
            return line(properties={"x": "@"}, **members).replace(b'"@"', text.encode())

        warehouse = load(with_x(self.FIRST[type_], messageId="a"), with_x(value))
        self.assertEqual(table(warehouse, "seen")["columns"]["x"], type_)
        rejects = [(reject.object_key, reject.line, reject.table, reject.column, reject.value)
                   for reject in warehouse.value_rejects]
        self.assertLessEqual(len(rejects), 1)
        for reject in rejects:
            self.assertEqual(reject[:4], ("2.gz", 1, "seen", "x"))
        return table(warehouse, "seen")["rows"][1]["x"], rejects[0][4] if rejects else None

    def test_a_reject_shows_the_beginning_of_a_long_value(self):
        for value, shown in (("x" * 1025, "x" * 1024), ("x" * 1023 + "\u00e9", "x" * 1023), ("x" * 1024, "x" * 1024)):
            self.assertEqual(self.later("bigint", f'"{value}"'), (None, shown))

    def test_what_fits(self):
        for type_, value, stored in (
            ("boolean", "false", False), ("boolean", '"true"', True), ("bigint", "1.0", 1), ("bigint", "1e3", 1000),
            ("bigint", "-0", 0), ("bigint", "1.5e1", 15), ("bigint", "10e-1", 1), ("bigint", "0e999999999999", 0),
            ("bigint", "9223372036854775807.0", 2**63 - 1), ("bigint", "-9223372036854775808", -(2**63)),
            ("bigint", '"12"', 12), ("bigint", '"-9223372036854775808"', -(2**63)), ("double", "7", 7.0),
            ("double", "9007199254740992", 2.0**53), ("double", "0.1", 0.1), ("double", "9007199254740993.0", 2.0**53),
            ("double", "18446744073709551616", 2.0**64), ("double", '"12"', 12.0), ("double", '"0.1"', 0.1),
            ("double", '"1000"', 1000.0), ("double", '"1e3"', 1000.0), ("double", '"1.5e300"', 1.5e300),
            ("double", '"-0"', 0.0), ("double", '"123456789012345680000"', 123456789012345680000.0),
            ("double", '"1.0"', 1.0), ("double", '"12.50"', 12.5), ("double", '"1e+21"', 1e21), ("double", '"15e9"', 15e9),
            ("double", '"1E3"', 1000.0), ("double", '"0e999999999999"', 0.0), ("double", '"5e-324"', 5e-324),
            ("bigint", '"1.0"', 1), ("bigint", '"1e3"', 1000), ("bigint", '"-0"', 0), ("bigint", '"12.50e1"', 125),
            ("varchar", "true", "true"), ("varchar", "1.50", "1.50"), ("varchar", "[1]", "[1]"), ("varchar", '""', ""),
            ("varchar", '"2024-01-01T00:00+02:00"', "2024-01-01T00:00+02:00"), ("varchar", "1e400", "1e400"),
            ("timestamp", '"2024-01-01T00:00:00.5+01:00"', micros("2023-12-31T23:00:00.5")), ("bigint", "null", None),
        ):
            with self.subTest(type=type_, value=value):
                self.assertEqual(self.later(type_, value), (stored, None))

    def test_what_does_not_fit(self):
        for type_, value in (
            ("boolean", "1"), ("boolean", '"True"'), ("boolean", '""'), ("bigint", "true"), ("bigint", "0.5"),
            ("bigint", "9223372036854775808"), ("bigint", "1e400"), ("bigint", "1e99999999999999999999"),
            ("bigint", "1e-99999999999999999999"), ("bigint", '"012"'), ("bigint", '"12.5"'),
            ("bigint", '"1e-1"'), ("bigint", '"+1"'), ("bigint", '" 5"'), ("bigint", '""'), ("bigint", '"1e400"'),
            ("bigint", '".5"'), ("bigint", '"5."'), ("double", '"5."'), ("double", '"1e"'), ("double", '"1e-400"'),
            ("double", '"9223372036854775808"'), ("double", '"9223372036854774784"'),
            ("bigint", '"9223372036854775808"'), ("bigint", "[1]"),
            ("double", "9007199254740993"), ("double", "1e400"), ("double", "true"), ("double", '"012"'),
            ("double", '"0.1000000000000000055"'), ("double", '"NaN"'), ("double", '"Infinity"'), ("double", '"1e400"'),
            ("double", '"9007199254740993"'), ("double", '" 1"'), ("double", '""'), ("double", '"2024-01-01"'),
            ("timestamp", '"2024-02-30"'), ("timestamp", "5"), ("timestamp", '""'), ("timestamp", "true"),
        ):
            with self.subTest(type=type_, value=value):
                self.assertEqual(self.later(type_, value), (None, value.strip('"')))

    def test_the_type_of_a_column_outlives_its_sync(self):
        warehouse = load(line(properties={"x": 1}), line(properties={"x": "s"}),
                         line(messageId="z", properties={"x": 2}))
        self.assertEqual([row["x"] for row in table(warehouse, "seen")["rows"]], [None, 2])


class Duplicates(unittest.TestCase):
    def test_the_greatest_received_at_stays_and_replaces_the_whole_row(self):
        new = line(receivedAt="2024-03-02", properties={"a": 1})
        old = line(receivedAt="2024-03-01", properties={"b": 2})
        for syncs in ((new + old,), (old + new,), (new, old), (old, new)):
            row = only_row(load(*syncs))
            self.assertEqual((row["a"], row["b"]), (1, None))

    def test_ties_go_by_object_and_line_across_syncs_too(self):
        warehouse = Warehouse()
        warehouse.sync([("b.gz", line(properties={"x": 1}) + line(properties={"x": 2}))])
        counts = warehouse.sync([("a.gz", line(properties={"x": 3}))])
        self.assertEqual((only_row(warehouse)["x"], counts["duplicate"]), (2, 1))
        counts = warehouse.sync([("b/1.gz", line(properties={"x": 4}))])
        self.assertEqual((only_row(warehouse)["x"], counts["loaded"]), (4, 1))

    def test_microseconds_decide_not_the_text(self):
        data = line(receivedAt="2024-03-01T00:00:00.0000019Z", properties={"x": 1})
        data += line(receivedAt="2024-03-01T01:00:00.000001+01:00", properties={"x": 2})
        self.assertEqual(only_row(load(data))["x"], 2)

    def test_duplicates_are_judged_per_table(self):
        warehouse = Warehouse()
        counts = warehouse.sync([("1.gz", line(event="A") + line(event="B") + line("identify"))])
        self.assertEqual(only_row(warehouse, "tracks")["event"], "b")
        self.assertEqual([only_row(warehouse, name)["id"] for name in ("a", "b", "identifies")], ["m"] * 3)
        self.assertEqual(counts, {"lines": 3, "loaded": 3, "duplicate": 0, "filtered": 0, "rejected": 0})

    def test_counts_add_up(self):
        for seed in range(5):
            warehouse = Warehouse()
            for objects in generate.generate(seed, 100):
                counts = warehouse.sync(objects)
                self.assertEqual(counts["lines"], sum(counts.values()) - counts["lines"])


class UsersAndAccounts(unittest.TestCase):
    def test_each_column_is_the_latest_that_is_not_null(self):
        warehouse = load(
            line("identify", messageId="1", receivedAt="2024-03-03", traits={"a": "new", "b": None}),
            line("identify", messageId="2", receivedAt="2024-03-01", traits={"a": "old", "b": "old", "c": "only"}),
            line("identify", messageId="3", receivedAt="2024-03-02", traits={"b": "middle"}, context={"ip": "::1"}))
        row = only_row(warehouse, "users")
        self.assertEqual((row["id"], row["a"], row["b"], row["c"]), ("u", "new", "middle", "only"))
        self.assertEqual((row["context_ip"], row["received_at"]), ("::1", micros("2024-03-03")))
        self.assertNotIn("user_id", row)
        self.assertNotIn("timestamp", row)

    def test_ties_go_by_timestamp_and_then_by_id(self):
        def identify(id_, day, value):
            return line("identify", messageId=id_, timestamp=day, traits={"a": value})

        data = [identify("2", "2024-02-01", "x"), identify("1", "2024-02-02", "y"), identify("0", "2024-02-02", "z")]
        self.assertEqual(only_row(load(*data), "users")["a"], "y")
        self.assertEqual(only_row(load(*reversed(data)), "users")["a"], "y")

    def test_they_follow_when_an_identify_is_replaced(self):
        warehouse = load(line("identify", userId="old", traits={"a": 1}),
                         line("identify", userId="new", traits={"a": "x"}, receivedAt="2024-03-02"))
        self.assertEqual(only_row(warehouse, "users")["id"], "new")
        self.assertIsNone(only_row(warehouse, "users")["a"])

    def test_only_identified_users(self):
        warehouse = load(line("identify", userId=None, anonymousId="a"))
        self.assertEqual(table(warehouse, "users")["rows"], [])

    def test_accounts(self):
        row = only_row(load(line("group", groupId=7, traits={"id": 5, "group_id": 6})), "accounts")
        self.assertEqual((row["id"], row["_id"], row["_group_id"]), ("7", 5, 6))


class OrderDoesNotMatter(unittest.TestCase):
    """Invariant 3, types of columns aside: here all the values are text."""

    def test_any_split_into_syncs_gives_the_same_rows(self):
        rng = random.Random(5)
        objects = [(f"{number}.gz", b"".join(self.some_line(rng) for _ in range(30))) for number in range(6)]
        together = Warehouse()
        together.sync(objects)
        for _ in range(5):
            rng.shuffle(objects)
            apart = Warehouse()
            for one in objects:
                apart.sync([one])
            self.assertEqual(self.rows(apart), self.rows(together))

    def some_line(self, rng):
        return line(rng.choice(["track", "identify", "group", "page"]), messageId=f"m{rng.randrange(40)}",
                    event=rng.choice(["A", "B"]), userId=rng.choice(["u", "v"]),
                    receivedAt=f"2024-03-0{rng.randrange(1, 4)}",
                    traits={rng.choice("ab"): rng.choice(["x", "y", "z"])}, properties={rng.choice("ab"): "p"})

    def rows(self, warehouse):
        return {name: [{key: value for key, value in row.items() if value is not None} for row in shown["rows"]]
                for name, shown in warehouse.tables().items()}


if __name__ == "__main__":
    unittest.main()
