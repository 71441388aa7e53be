"""Loads into Redshift where its system views are asked, or it has no room: the files of each COPY counted, too many tables,
columns and bytes, against the stand-in of tests/standin with a real S3 server.

DRAY is the binary.
"""

import random
import unittest

from redshift_case import StandInTest, track, write_logs


class Files(StandInTest):
    """How many files each COPY has read is asked once for all, and believed where it is told."""

    asked = "from sys_load_detail"

    def setUp(self):
        super().setUp()
        self.addCleanup(self.redshift.control, "untold files=0")
        self.addCleanup(self.redshift.control, "lag seconds=0")
        write_logs(self.logs / "a.json.gz", [track(i, i, name=f"Event {i % 5}", n=i) for i in range(30)])

    def write_parts(self):
        """A table of several parts: of what does not compress, in parts as small as they get."""
        self.warehouse = self.place.address(self.source, connections=32)
        noise = random.Random(1)
        texts = [{f"p{n}": noise.randbytes(22_000).hex() for n in range(2)} for _ in range(60)]
        write_logs(self.logs / "b.json.gz", [track(100 + i, i, name="Large", **text) for i, text in enumerate(texts)])

    def notices(self):
        sql = "select code from _dray.notices n join _dray.runs r on r.run_id = n.run_id "
        sql += f"where r.source = '{self.source}' order by r.started_at, code"
        return [row["code"] for row in self.query(self.warehouse, sql)]

    def questions(self, since):
        return len([sql for sql in self.statements(since) if self.asked in sql])

    def test_one_question_is_for_all_copies(self):
        self.write_parts()
        since = len(self.redshift.log())
        self.sync("--memory", "256MiB")
        (sql,) = [sql for sql in self.statements(since) if self.asked in sql]
        self.assertEqual(sql.count(","), 1 + 6)  # of the select, and between five events, the large one and tracks
        parts = f"select count(*) from stl_load_commits where filename like '%/{self.source}/%/part-%'"
        self.assertGreater(int(self.one(parts)), 7)
        self.assertEqual(self.notices(), [])
        self.assert_equals_duckdb()
        self.assert_nothing_left()

    def test_a_table_of_which_fewer_files_were_read_waits(self):
        self.write_parts()
        self.redshift.control("untold files=1")
        since = len(self.redshift.log())
        said = self.sync("--memory", "256MiB", code=3)
        self.assertRegex(said, "not loaded: large")
        self.assertRegex(said, r"COPY read [0-9]+ of [0-9]+ files")
        self.assertEqual(self.questions(since), 2)  # once more, for the view may be late
        self.assertNotIn("large", self.tables(self.warehouse))
        self.assertEqual(len(self.rows(self.warehouse, "event_1")), 6)
        # Of the others, of one part each, it told nothing.
        self.assertEqual(self.notices(), ["files_not_counted", "table_pending"])
        self.redshift.control("untold files=0")
        self.assertIn("are loaded now", self.sync())
        self.assert_equals_duckdb()
        self.assert_nothing_left()

    def test_a_view_that_is_late_holds_nothing_back_and_is_told(self):
        self.redshift.control("lag seconds=60")
        since = len(self.redshift.log())
        self.assertIn("sys_load_detail did not tell", self.sync())
        self.assertEqual(self.questions(since), 1)
        self.assertEqual(self.notices(), ["files_not_counted"])
        self.assert_equals_duckdb()
        self.assert_nothing_left()

    def test_a_view_that_may_not_be_read_holds_nothing_back_and_is_told(self):
        self.redshift.control(f"error permission times=0 at {self.asked}")
        self.sync()
        self.assertEqual(self.notices(), ["files_not_counted"])
        self.assert_equals_duckdb()
        self.assert_nothing_left()


