"""Loads into Redshift, held to what DuckDB makes of the same events, against the stand-in of tests/standin with a real
S3 server: the protocol of a load, what goes wrong with it, and what is left behind.

DRAY is the binary. With DRAY_TEST_REDSHIFT, an address with its staging location, the tests of Loads run on that cluster
instead, with AWS's settings as they are in the environment (make test-redshift). They make schemas s_test_..., and
leave them.
"""

import gzip
import http.server
import json
import os
import re
import shlex
import shutil
import threading
import time
import unittest

from redshift_case import (
    BUCKET,
    CLUSTER,
    SOURCE,
    RedshiftTest,
    StandInTest,
    identify,
    quoted,
    track,
    write_logs,
)

SAMPLE = SOURCE / "examples/shop-logs/segment-logs/kWebShop01"


class Loads(RedshiftTest):
    def test_the_sample_gives_the_tables_that_duckdb_has(self):
        shutil.copytree(SAMPLE, self.logs, dirs_exist_ok=True)
        said = self.sync()
        self.assertIn("3,712 lines = 3,650 loaded + 43 duplicate + 18 filtered + 1 rejected", said)
        self.assert_equals_duckdb()
        self.assert_nothing_left()
        self.assertIn("nothing new", self.sync())

    def test_syncs_in_any_order_give_the_same_rows(self):
        first = [track(1, 5, price=1), track(2, 6), identify(3, 7, name="Ann"), identify(4, 9, plan="pro")]
        second = [track(1, 4, price=2), track(2, 6), identify(3, 8, name="Bob"), identify(5, 6, plan="free")]
        write_logs(self.logs / "b.json.gz", second)
        self.sync()
        write_logs(self.logs / "a.json.gz", first)
        self.sync()
        self.assert_equals_duckdb()
        self.assert_nothing_left()
        self.assertEqual(self.rows(self.warehouse, "users")[0]["name"], "Bob")

    def test_a_value_stays_what_it_was(self):
        texts = ["", " ", "\\N", "\\", "a\\nb", 'say "hi"', "it's", "a,b", "line\nline\r\n", "\u00e9\U0001f600", "NULL", "\\\\N "]
        write_logs(self.logs / "a.json.gz", [track(i, i, text=text, n=i - 5) for i, text in enumerate(texts)])
        self.sync()
        self.assert_equals_duckdb()
        loaded = {row["id"]: row["text"] for row in self.rows(self.warehouse, "order_done")}
        self.assertEqual(loaded, {f"m{i}": text for i, text in enumerate(texts)})

    def test_hostile_names_stay_data(self):
        names = ["\"; drop table users; --", "'; select 1; \\", "a" * 500, "tag", "Öl & Müll", "o'k", "\\"]
        events = [track(i, i, name=name, **{f"{name} key": "x"}) for i, name in enumerate(names)]
        write_logs(self.logs / "a.json.gz", events)
        self.sync()
        self.assert_equals_duckdb()
        self.assert_nothing_left()

    def test_strings_widen_their_column_and_are_cut_past_the_widest(self):
        write_logs(self.logs / "a.json.gz", [track(1, 1, note="x" * 500)])
        self.sync()
        write_logs(self.logs / "b.json.gz", [track(2, 2, note="y" * 5000), track(3, 3, note="\u00e9" * 40_000)])
        said = self.sync()
        rows = {row["id"]: row["note"] for row in self.rows(self.warehouse, "order_done")}
        self.assertEqual(rows["m2"], "y" * 5000)
        self.assertEqual(rows["m3"], "\u00e9" * 32_767)
        self.assertIn("rejects list", said)
        rejects = self.dray("rejects", "list", "--warehouse", self.warehouse, "--source", self.source)
        self.assertIn("too_long", rejects)


