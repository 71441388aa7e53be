"""The types of new columns as a person meets them: what `types:` chooses, and what the notices say."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from duckdb_client import execute

DRAY = os.environ.get("DRAY", "dray")
SECONDS_MAX = 300


def sold(number, **properties):
    return json.dumps({"type": "track", "event": "Order Completed", "userId": "u", "messageId": f"m{number}",
                       "receivedAt": "2024-03-01T10:00:00Z", "properties": properties}) + "\n"


class Types(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name)
        (self.directory / "logs").mkdir()

    def write(self, name, *lines):
        (self.directory / "logs" / name).write_text("".join(lines), encoding="utf-8")

    def configure(self, types):
        lines = "".join(f"      {name}: {type_}\n" for name, type_ in types.items())
        (self.directory / "dray.yaml").write_text(
            "warehouse: duckdb:w.duckdb\nsources:\n  - name: shop\n    location: logs\n    types:\n" + lines,
            encoding="utf-8")

    def run_dray(self, *arguments, code=0):
        done = subprocess.run([DRAY, *arguments], cwd=self.directory, capture_output=True, text=True,
                              timeout=SECONDS_MAX, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def report(self, command="sync", *more):
        return json.loads(self.run_dray(command, *more, "--json"))

    def notices(self, report, code):
        return [(notice["message"], notice["count"]) for notice in report["notices"] if notice["code"] == code]

    def query(self, sql):
        return json.loads(self.run_dray("query", sql, "--json"))["rows"]

    def test_a_mixture_is_told_with_its_counts_its_first_place_and_what_to_do(self):
        self.configure({"x.y": "double"})
        self.write("a.json", sold(1, total=1.5, zip=8001, ok=True), sold(2, total=2, zip="8002", ok="true"))
        self.write("b.json", sold(3, total="n/a", zip="8003", ok=False), sold(4, total="", zip=8004),
                   sold(5, total=3))
        plan = self.report("plan")
        report = self.report()
        def told(name, mixed, converted):
            self.assertEqual(self.notices(name, "mixed_types"), [(
                "order_completed.total is varchar, because its values are 3 numbers and 2 strings; the first string is"
                " in b.json:1; mend its sender" + mixed, 2)])
            self.assertEqual(self.notices(name, "strings_converted"), [
                ("order_completed.ok is boolean, and a string was read as such, the first in a.json:2; if it is to be"
                 " text, let dray.yaml say types: {order_completed.ok: varchar}" + converted.format("ok"), 1),
                ("order_completed.zip is bigint, and 2 strings were read as such, the first in a.json:2; if it is to be"
                 " text, let dray.yaml say types: {order_completed.zip: varchar}" + converted.format("zip"), 2)])

        told(plan, ", or let dray.yaml say types: {order_completed.total: double} before a sync makes the column: then"
             " what is no number is a reject", " before a sync makes the column")
        # Then it is there.
        drop = ', drop the column (alter table "shop"."order_completed" drop column "{}") and load its objects again' \
               " (docs/cli.md, Loading an object again)"
        told(report, "; to have it without them, let dray.yaml say types: {order_completed.total: double}" + drop.format("total"), drop)
        self.assertEqual(self.query("select typeof(total), typeof(zip), zip from shop.order_completed order by id"),
                         [["VARCHAR", "BIGINT", zip_] for zip_ in (8001, 8002, 8003, 8004, None)])
        # The columns are there now: that is told once.
        self.write("c.json", sold(6, total="n/a", zip="8005"))
        self.assertEqual(self.report()["notices"], [])
        self.assertNotIn("times)", self.run_dray("history", report["run_id"]))

    def test_a_column_that_is_made_is_had_otherwise_by_what_is_told(self):
        self.configure({"order_completed.total": "double"})
        self.write("a.json", sold(1, total=1.5), sold(2, total=2), sold(3, total="n/a"))
        (self.directory / "dray.yaml").rename(self.directory / "later.yaml")
        told = self.run_dray("sync", "logs", "duckdb:w.duckdb", "--source", "shop")
        statement = re.search(r"drop the column \((.*?)\) and load its objects again", told)[1]
        execute(self.directory / "w.duckdb", statement, "delete from _dray.objects where source = 'shop'")
        (self.directory / "later.yaml").rename(self.directory / "dray.yaml")
        self.assertEqual(self.report()["values_rejected"], 1)
        self.assertEqual(self.query("select total from shop.order_completed order by id"), [[1.5], [2], [None]])

    def test_what_lost_or_was_set_aside_counts_as_for_the_type(self):
        self.configure({"x.y": "double"})
        self.write("a.json", sold(1, total="n/a"), sold(1, total=2), sold(2, total=3))
        (self.directory / "logs" / "b.json.gz").write_bytes(b"\x1f\x8b\x08broken")
        report = self.report_of_partial()
        self.assertEqual([count for _, count in self.notices(report, "mixed_types")], [1])

    def report_of_partial(self):
        return json.loads(self.run_dray("sync", "--json", code=3).splitlines()[0])

    def test_of_many_columns_the_first_are_told(self):
        self.configure({"x.y": "double"})
        self.write("a.json", sold(1, **{f"p{n:02}": n for n in range(30)}),
                   sold(2, **{f"p{n:02}": "x" for n in range(30)}))
        told = self.notices(self.report(), "mixed_types")
        self.assertEqual(len(told), 21)
        self.assertTrue(told[0][0].startswith("order_completed.p00 is varchar"))
        self.assertEqual(told[-1], (
            "10 more columns of mixed kinds are varchar: order_completed.p20, order_completed.p21, order_completed.p22,"
            " order_completed.p23, order_completed.p24 and 5 more", 10))

    def test_a_chosen_type_holds_whatever_the_values_are(self):
        self.configure({"order_completed.total": "double", '"*.zip"': "varchar", '"order_*.z*"': "bigint",
                        "identifies.score": "varchar"})
        self.write("a.json", sold(1, total="12.50", zip=8001), sold(2, total="n/a", zip="8002"),
                   sold(3, total=9007199254740993),
                   json.dumps({"type": "identify", "userId": "u", "messageId": "i", "traits": {"score": 5},
                               "receivedAt": "2024-03-01T10:00:00Z"}) + "\n")
        report = self.report()
        self.assertEqual((report["values_rejected"], report["notices"]), (2, []))
        # The longer pattern counts.
        self.assertEqual(self.query("select id, total, typeof(total), zip, typeof(zip) from shop.order_completed"
                                    " order by id"),
                         [["m1", 12.5, "DOUBLE", 8001, "BIGINT"], ["m2", None, "DOUBLE", 8002, "BIGINT"],
                          ["m3", None, "DOUBLE", None, "BIGINT"]])
        self.assertEqual(self.query("select value from _dray.rejects order by line"),
                         [["n/a"], ["9007199254740993"]])
        self.assertEqual(self.query("select score from shop.users"), [["5"]])

    def test_a_stored_column_of_another_type_is_told(self):
        self.write("a.json", sold(1, total="n/a"))
        self.configure({"x.y": "double"})
        self.report()
        self.configure({"order_completed.total": "double"})
        self.write("b.json", sold(2, total=5))
        self.assertEqual(self.notices(self.report(), "type_differs"), [(
            "order_completed.total is varchar in the warehouse and keeps that type, though dray.yaml says double"
            " precision; change the column's type, or the setting", 1)])
        self.assertEqual(self.query("select total from shop.order_completed order by id"), [["n/a"], ["5"]])

    def test_an_entry_that_names_no_column_is_told_with_the_nearest(self):
        def told(report):
            return [message for message, _ in self.notices(report, "type_unused")]
        self.configure({"order_completed.totl": "double", "order_complete.zip": "varchar", "zz.y": "varchar", '"*.nope"': "double"})
        self.write("a.json", sold(1, total=1, zip=8001))
        expected = [
            "types in dray.yaml: no column is order_complete.zip; is it order_completed.zip (bigint)? A column keeps the type with which it is made",
            "types in dray.yaml: no column is order_completed.totl; is it order_completed.total (bigint)? A column keeps the type with which it is made",
            "types in dray.yaml: no column is zz.y yet",
            "types in dray.yaml: no column is *.nope yet",
        ]
        self.assertEqual(told(self.report("plan")), expected)
        self.assertEqual(told(self.report()), expected)
        # Once the tables are there, what may be for events to come is told by a plan alone.
        self.write("b.json", sold(2, total=2))
        self.assertEqual(told(self.report()), expected[:2])
        self.assertEqual(told(self.report("plan")), expected)
        self.assertEqual(self.report()["notices"], [])  # nothing new, nothing planned

    def test_an_entry_that_names_a_column_is_not_told_whoever_has_it(self):
        self.configure({"order_completed.total": "double", "identifies.plan": "varchar", '"order_*.z*"': "bigint", '"*.zip"': "bigint"})
        identify = {"type": "identify", "userId": "u", "messageId": "i", "traits": {"plan": "x"}, "receivedAt": "2024-03-01T10:00:00Z"}
        self.write("a.json", sold(1, total=1, zip=8001), json.dumps(identify) + "\n")
        self.assertEqual(self.report()["notices"], [])
        self.write("b.json", json.dumps({**identify, "messageId": "j"}) + "\n")
        self.assertEqual(self.report()["notices"], [])

    def test_what_is_wrong_with_a_type_is_told_with_its_line(self):
        self.configure({"users.plan": "varchar", "order_completed.total": "integer"})
        told = self.run_dray("plan", code=2)
        self.assertIn("dray.yaml:6: sources[0].types.users.plan: users follows identifies: name identifies.plan", told)
        self.assertIn('dray.yaml:7: sources[0].types.order_completed.total: "integer" is none of boolean, bigint,'
                      " double, timestamp and varchar; did you mean bigint?", told)


if __name__ == "__main__":
    unittest.main()