class Limits(StandInTest):
    counted = (
        "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'r' and n.nspname "
        "not in ('pg_catalog', 'information_schema', 'pg_internal', 'pg_toast')"
    )
    aside = 20  # tables that are kept for what is none of the targets

    def setUp(self):
        super().setUp()
        self.addCleanup(self.redshift.control, "capacity tables=0")
        write_logs(self.logs / "a.json.gz", [track(i, i, name=f"Event {i % 2}", n=i) for i in range(10)])

    def room_for(self, tables):
        """An address that says so, and a stand-in that means it."""
        most = int(self.one(self.counted)) + tables
        self.redshift.control(f"capacity tables={most}")
        return self.place.address(self.source, tables_max=most)

    def test_what_has_no_room_waits_and_what_is_there_goes_on(self):
        self.sync()
        plain = self.warehouse
        # For the three that are there, and one of the two that are new.
        self.warehouse = self.room_for(self.aside + 3 + 2)
        write_logs(self.logs / "b.json.gz", [track(20 + i, i, name=f"Event {i % 4}", n=i) for i in range(20)])
        said = self.sync(code=3)
        self.assertIn("not loaded: event_3", said)
        self.assertRegex(said, "no room for a new table: the database has [0-9]+, and may have at most")
        self.assertRegex(said, "and may have at most [0-9]+, those of other databases")
        self.assertEqual(len(self.rows(plain, "event_0")), 10)
        self.assertEqual(len(self.rows(plain, "event_2")), 5)
        self.assertEqual(len(self.rows(plain, "tracks")), 30)
        self.assertNotIn("event_3", self.tables(plain))
        # Still none.
        self.warehouse = self.room_for(self.aside)
        self.sync(code=3)
        self.redshift.control("capacity tables=0")
        self.warehouse = plain
        self.assertIn("are loaded now", self.sync())
        self.assert_equals_duckdb()
        self.assert_nothing_left()

    def test_where_nobody_said_how_many_tables_wait_all_the_same(self):
        self.sync()
        # Neither the last of four staging tables has room nor the new one.
        most = int(self.one(self.counted)) + 3
        self.redshift.control(f"capacity tables={most}")
        write_logs(self.logs / "b.json.gz", [track(20 + i, i, name=f"Event {i % 3}", n=i) for i in range(20)])
        self.warehouse = self.place.address(self.source, connections=1)
        said = self.sync(code=3)
        self.assertIn("Maximum tables limit exceeded", said)
        self.assertIn("not loaded: event_2, tracks", said)
        self.assertEqual(len(self.rows(self.warehouse, "event_1")), 12)
        self.redshift.control("capacity tables=0")
        self.sync()
        self.assert_equals_duckdb()
        self.assert_nothing_left()

    def test_tables_are_counted_only_for_new_ones_and_a_count_that_is_refused_holds_nothing_back(self):
        counts = "from pg_class c join pg_namespace"
        self.redshift.control(f"error permission times=0 at {counts}")
        since = len(self.redshift.log())
        self.sync()
        write_logs(self.logs / "b.json.gz", [track(20 + i, i, name="Event 0", n=i) for i in range(9)])
        self.sync()
        self.assertEqual(len([sql for sql in self.statements(since) if counts in sql]), 1)
        self.assert_equals_duckdb()

    def test_columns_that_cannot_be_staged_are_rejects(self):
        """A table that somebody widened to Redshift's 1,600 columns: a staging table has no room for all of them."""
        # A row of PostgreSQL's has room for some hundreds.
        for number in range(4):
            properties = {f"p{i:04}": i for i in range(400 * number, min(400 * (number + 1), 1585))}
            write_logs(self.logs / f"w{number}.json.gz", [track(100 + number, number, name="Wide", **properties)])
        self.sync()
        live = f"select count(*) from svv_columns where table_schema = '{self.source}' and table_name = 'wide'"
        room = 1600 - int(self.one(live))
        self.assertGreater(room, 3)
        extra = [f"own{i}" for i in range(room)]
        self.redshift.run_sql(*(f'alter table "{self.source}".wide add column {name} bigint' for name in extra))
        for number in range(4):
            properties = {f"p{i:04}": i for i in range(400 * number, min(400 * (number + 1), 1585))}
            events = [track(200 + number, number, name="Wide", **properties), track(300 + number, number, name="Event 1", n=1)]
            write_logs(self.logs / f"x{number}.json.gz", events)
        write_logs(self.logs / "x9.json.gz", [track(400, 1, name="Wide", **{name: 1 for name in extra})])
        said = self.sync()
        self.assertIn("rejects list", said)
        self.assertEqual(len(self.rows(self.warehouse, "event_1")), 9)
        self.assertEqual(int(self.one(f'select count(*) from "{self.source}".wide')), 9)
        rejected = self.query(self.warehouse, f"select reason, column_name from _dray.rejects where source = '{self.source}'")
        self.assertEqual({row["reason"] for row in rejected}, {"too_many_columns"})
        self.assertIn(len(rejected), range(1, len(extra) + 1))  # some columns of the table have no values here
        self.assert_nothing_left()


    def test_a_row_that_is_longer_than_copy_takes_loses_values_and_no_table_waits_for_it(self):
        long = {f"p{i:02}": "x" * 65_000 for i in range(90)}
        write_logs(self.logs / "b.json.gz", [track(20, 1, name="Large", **long), track(21, 1, name="Large", p00="y")])
        self.sync()
        reasons = f"select reason, count(*) as n from _dray.rejects where source = '{self.source}' group by reason"
        self.assertEqual(self.query(self.warehouse, reasons), [{"reason": "row_too_wide", "n": 90 - 46}])
        lengths = f'select id, length(p45) as kept, length(p46) as lost from "{self.source}".large order by id'
        large = [(row["id"], row["kept"], row["lost"]) for row in self.query(self.warehouse, lengths)]
        self.assertEqual(large, [("m20", 65_000, None), ("m21", None, None)])
        self.assert_nothing_left()


if __name__ == "__main__":
    unittest.main()