class Protocol(StandInTest):
    def test_many_rows_of_the_ledger_go_by_file(self):
        for number in range(1500):
            write_logs(self.logs / f"{number:05}-{'k' * 150}.json.gz", [track(number, number % 3000)])
        since = len(self.redshift.log())
        self.sync()
        copies = [sql for sql in self.statements(since) if sql.startswith('copy "_dray"."objects"')]
        self.assertEqual(len(copies), 1)
        self.assertEqual(str(self.one(f"select count(*) from _dray.objects where source = '{self.source}'")), "1500")
        self.assert_nothing_left()

    def test_a_sync_commits_once_for_all_tables(self):
        write_logs(self.logs / "a.json.gz", [track(i, i, name=f"Event {i}") for i in range(12)])
        since = len(self.redshift.log())
        self.sync()
        statements = self.statements(since)
        copies = [sql for sql in statements if sql.startswith("copy ")]
        commits = [sql for sql in statements if sql == "commit"]
        # Twelve event tables and tracks: each is staged by a transaction of its own, and one is for all.
        self.assertEqual(len(copies), 13)
        self.assertEqual(len(commits), 13 + 1)
        self.assertEqual(statements[-1], "commit")


    def test_schemas_that_an_administrator_has_made_will_do(self):
        self.redshift.run_sql(
            "revoke create on database dev from loader",
            *(f"drop schema if exists {name} cascade" for name in ("_dray", "_dray_staging")),
            *(f"create schema {name}" for name in ("_dray", "_dray_staging", self.source)),
            *(f"grant usage, create on schema {name} to loader" for name in ("_dray", "_dray_staging", self.source)),
            user="ADMIN_USER",
        )
        self.addCleanup(
            self.redshift.run_sql,
            "grant create on database dev to loader",
            "drop schema _dray cascade",
            "drop schema _dray_staging cascade",
            user="ADMIN_USER",
        )
        write_logs(self.logs / "a.json.gz", [track(1, 1), identify(2, 2)])
        self.sync()
        write_logs(self.logs / "b.json.gz", [track(1, 1), identify(3, 2)])
        self.sync()
        self.assert_equals_duckdb()
        self.assert_nothing_left()


class Statements(StandInTest):
    golden = SOURCE / "tests/golden/sql/redshift.sql"

    def setUp(self):
        super().setUp()
        self.source = "shop"
        self.warehouse = self.place.address(self.source, connections=1)
        # A warehouse that knows nothing yet.
        self.redshift.run_sql("drop schema if exists _dray cascade", "drop schema if exists _dray_staging cascade")

    def normalised(self, sql):
        for pattern, word in (
            (r"[0-9]{8}T[0-9]{6}-[0-9a-f]{6}", "RUN"),
            (r"'20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9:.]+'", "'NOW'"),
            (r"'NOW', [0-9]+, [0-9]+, [0-9]+, 'NOW'", "'NOW', DURATION, DURATION, DURATION, 'NOW'"),
            (r"'[0-9]{19}'", "'VERSION'"),
            (r"query_id in \([0-9, ]+\)", "query_id in (COPIES)"),
            (r"/dray/[0-9a-f]{12}/", "/dray/WAREHOUSE/"),
            (re.escape(str(self.logs)), "LOGS"),
        ):
            sql = re.sub(pattern, word, sql)
        return sql

    def sent(self, events, file):
        """What a sync sends whose news are these."""
        (self.logs / file).write_text("".join(json.dumps(each) + "\n" for each in events))
        since = len(self.redshift.log())
        self.sync()
        return "".join(self.normalised(sql) + ";\n" for sql in self.statements(since))

    def test_what_is_sent_is_what_the_file_says(self):
        sent = "-- The first sync makes everything.\n"
        first = [track(1, 10, price=1), track(2, 11, price=2), identify(3, 12, name="Ada")]
        sent += self.sent(first, "b.json")
        sent += (
            "\n-- A later duplicate of m1; of m2 one that is as late, from an object before; a new column; one that is wider;\n"
            "-- another value of a profile.\n"
        )
        second = [
            track(1, 20, price=3, note="new"),
            track(2, 11, price=2),
            identify(3, 12, name="Ada"),
            identify(4, 13, name="A" * 1000),
        ]
        sent += self.sent(second, "a.json")
        sent += "\n-- Nothing is new.\n"
        since = len(self.redshift.log())
        self.assertIn("nothing new", self.sync())
        sent += "".join(self.normalised(sql) + ";\n" for sql in self.statements(since))
        self.assert_equals_duckdb()
        if "UPDATE_GOLDEN" in os.environ:
            self.golden.parent.mkdir(exist_ok=True)
            self.golden.write_text(sent)
        self.assertEqual(sent, self.golden.read_text(), "UPDATE_GOLDEN=1 writes what is sent")


