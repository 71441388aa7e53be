"""Comments: what an event was called and where a property stood, in the warehouse's own catalog."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

DRAY = os.environ.get("DRAY", "dray")
SECONDS_MAX = 300


def event(kind, number, **members):
    base = {"type": kind, "userId": "u", "messageId": number, "receivedAt": "2024-03-01T10:00:00Z"}
    return json.dumps(base | members) + "\n"


class Comments(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.logs = pathlib.Path(temporary.name) / "logs"
        self.logs.mkdir()
        self.warehouse = f"duckdb:{temporary.name}/w.duckdb"

    def run_dray(self, *arguments):
        done = subprocess.run([DRAY, *map(str, arguments)], capture_output=True, text=True, timeout=SECONDS_MAX,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def load(self, name, *lines):
        (self.logs / name).write_text("".join(lines), encoding="utf-8")
        self.run_dray("sync", self.logs, self.warehouse, "--source", "shop")

    def query(self, sql):
        return json.loads(self.run_dray("query", self.warehouse, sql, "--json"))["rows"]

    def test_tables_and_columns_say_where_they_come_from(self):
        self.load("a.json",
                  event("track", "1", event="order completed", properties={"total": 5}),
                  event("track", "2", event="Order Completed", properties={"shipping": {"zipCode": "8001"}, "id": 7}),
                  event("track", "3", event="it's; -- \"x\"", context={"os": {"version": 1}}),
                  event("identify", "4", traits={"plan": "gold"}),
                  event("page", "5", name="Home", properties={"name": "Other"}))
        self.assertEqual(
            dict(self.query("select table_name, comment from duckdb_tables() where schema_name = 'shop'")),
            {"order_completed": "Order Completed", "it_s_x": "it's; -- \"x\"",
             "tracks": "track calls, without their properties", "identifies": "identify calls", "pages": "page calls",
             "users": "the latest traits of each userId"})
        found = dict(self.query("select table_name || '.' || column_name, comment from duckdb_columns()"
                                " where schema_name = 'shop' and comment is not null"))
        for column, source in (("order_completed.total", "properties.total"),
                               ("order_completed.shipping_zip_code", "properties.shipping.zipCode"),
                               ("order_completed._id", "properties.id"), ("tracks.context_os_version", "context.os.version"),
                               ("identifies.plan", "traits.plan"), ("users.plan", "traits.plan"), ("pages.name", "name"),
                               ("pages._name", "properties.name"), ("tracks.context_user_agent", "context.userAgent")):
            self.assertEqual(found[column], source)

    def test_a_column_that_comes_later_has_its_comment_and_others_keep_what_a_person_wrote(self):
        self.load("a.json", event("track", "1", event="Sold", properties={"total": 5}))
        self.load("b.json", event("track", "2", event="SOLD", properties={"total": 5, "taxRate": 0.5}))
        self.assertEqual(
            self.query("select column_name, comment from duckdb_columns() where table_name = 'sold' and comment is not null"
                       " order by 1"),
            [["tax_rate", "properties.taxRate"], ["total", "properties.total"]])
        self.assertEqual(self.query("select comment from duckdb_tables() where table_name = 'sold'"), [["Sold"]])


if __name__ == "__main__":
    unittest.main()