class FromS3(StandInTest):
    def setUp(self):
        super().setUp()
        shutil.copytree(SAMPLE, self.logs, dirs_exist_ok=True)
        self.place.s3.make_bucket("raw")
        for path in sorted(self.logs.rglob("*.gz")):
            self.place.s3.put("raw", f"logs/shop/{path.relative_to(self.logs)}", path.read_bytes())

    def test_the_readme_s_command_gives_the_tables_that_the_directory_does(self):
        readme = (SOURCE / "README.md").read_text(encoding="utf-8")
        (line,) = [line for line in readme.splitlines() if line.startswith("dray sync s3://") and "redshift://" in line]
        words = shlex.split(line)
        words[2:4] = ["s3://raw/logs/shop", self.warehouse]
        words[words.index("--source") + 1] = self.source
        self.assertIn("3,712 lines = 3,650 loaded", self.dray(*words[1:]))
        self.assertIn("nothing new", self.dray(*words[1:]))
        self.assert_equals_duckdb()
        self.assert_nothing_left()


class Trouble(StandInTest):
    def setUp(self):
        super().setUp()
        write_logs(self.logs / "a.json.gz", [track(i, i, name=f"Event {i % 3}", n=i) for i in range(30)])
        write_logs(self.logs / "b.json.gz", [identify(100 + i, i, user=f"u{i % 4}", name=f"n{i}") for i in range(9)])

    def assert_recovers(self):
        self.redshift.control("clear")
        self.sync()
        self.assert_equals_duckdb()
        self.assert_nothing_left()

    def test_a_table_that_is_refused_waits_and_is_loaded_alone(self):
        self.redshift.control('error load times=0 at copy .*-[0-9a-f]{6} 2"')
        said = self.sync(code=3)
        self.assertIn("not loaded:", said)
        self.assertIn("the next sync tries them again", said)
        self.assertEqual(str(self.one(f"select count(*) from _dray.pending where source = '{self.source}'")), "1")
        # Not mended yet: it waits on, and what is new is loaded all the same.
        write_logs(self.logs / "c.json.gz", [track(i, i + 100, name=f"Event {i % 3}", n=-i) for i in range(30)])
        self.redshift.control('clear')
        self.redshift.control('error load times=1 at copy .*-[0-9a-f]{6} 1"')
        self.sync(code=3)
        self.redshift.control("clear")
        said = self.sync()
        self.assertIn("are loaded now", said)
        self.assert_equals_duckdb()
        self.assert_nothing_left()

    def test_files_that_are_gone_do_not_hold_back_what_is_new(self):
        self.redshift.control('error load times=0 at copy .*-[0-9a-f]{6} 2"')
        self.sync(code=3)
        self.redshift.control("clear")
        for key in self.place.keys(self.source):
            self.place.s3.remove(BUCKET, key)
        write_logs(self.logs / "c.json.gz", [track(500, 59, name="Event 9")])
        said = self.sync(code=3)
        self.assertIn("its rows cannot be read", said)
        self.assertEqual(len(self.rows(self.warehouse, "event_9")), 1)

    def test_a_full_cluster_fails_the_run_and_nothing_waits(self):
        self.redshift.control(f'error disk-full times=0 at ^insert into "{self.source}"')
        said = self.sync(code=1)
        self.assertIn("Disk Full", said)
        self.assert_recovers()

    def test_rows_that_waited_do_not_undo_what_was_read_again(self):
        write_logs(self.logs / "c.json.gz", [track(700, 59, name="Event 7", n=1)])
        self.redshift.control(f'error permission times=0 at ^insert into "{self.source}"."event_7"')
        self.sync(code=3)
        # The object changes, and is loaded again, while its first rows wait.
        write_logs(self.logs / "c.json.gz", [track(700, 59, name="Event 7", n=2)])
        self.redshift.control("clear")
        self.redshift.control('error load times=1 at copy .*-[0-9a-f]{6} 1"')
        self.sync("--reload-changed", code=3)
        self.redshift.control("clear")
        self.sync()
        self.assertEqual([row["n"] for row in self.rows(self.warehouse, "event_7")], [2])

    def test_a_table_that_fails_in_the_transaction_does_not_hold_back_the_others(self):
        self.redshift.control(f'error permission times=0 at ^insert into "{self.source}"."event_1"')
        said = self.sync(code=3)
        self.assertIn("not loaded: event_1", said)
        self.assertNotIn("event_1", self.tables(self.warehouse))
        self.assertEqual(len(self.rows(self.warehouse, "event_2")), 10)
        self.assertEqual(len(self.rows(self.warehouse, "tracks")), 30)
        self.assert_recovers()

    def test_a_transaction_that_lost_is_tried_again(self):
        for kind in ("1023", "conflict", "deadlock"):
            self.redshift.control(f'error {kind} times=1 at ^insert into "{self.source}"."tracks"')
        self.sync()
        self.assert_equals_duckdb()
        self.assert_nothing_left()

    def make_users(self, columns):
        """Before the first sync: `users` as somebody made it."""
        users = f"{quoted(self.source)}.users"
        self.redshift.run_sql(
            f"create schema {quoted(self.source)}",
            f"create table {users} (id varchar(512) not null, received_at timestamp, uuid bigint, uuid_ts timestamp, {columns})",
        )

    def profile_rejects(self):
        sql = "select object, line, reason, column_name, value from _dray.rejects"
        sql += f" where source = '{self.source}' and table_name = 'users' order by line"
        return [tuple(row.values()) for row in self.query(self.warehouse, sql)]

    def test_rejects_of_a_transaction_that_is_tried_again_are_told_once(self):
        self.make_users("name bigint")
        for kind in ("1023", "deadlock"):
            self.redshift.control(f'error {kind} times=1 at ^insert into "{self.source}"."users"')
        said = self.sync()
        told = [("b.json.gz", 1 + i, "does_not_fit", "name", f"n{i}") for i in range(9)]
        self.assertEqual(self.profile_rejects(), told)
        self.assertIn("9 values", said)

    def test_rejects_of_rows_that_waited_are_told_when_they_are_loaded(self):
        self.make_users("name bigint")
        self.redshift.control(f'error permission times=0 at ^insert into "{self.source}"."identifies"')
        self.sync(code=3)
        self.assertEqual(self.profile_rejects(), [])
        self.redshift.control("clear")
        # New objects, whose numbers in the run are not those of the run before.
        write_logs(self.logs / "0.json.gz", [identify(900, 50, user="u9", name="later")])
        for kind in ("1023", "deadlock"):
            self.redshift.control(f'error {kind} times=1 at ^insert into "{self.source}"."users"')
        said = self.sync()
        told = [("b.json.gz", 1 + i, "does_not_fit", "name", f"n{i}") for i in range(9)]
        told.append(("0.json.gz", 1, "does_not_fit", "name", "later"))
        self.assertEqual(sorted(self.profile_rejects()), sorted(told))
        self.assertIn("10 values", said)
        self.assert_nothing_left()

    def test_the_answer_to_the_commit_is_lost(self):
        self.redshift.control("drop after times=1 skip=5 at ^commit$")
        self.sync()
        self.assert_equals_duckdb()
        write_logs(self.logs / "c.json.gz", [track(500, 59)])
        self.assert_recovers()

    def test_the_commit_itself_is_lost(self):
        self.redshift.control("drop before times=1 skip=5 at ^commit$")
        said = self.sync(code=1)
        self.assertIn("nothing is loaded twice", said)
        self.assert_recovers()

    def leave_a_table_waiting(self):
        self.redshift.control('error load times=0 at copy .*-[0-9a-f]{6} 2"')
        self.sync(code=3)
        self.redshift.control("clear")

    def test_the_answer_to_the_commit_of_what_waited_is_lost(self):
        self.leave_a_table_waiting()
        write_logs(self.logs / "c.json.gz", [track(500, 59, name="Event 9")])
        # The first commit is that of the table's staging.
        self.redshift.control("drop after times=1 skip=1 at ^commit$")
        said = self.sync()
        self.assertIn("are loaded now", said)
        self.assertEqual(len(self.rows(self.warehouse, "event_9")), 1)
        self.assert_equals_duckdb()
        self.assert_nothing_left()

    def test_the_answer_to_the_commit_of_what_waited_is_lost_and_nothing_is_new(self):
        self.leave_a_table_waiting()
        self.redshift.control("drop after times=1 skip=1 at ^commit$")
        self.assertIn("are loaded now", self.sync())
        self.assert_equals_duckdb()
        write_logs(self.logs / "c.json.gz", [track(500, 59)])
        self.assert_recovers()

    def test_the_commit_of_what_waited_is_lost(self):
        self.leave_a_table_waiting()
        self.redshift.control("drop before times=1 skip=1 at ^commit$")
        said = self.sync(code=1)
        self.assertIn("did not commit", said)
        self.assertNotIn("are loaded now", said)
        self.assertEqual(str(self.one(f"select count(*) from _dray.pending where source = '{self.source}'")), "1")
        self.assert_recovers()

    def test_a_connection_that_is_lost_anywhere_costs_nothing(self):
        for number, statement in enumerate(("copy ", "^delete from", "insert into _dray.lineage", "^create table")):
            with self.subTest(statement):
                self.redshift.control("clear")
                self.redshift.control(f"drop before times=0 at {statement}")
                write_logs(self.logs / f"c{number}.json.gz", [track(1000 + number, 50)])
                self.sync(code=1)
        self.assert_recovers()

    def test_a_copy_that_slows_down_is_tried_again(self):
        self.redshift.control("error slowdown times=2 at ^copy ")
        self.sync()
        self.assert_equals_duckdb()

    def test_no_right_to_the_staging_place_fails_the_run_and_says_what_to_do(self):
        self.redshift.control("error access-denied times=0 at ^copy ")
        said = self.sync(code=2)
        self.assertIn("s3:GetObject", said)
        self.assert_recovers()

    def test_parts_may_be_gzip(self):
        self.warehouse = self.place.address(self.source, staging_compression="gzip")
        since = len(self.redshift.log())
        self.sync()
        copies = [sql for sql in self.statements(since) if sql.startswith("copy ")]
        self.assertTrue(copies and all(" gzip " in sql for sql in copies))
        self.assert_equals_duckdb()
        self.assert_nothing_left()

    def test_a_row_that_copy_refuses_is_told_with_its_place(self):
        """Dray writes none: here one is spoilt in the staging location, between the writing and the COPY."""
        self.warehouse = self.place.address(self.source, staging_compression="gzip")
        write_logs(self.logs / "b.json.gz", [track(501, 1, n=1), track(502, 2, name="Event 1", n=12345), track(503, 3, n=3)])
        self.redshift.control('slow seconds=20 times=0 at ^copy .*-[0-9a-f]{6} 2"')
        done = []
        syncing = threading.Thread(target=lambda: done.append(self.sync(code=3)))
        syncing.start()
        self.spoil(b",12345,", b",12x45,")
        syncing.join()
        self.assertNotIn("12x45", done[0])
        self.assertIn(f"column n (int8) of {self.source}.event_1", done[0])
        self.assertIn("that row is line 2 of b.json.gz", done[0])

    def spoil(self, value, instead):
        """In whichever part has it, whose length must not change."""
        for _ in range(100):
            for key in self.place.keys(self.source):
                if not key.endswith(".csv.gz"):
                    continue
                part = self.place.s3.get(BUCKET, key)
                text = gzip.decompress(part)
                if value not in text:
                    continue
                packed = gzip.compress(text.replace(value, instead), 9, mtime=0)
                # A comment in the header makes up for what is missing.
                comment = b"x" * (len(part) - len(packed) - 1) + b"\0"
                self.assertLessEqual(len(packed) + 1, len(part))
                spoilt = packed[:3] + bytes([packed[3] | 16]) + packed[4:10] + comment + packed[10:]
                self.assertEqual(len(spoilt), len(part))
                self.place.s3.put(BUCKET, key, spoilt)
                return
            time.sleep(0.05)
        self.fail("no part has the value")

    def test_a_query_changes_nothing(self):
        self.sync()
        rows = f"select count(*) from {self.source}.tracks"
        for sql in (
            f"delete from {self.source}.tracks", f"create table {self.source}.mine (a int)", f"{rows}; select 1",
            f"select * into {self.source}.mine from {self.source}.tracks", "unload ('select 1') to 's3://b/x' iam_role default",
            "call f()", f"explain analyze {rows}", "begin read write", f"copy {self.source}.tracks from 's3://b/x'",
        ):  # fmt: skip
            self.assertRegex(self.dray("query", self.warehouse, sql, code=2), "only reads|more than one statement")
        self.assertIn('column "nothing" does not exist', self.dray("query", self.warehouse, "select nothing", code=2))
        answer = json.loads(self.dray("query", self.warehouse, "select 1::bigint as a, true as b, 'x;' as c, null as d", "--json"))
        self.assertEqual(answer["rows"], [[1, True, "x;", None]])
        self.assert_equals_duckdb()

    def test_a_role_that_is_not_attached_is_told(self):
        self.warehouse = self.place.address(self.source, iam_role="arn:aws:iam::123456789012:role/x")
        said = self.sync(code=2)
        self.assertIn("role", said)

    def test_without_a_role_copy_gets_the_keys_and_nobody_sees_them(self):
        self.warehouse = self.place.address(self.source, iam_role=None)
        since = len(self.redshift.log())
        self.sync()
        self.assertTrue(any("secret_access_key" in sql for sql in self.statements(since)))
        self.assert_equals_duckdb()

    def test_without_a_staging_place_it_says_so(self):
        self.warehouse = self.redshift.address(None)
        said = self.sync(code=2)
        self.assertIn("staging", said)

    def test_files_that_a_run_left_are_swept_once_it_cannot_commit(self):
        self.sync()
        folder = self.s3_folder()
        stray = folder + "20260101T000000-abcdef/00001/part-00001.csv.zst"
        fresh = folder + "29990101T000000-abcdef/00001/part-00001.csv.zst"
        alien = self.source + "/notes.txt"
        for key in (stray, fresh, alien):
            self.place.s3.put(BUCKET, key, b"x")
        write_logs(self.logs / "c.json.gz", [track(500, 59)])
        self.sync()
        self.assertEqual(sorted(self.place.keys(self.source)), sorted([fresh, alien]))

    def s3_folder(self):
        """Of this source's runs."""
        since = len(self.redshift.log())
        write_logs(self.logs / "z.json.gz", [track(501, 58)])
        self.sync()
        copy = next(sql for sql in self.statements(since) if sql.startswith("copy "))
        url = copy.split(" from '", 1)[1].split("'", 1)[0]
        return url.removeprefix(f"s3://{BUCKET}/").rsplit("/", 3)[0] + "/"


class Asleep(StandInTest):
    def test_a_sync_that_has_nothing_to_load_does_not_connect(self):
        self.warehouse = self.place.address(self.source, let_sleep="true")
        write_logs(self.logs / "a.json.gz", [track(1, 1)])
        self.sync()
        since = len(self.redshift.log())
        self.assertIn("nothing new; 1 object loaded before", self.sync())
        self.assertEqual(self.statements(since), [])
        # Neither what is new nor a person who wants more is overlooked.
        write_logs(self.logs / "b.json.gz", [track(2, 2)])
        self.sync()
        self.assert_equals_duckdb()
        since = len(self.redshift.log())
        self.sync("--reload-changed")
        self.assertNotEqual(self.statements(since), [])

    def test_what_is_not_done_is_asked_for_again(self):
        self.warehouse = self.place.address(self.source, let_sleep="true")
        write_logs(self.logs / "a.json.gz", [track(1, 1)])
        (self.logs / "b.json.gz").write_bytes(b"\x1f\x8bno gzip")
        self.sync(code=3)
        since = len(self.redshift.log())
        self.sync(code=3)
        self.assertNotEqual(self.statements(since), [])


class Serverless(StandInTest):
    options = ("--serverless",)

    def test_a_load_needs_none_of_the_views_that_are_missing(self):
        write_logs(self.logs / "a.json.gz", [track(i, i, name=f"Event {i % 3}", n=i) for i in range(30)])
        self.sync()
        self.assert_equals_duckdb()
        self.assert_nothing_left()


class AwsApi:
    """Answers the calls that give a login, as AWS does."""

    def __init__(self, user, password):
        outer = self
        self.calls = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # noqa: N802: the name that http.server asks for
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                outer.calls.append((dict(self.headers.items()), body))
                if "x-amz-target" in {name.lower() for name in self.headers}:
                    answer = json.dumps({"dbUser": user, "dbPassword": password, "expiration": 1.9e9})
                else:
                    answer = (
                        "<GetClusterCredentialsWithIAMResponse><GetClusterCredentialsWithIAMResult>"
                        f"<DbUser>{user}</DbUser><DbPassword>{password}</DbPassword>"
                        "</GetClusterCredentialsWithIAMResult></GetClusterCredentialsWithIAMResponse>"
                    )
                self.send_response(200)
                self.end_headers()
                self.wfile.write(answer.encode())

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def stop(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Iam(StandInTest):
    password = "Temporary-0-pass"

    def setUp(self):
        super().setUp()
        self.redshift.control(f"user IAM:loader {self.password}")
        self.aws = AwsApi("IAM:loader", self.password)
        self.addCleanup(self.aws.stop)
        self.place.secrets.append(self.password)
        self.environment["AWS_ENDPOINT_URL_REDSHIFT"] = self.aws.url()
        self.environment["AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS"] = self.aws.url()
        write_logs(self.logs / "a.json.gz", [track(i, i, name=f"Event {i % 3}", n=i) for i in range(9)])
        env = self.redshift.env
        self.warehouse = (
            f"redshift://{env['REDSHIFT_HOST']}:{env['REDSHIFT_PORT']}/dev?sslrootcert={env['REDSHIFT_CA_FILE']}"
            f"&staging=s3://{BUCKET}/{self.source}&iam_role={env['REDSHIFT_IAM_ROLE']}"
        )

    def test_each_connection_to_a_cluster_has_a_login_of_its_own(self):
        self.warehouse += "&cluster=c1"
        self.sync()
        self.assertGreater(len(self.aws.calls), 1)
        for headers, body in self.aws.calls:
            self.assertIn("Action=GetClusterCredentialsWithIAM", body)
            self.assertIn("ClusterIdentifier=c1", body)
            self.assertIn("/us-east-1/redshift/aws4_request", headers["authorization"])
        self.assert_equals_duckdb()

    def test_a_missing_right_is_told_for_the_user_behind_the_login(self):
        self.redshift.run_sql("revoke create on database dev from loader", user="ADMIN_USER")
        self.addCleanup(self.redshift.run_sql, "grant create on database dev to loader", user="ADMIN_USER")
        self.warehouse += "&cluster=c1"
        self.assertIn("grant create on database dev to loader\n", self.sync(code=2))

    def test_a_workgroup_gives_one_too(self):
        self.warehouse += "&workgroup=w1"
        self.sync()
        headers, body = self.aws.calls[0]
        self.assertEqual(json.loads(body)["workgroupName"], "w1")
        self.assertIn("/us-east-1/redshift-serverless/aws4_request", headers["authorization"])
        self.assert_equals_duckdb()


if __name__ == "__main__":
    unittest.main(defaultTest="Loads" if CLUSTER else None)
