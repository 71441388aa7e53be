"""What people change by hand in PostgreSQL, and what their settings would make of our bytes."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from servers import start_postgres

DRAY = os.environ["DRAY"]
HERE = pathlib.Path(__file__).resolve().parent
CASES = HERE.parent / "cases"
SECONDS_MAX = 300
SECRET = "ana@example.org"


def call(kind, number, received=1, user="u1", **fields):
    at = f"2026-03-{received:02}T08:00:00.000Z"
    return {"type": kind, "messageId": f"m{number}", "userId": user, "timestamp": at, "receivedAt": at, **fields}


def identify(number, received=1, user="u1", **traits):
    return call("identify", number, received, user, traits=traits)


def track(message, received=1, name="Sold", **properties):
    return call("track", message, received, event=name, properties=properties)


class Hands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.env = start_postgres(cls)

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name)
        self.logs = self.directory / "logs"
        self.logs.mkdir()
        self.psql("drop schema if exists shop cascade; drop schema if exists _dray cascade; drop schema if exists crm cascade")

    def psql(self, sql, database="dray"):
        command = ["psql", "-qAt", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql]
        environment = {**os.environ, **self.env, "PGCLIENTENCODING": "UTF8"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS_MAX, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def url(self, query="", database="dray"):
        return f"postgres://dray@127.0.0.1:{self.env['PGPORT']}/{database}{query}"

    def dray(self, *arguments, code=0, **environment):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        done = subprocess.run(
            [DRAY, *arguments],
            cwd=self.directory,
            env={**kept, "HOME": str(self.directory), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def sync(self, *events, code=0, url=None, **environment):
        if events:
            name = f"{len(list(self.logs.iterdir())):03}.ndjson"
            (self.logs / name).write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
        return self.dray("sync", "logs", url or self.url(), "--source", "shop", code=code, **environment)

    def sync_case(self, case, folder, code=0):
        return self.dray("sync", str(CASES / case / folder), self.url(), "--source", "shop", "--moved", code=code)

    # --- settings ------------------------------------------------------------------------------------------------------

    def check_words(self):
        got = self.psql("select word, user_id, octet_length(word) from shop.spoken")
        self.assertEqual(got, "na\u00efve Gr\u00f6\u00dfe \u20ac|zo\u00eb|18")

    def test_aggregates_named_like_the_servers_own_change_nothing(self):
        self.psql("create or replace function public.first_only(text[], text) returns text[] language sql immutable as "
                  "$$ select array['theirs'] $$; drop aggregate if exists public.array_agg(text); "
                  "create aggregate public.array_agg(text) (sfunc = public.first_only, stype = text[])")
        self.addCleanup(self.psql, "drop aggregate public.array_agg(text)")
        self.sync(identify(1, plan="silver"), identify(2, 2, plan="gold"))
        self.assertEqual(self.psql("select plan from shop.users"), "gold")

    def test_an_address_that_sets_an_encoding_is_refused(self):
        case = str(CASES / "pg-client-encoding" / "in")
        for query in "client_encoding=LATIN1", "client_encoding=auto", "options=-c%20client_encoding%3DLATIN1", "options=--Client-Encoding%3Dlatin1":
            with self.subTest(query=query):
                told = self.dray("sync", case, self.url("?" + query), "--source", "shop", code=2)
                self.assertIn("client_encoding", told)
                self.assertIn("leave", told)
        for query in "options=-cDateStyle%3DGerman", "options=-c%20application_name%3Dx%20-c%20TimeZone%3DAsia/Tokyo":
            with self.subTest(query=query):
                self.assertIn("which Dray sets for itself", self.dray("query", self.url("?" + query), "select 1", code=2))
        self.dray("sync", case, self.url("?client_encoding=utf8&options=-c%20statement_timeout%3D60000"), "--source", "shop")
        self.check_words()

    def test_settings_from_elsewhere_change_nothing(self):
        case = str(CASES / "pg-client-encoding" / "in")
        service = self.directory / "service.conf"
        service.write_text("[it]\nclient_encoding=LATIN1\noptions=-c standard_conforming_strings=off\n", encoding="utf-8")
        role = (
            "client_encoding = 'LATIN1'; DateStyle = 'SQL, DMY'; TimeZone = 'Asia/Tokyo'; extra_float_digits = -10;"
            "standard_conforming_strings = off; IntervalStyle = 'iso_8601'; bytea_output = 'escape';"
            "quote_all_identifiers = on; search_path = shop, pg_catalog"
        )
        for setting in role.split(";"):
            self.psql(f"alter role dray set {setting}")
        self.addCleanup(self.psql, "alter role dray reset all")
        self.psql("create schema shop; create function shop.max(text) returns text language sql as $$select 'wrong'$$;"
                  "create domain shop.text as integer")
        environment = {
            "PGCLIENTENCODING": "LATIN1",
            "PGOPTIONS": "-c client_encoding=LATIN1 -c datestyle=German",
            "PGSERVICEFILE": str(service),
            "PGSERVICE": "it",
        }
        self.dray("sync", case, self.url(), "--source", "shop", **environment)
        self.check_words()
        events = [track(1, word="it's \\ back", at="2026-03-01T10:00:00Z", n=0.1), identify(2, email="a\\b")]
        (self.logs / "x.ndjson").write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
        self.dray("sync", "logs", self.url(), "--source", "shop", "--moved", **environment)
        self.dray("sync", "logs", self.url(), "--source", "shop", **environment)
        got = self.psql("set datestyle = ISO; set extra_float_digits = 1; set client_encoding = 'UTF8'; select word, at, n from shop.sold")
        self.assertEqual(got, "it's \\ back|2026-03-01 10:00:00|0.1")

    # --- names of schemas ----------------------------------------------------------------------------------------------

    def test_schemas_that_postgresql_does_not_take(self):
        (self.logs / "a.ndjson").write_text(json.dumps(track(1)) + "\n", encoding="utf-8")
        long = "s" * 64
        for name, why in ("pg events", "keeps it for itself"), ("information_schema", "keeps it for itself"), (long, "64 bytes"):
            for command in "plan", "sync":
                with self.subTest(name=name, command=command):
                    told = self.dray(command, "logs", self.url(), "--source", name, code=2)
                    self.assertIn(why, told)
                    self.assertIn("--source NAME", told)
        self.assertEqual(self.psql("select count(*) from pg_namespace where nspname like 'ss%' or nspname = '_dray'"), "0")

    def test_a_source_whose_name_was_cut_goes_on_and_shares_with_nobody(self):
        cut = "s" * 63
        (self.logs / "a.ndjson").write_text(json.dumps(track(1)) + "\n", encoding="utf-8")
        self.dray("sync", "logs", self.url(), "--source", cut)
        # As version 0.1.0 left it: the ledger has the whole name.
        for table in "sources", "objects", "tables", "runs", "rejects":
            self.psql(f"update _dray.{table} set source = source || 'xyz'")
        (self.logs / "b.ndjson").write_text(json.dumps(track(2)) + "\n", encoding="utf-8")
        self.assertIn("goes on", self.dray("sync", "logs", self.url(), "--source", cut + "xyz"))
        self.assertEqual(self.psql(f"select count(*) from {cut}.sold"), "2")
        other = self.directory / "other"
        other.mkdir()
        (other / "a.ndjson").write_text(json.dumps(track(3)) + "\n", encoding="utf-8")
        self.assertIn("whose name was cut", self.dray("sync", "other", self.url(), "--source", cut, code=2))
        self.assertIn("66 bytes", self.dray("sync", "other", self.url(), "--source", cut + "abc", code=2))
        self.psql(f"drop schema {cut} cascade")

    # --- other people's tables ------------------------------------------------------------------------------------------

    def test_a_foreign_key_loses_no_rows(self):
        self.sync(identify(1, 1, "u1", plan="a"), identify(2, 1, "u2", plan="a"), track(3, 1, price=1, note="x"), track(4, 1, price=2))
        self.psql(
            "alter table shop.users add unique (id); alter table shop.sold add unique (id); alter table shop.users add column note text;"
            "update shop.users set note = 'mine'; create schema crm;"
            "create table crm.deals (user_id text references shop.users (id) on delete cascade);"
            "create table crm.calls (user_id text references shop.users (id));"
            "create table crm.refunds (sale text references shop.sold (id) on delete cascade);"
            "create table crm.returns (sale text references shop.sold (id));"
            "insert into crm.deals values ('u1'), ('u2'); insert into crm.calls values ('u1'), ('u2');"
            "insert into crm.refunds values ('m3'), ('m4'); insert into crm.returns values ('m3'), ('m4')"
        )
        # New values of stored users, a new user, a newer m3 and a new sale.
        self.sync(identify(5, 2, "u1", plan="b"), identify(6, 2, "u3", plan="c"), track(3, 2, price=9), track(7, 2, price=7))
        self.assertEqual(self.psql("select id, plan, note from shop.users order by 1"), "u1|b|mine\nu2|a|mine\nu3|c|")
        self.assertEqual(self.psql("select id, price, note from shop.sold order by 1"), "m3|9|\nm4|2|\nm7|7|")
        for table in "deals", "calls", "refunds", "returns":
            self.assertEqual(self.psql(f"select count(*) from crm.{table}"), "2", table)
        # u2's only identify turns out to be u4's: u2 stays, for somebody refers to it, without values.
        self.sync(identify(2, 3, "u4", plan="z"))
        self.assertEqual(self.psql("select id, plan, note from shop.users where id in ('u2', 'u4') order by 1"), "u2||mine\nu4|z|")
        self.assertEqual(self.psql("select count(*) from crm.deals"), "2")
        # u4's goes to u5: nobody refers to u4.
        self.sync(identify(2, 4, "u5", plan="y"))
        self.assertEqual(self.psql("select id, plan from shop.users where id in ('u4', 'u5')"), "u5|y")
        self.assertEqual(self.psql("select count(*), count(distinct id) from shop.identifies"), "4|4")

    # --- columns of somebody's own ----------------------------------------------------------------------------------------

    def test_generated_and_identity_columns_are_left_alone(self):
        self.sync(identify(1, 1, "u1", email="a@b"), track(2, 1, price=1))
        for table in "users", "identifies", "sold", "tracks":
            self.psql(
                f"alter table shop.{table} add column number bigint generated always as identity;"
                f"alter table shop.{table} add column shout text generated always as (upper(id)) stored"
            )
        for table in "runs", "objects", "notices", "rejects", "collections", "tables", "sources", "lineage":
            self.psql(f"alter table _dray.{table} add column own bigint generated always as identity;"
                      f"alter table _dray.{table} add column twice text generated always as ('x') stored")
        self.sync(identify(3, 2, "u1", email="c@d"), identify(4, 2, "u2", email="e@f"), track(2, 2, price=3), track(5, 2, price=4, number=7))
        self.sync(track(6, 2, price="x"))
        self.assertEqual(self.psql("select id, email, shout from shop.users order by 1"), "u1|c@d|U1\nu2|e@f|U2")
        self.assertEqual(self.psql("select id, price, shout from shop.sold order by 1"), "m2|3|M2\nm5|4|M5\nm6||M6")
        self.assertEqual(self.psql("select count(*), count(own) from _dray.runs"), "3|3")
        self.assertIn("nothing new", self.sync())

    def test_an_id_that_somebody_made_a_number(self):
        self.sync_case("user-id-bigint", "in1")
        self.psql("alter table shop.identifies alter column user_id type bigint using user_id::bigint")
        self.sync_case("user-id-bigint", "in2")
        self.assertEqual(self.psql("select id, plan from shop.users order by 1"), "17|b\n18|c")
        self.assertEqual(self.psql("select id, user_id from shop.identifies order by 1"), "i1|17\ni2|18\ni3|17\ni4|")
        self.assertEqual(self.psql("select value, column_name, line from _dray.rejects"), "abc|user_id|3")

    def test_a_group_id_and_other_ids_that_somebody_made_numbers(self):
        group = [call("group", n, 1, "5", groupId=str(n), traits={"plan": "a"}) for n in (1, 2)]
        self.sync(*group, {**track(3), "userId": "5"})
        self.psql("alter table shop.groups alter column group_id type double precision using group_id::float8;"
                  "alter table shop.tracks alter column user_id type bigint using user_id::bigint")
        self.sync(call("group", 4, 2, "x", groupId="1", traits={"plan": "b"}), call("group", 5, 2, "6", groupId="none", traits={"plan": "c"}),
                  {**track(6), "userId": "six"}, {**track(7), "userId": "7"})
        self.assertEqual(self.psql("select id, plan from shop.accounts order by 1"), "1|b\n2|a")
        self.assertEqual(self.psql("select id, user_id from shop.tracks order by 1"), "m3|5\nm6|\nm7|7")
        self.assertEqual(self.psql("select value from _dray.rejects order by 1"), "none\nsix")

    # --- what refuses rows ------------------------------------------------------------------------------------------------

    def refused(self, *events, code=3):
        told = self.sync(*events, code=code)
        recorded = self.psql("select string_agg(reason, ' ') from _dray.pending union all select string_agg(error, ' ') from _dray.runs")
        for text in told, recorded:
            self.assertNotIn(SECRET, text)
        return told

    # --- collations for which two texts are one ----------------------------------------------------------------------------

    def compare_without_case(self, *columns):
        for column in columns:
            table, name = column.split(".")
            self.psql("create collation if not exists shop.ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
                      f"alter table shop.{table} alter column {name} type text collate shop.ci")

    def users(self):
        return self.psql("select id, plan, step from shop.users order by id collate \"C\"").split("\n")

    def test_ids_are_compared_by_their_bytes_whatever_a_collation_says(self):
        for columns in ("identifies.user_id",), ("users.id",), ("identifies.user_id", "users.id", "identifies.id"):
            with self.subTest(columns):
                self.setUp()
                self.sync(identify(1, 1, "Ana", plan="a", step="one"), identify(2, 1, "bo", plan="b", step="one"))
                self.compare_without_case(*columns)
                self.sync(identify(3, 2, "ana", plan="c"), identify(4, 2, "Bo", step="two"))
                self.assertEqual(self.users(), ["Ana|a|one", "Bo||two", "ana|c|", "bo|b|one"])
                # The last row of one of two goes to the other.
                self.sync(identify(3, 3, "Ana", plan="d"), identify(5, 3, "bO", plan="e"))
                self.assertEqual(self.users(), ["Ana|d|one", "Bo||two", "bO|e|", "bo|b|one"])
                # All are computed again.
                self.psql("drop table shop.users")
                self.sync(identify(6, 4, "Bo", plan="f"))
                self.assertEqual(self.users(), ["Ana|d|one", "Bo|f|two", "bO|e|", "bo|b|one"])

    def test_rows_are_replaced_in_place_by_the_bytes_of_their_ids(self):
        def sold(number, received, price):
            return {**track(number, received, price=price), "messageId": number}

        self.sync(sold("a", 1, 1), sold("B", 1, 2))
        self.compare_without_case("sold.id")
        self.psql("alter table shop.sold add column own bigint generated always as identity primary key;"
                  "create table shop.refunds (sale bigint references shop.sold (own)); insert into shop.refunds select own from shop.sold")
        self.sync(sold("A", 2, 10), sold("a", 2, 20), sold("b", 2, 30), sold("B", 2, 40), sold("c", 2, 50), sold("C", 2, 60))
        self.assertEqual(self.psql("select id, price from shop.sold order by id collate \"C\"").split("\n"),
                         ["A|10", "B|40", "C|60", "a|20", "b|30", "c|50"])

    def test_values_that_are_cast_for_profiles_are_told_apart_by_their_bytes(self):
        self.sync(identify(1, 1, "u1", plan="x", step="one"))
        self.compare_without_case("identifies.plan")
        self.psql("alter table shop.users alter column plan type varchar(9)")
        self.sync(identify(2, 2, "u1", plan="Gold"), identify(3, 2, "u2", plan="gold"))
        self.assertEqual(self.psql("select id, plan from shop.users order by 1"), "u1|Gold\nu2|gold")
        self.psql("alter table shop.users alter column plan type bigint using null")
        self.sync(identify(5, 3, "u1", plan="1e3"), identify(6, 3, "u2", plan="1E3"))
        self.assertEqual(self.psql("select id, plan from shop.users order by 1"), "u1|1000\nu2|1000")

    def test_constraints_are_named_with_a_remedy_and_without_values(self):
        self.sync(identify(1, 1, "u1", email="b@c", age=5), track(2, 1, price=1))
        constraints = (
            ("alter table shop.users add constraint grown check (age < 100)", "users", "grown"),
            ("alter table shop.users add column own text default 'x'; alter table shop.users alter own drop default; "
             "alter table shop.users alter own set not null", "users", "own"),
            ("create unique index one_email on shop.users (lower(email)) where age > 0", "users", "one_email"),
            ("create unique index one_sale on shop.identifies (email)", "identifies", "one_sale"),
            ("create function shop.f() returns trigger language plpgsql as $$begin raise exception 'no %', new.email; end$$;"
             "create trigger t before insert on shop.users for each row execute function shop.f()", "f()", "f()"),
            ("create function shop.f() returns trigger language plpgsql as $$begin raise exception 'no %', new.email "
             "using errcode = '42501'; end$$;"
             "create trigger t before insert on shop.users for each row execute function shop.f()", "f()", "f()"),
        )
        for number, (sql, table, name) in enumerate(constraints):
            with self.subTest(sql=sql):
                for kept in "users", "identifies":
                    self.psql(f"delete from shop.{kept} where email like '%{SECRET}'")
                self.psql(sql)
                events = [identify(10 + 3 * number, 2, f"v{number}", email=f"{number}{SECRET}", age=500), identify(11 + 3 * number, 2, f"w{number}", email=f"{number}{SECRET}", age=600)]
                # Of two rows with one key the table takes one; profiles follow from many rows, and wait.
                told = self.refused(*events, code=0 if table == "identifies" else 3)
                self.assertIn(table, told)
                self.assertIn(name, told)
                self.assertIn("try:", told)
                self.psql("alter table shop.users drop constraint if exists grown; alter table shop.users drop column if exists own;"
                          "drop index if exists shop.one_email; drop index if exists shop.one_sale; drop function if exists shop.f() cascade")
                self.sync()

    # --- constraints that are checked at the commit ------------------------------------------------------------------------

    def test_a_table_that_the_commit_would_refuse_waits_alone(self):
        raising = ("create function shop.f() returns trigger language plpgsql as $$begin if new.{0} = 'bad' then "
                   "raise exception 'no %', new.{0}; end if; return null; end$$; create constraint trigger checked after insert "
                   "or update on shop.{1} deferrable initially deferred for each row execute function shop.f()")
        for hand, table, told, mend in (
            ("create table shop.vips (id text primary key); insert into shop.vips values ('u1');"
             "alter table shop.sold add constraint known foreign key (user_id) references shop.vips (id) deferrable initially deferred",
             "sold", '(try: alter table shop.sold drop constraint known: ', "insert into shop.vips values ('u2')"),
            ("alter table shop.sold add constraint once unique (kind) deferrable initially deferred",
             "sold", "(try: drop the unique index or constraint once of shop.sold: ", "alter table shop.sold drop constraint once"),
            (raising.format("kind", "sold"), "sold", "the function shop.f() refused a row", "drop function shop.f() cascade"),
            ("alter table shop.users add constraint one_plan unique (plan) deferrable initially deferred",
             "identifies", "constraint one_plan of shop.users: ", "alter table shop.users drop constraint one_plan"),
            (raising.format("plan", "users"), "identifies", "the function shop.f() refused a row", "drop function shop.f() cascade"),
            # The same name on two tables, of which one refuses.
            ("create table shop.vips (id text primary key); insert into shop.vips values ('u1');"
             "alter table shop.seen add constraint known foreign key (user_id) references shop.vips (id) deferrable initially deferred;"
             "alter table shop.sold add constraint known foreign key (user_id) references shop.vips (id) deferrable initially deferred",
             "sold", "(try: alter table shop.sold drop constraint known: ", "insert into shop.vips values ('u2')"),
        ):
            with self.subTest(hand):
                self.doCleanups()
                self.setUp()
                self.sync(track(1, kind="bad"), track(2, name="Seen"), identify(3, plan="bad"))
                self.psql(hand)
                said = self.sync(track(4, 2, kind="bad") | {"userId": "u2"}, track(5, 2, name="Seen"), identify(6, 2, "u2", plan="bad"), code=3)
                self.assertIn(f"not loaded: {table}\n", said)
                self.assertIn(told, said)
                self.assertEqual(self.psql("select count(*) from shop.seen"), "2")
                self.assertEqual(self.psql("select (select count(*) from shop.sold) + (select count(*) from shop.identifies)"), "3")
                self.psql(mend)
                self.sync()
                self.assertEqual(self.psql("select (select count(*) from shop.sold), (select count(*) from shop.users)"), "2|2")

    def test_tables_that_refer_to_one_another_until_the_commit_are_loaded(self):
        self.sync(track(1), track(2, name="Seen"), identify(3, plan="a"))
        self.psql("alter table shop.users add primary key (id);"
                  "alter table shop.sold add foreign key (user_id) references shop.users (id) deferrable initially deferred;"
                  "alter table shop.seen add foreign key (user_id) references shop.users (id) deferrable initially deferred")
        self.sync(track(4, 2) | {"userId": "u2"}, track(5, 2, name="Seen") | {"userId": "u2"}, identify(6, 2, "u2", plan="b"))
        self.assertEqual(self.psql("select (select count(*) from shop.sold), (select count(*) from shop.users)"), "2|2")
        # A row without its user is that table's.
        said = self.sync(track(7, 3) | {"userId": "u3"}, track(8, 3, name="Seen") | {"userId": "u4"}, identify(9, 3, "u4", plan="b"), code=3)
        self.assertIn("not loaded: sold\n", said)
        self.assertEqual(self.psql("select (select count(*) from shop.seen), (select count(*) from shop.users)"), "3|3")

    # --- constraints on many tables, and between them ----------------------------------------------------------------------

    def test_a_row_may_refer_to_one_that_comes_with_a_later_table(self):
        self.sync(identify(1, plan="a"), track(2, name="Asked"), track(3, name="Seen"))
        self.psql("alter table shop.users add primary key (id);"
                  "alter table shop.asked add constraint known foreign key (user_id) references shop.users (id)")
        self.sync(track(4, 2, "Asked") | {"userId": "u2"}, identify(5, 2, "u2", plan="b"))
        self.assertEqual(self.psql("select (select count(*) from shop.asked), (select count(*) from shop.users)"), "2|2")
        # The row of the user who never comes is a reject; that of the one who comes with it is not.
        said = self.sync(track(6, 3, "Asked") | {"userId": "u3"}, track(7, 3, "Asked") | {"userId": "u4"},
                         track(8, 3, "Seen") | {"userId": "u4"}, identify(9, 3, "u3", plan="c"))
        self.assertIn("asked: the table refuses rows, which are rejects", said)
        self.assertIn("known", said)
        self.assertEqual(self.psql("select string_agg(id, ' ' order by id) from shop.asked"), "m2 m4 m6")
        self.assertEqual(self.psql("select count(*) from shop.seen"), "2")
        self.assertEqual(self.psql("select line, reason from _dray.rejects"), "2|refused_by_table")
        # When the user is there, the reject is read again.
        self.sync(identify(10, 4, "u4", plan="d"))
        self.dray("rejects", "retry", "--warehouse", self.url(), "--source", "shop")
        self.assertEqual(self.psql("select count(*) from shop.asked"), "4")

    def test_however_many_tables_refuse_something_the_others_are_loaded(self):
        names = [f"E{number:02}" for number in range(60)]
        self.sync(*(track(number, name=name, kind="good") for number, name in enumerate(names)))
        # Every third refuses all its rows, every third one of them.
        for number, name in enumerate(names):
            if number % 3 < 2:
                self.psql(f"alter table shop.{name.lower()} add constraint c{number} check ({'kind <> $$bad$$' if number % 3 else 'id < $$m1$$'}) not valid")
        events = [track(100 + 2 * number + more, 2, name, kind="bad" if more else "fine") for number, name in enumerate(names) for more in range(2)]
        said = self.sync(*events, track(900, 2, "Zebra"), code=3)
        stored = sum(int(self.psql(f"select count(*) from shop.{name.lower()} where kind = 'fine'")) for number, name in enumerate(names) if number % 3 == 2)
        self.assertEqual(stored, 20)
        self.assertEqual(self.psql("select count(*) from shop.zebra"), "1")
        for number, name in enumerate(names):
            if number % 3 == 0:
                self.assertEqual(self.psql(f"select count(*) from _dray.pending where table_name = '{name.lower()}'"), "1")
                self.psql(f"alter table shop.{name.lower()} drop constraint c{number}")
        # What waited without having been looked at is told apart from what a person must mend.
        self.sync()
        for number, name in enumerate(names):
            self.assertEqual(self.psql(f"select count(*) from shop.{name.lower()}"), "2" if number % 3 == 1 else "3", name)

    def test_a_trigger_that_keeps_rows_out_is_named(self):
        self.sync_case("pg-trigger-swallows", "in1")
        self.psql(
            "create function shop.f() returns trigger language plpgsql as $$begin if new.plan = 'secret' then return null; end if; return new; end$$;"
            "create trigger t before insert on shop.plan_set for each row execute function shop.f();"
        )
        told = self.sync_case("pg-trigger-swallows", "in2")
        self.assertIn("plan_set: the table refuses rows, which are rejects", told)
        self.assertIn("trigger or rule of the table keeps rows out (t)", told)
        self.assertEqual(self.psql("select reason, table_name from _dray.rejects"), "refused_by_table|plan_set")
        self.psql("drop trigger t on shop.plan_set; create trigger t before insert on shop.plan_set for each row "
                  "when (false) execute function shop.f();")
        self.sync_case("pg-trigger-swallows", "in2")

    def test_a_trigger_that_keeps_profiles_out_is_named(self):
        self.sync(identify(1, 1, "u1", plan="a"))
        self.psql("create function shop.g() returns trigger language plpgsql as $$begin return null; end$$;"
                  "create trigger u before insert or update on shop.users for each row execute function shop.g();")
        told = self.sync(identify(2, 2, "u1", plan="b"), identify(3, 2, "u2", plan="b"), code=3)
        self.assertIn("shop.users took 0 of 2 rows", told)
        self.assertIn("(u)", told)

    def test_what_keeps_rows_from_being_replaced_is_named(self):
        self.sync(track(1, 1, "Sold", price=1))
        for make, name in (
            ("create function shop.h() returns trigger language plpgsql as $$begin return null; end$$;"
             "create trigger keep before delete on shop.sold for each row execute function shop.h()", "keep"),
            ("drop trigger keep on shop.sold; create rule stay as on delete to shop.sold do instead nothing", "stay"),
        ):
            with self.subTest(name):
                self.psql(make)
                told = self.sync(track(1, 2, "Sold", price=2), code=3)
                self.assertIn("shop.sold did not let all rows be replaced", told)
                self.assertIn(f"({name})", told)
        self.psql("drop rule stay on shop.sold")
        self.sync()
        self.assertEqual(self.psql("select price from shop.sold"), "2")

    def test_row_security_is_told_with_what_gets_past_it(self):
        self.sync(track(1, 1, "Sold", price=1))
        self.psql("create role loader login; grant all on database dray to loader; grant all on schema shop, _dray to loader;"
                  "alter table shop.sold enable row level security; alter table shop.sold force row level security;"
                  "create policy mine on shop.sold using (price > 5);"
                  "do $$ declare t record; begin for t in select schemaname s, tablename n from pg_tables where schemaname in ('shop', '_dray')"
                  " loop execute format('alter table %I.%I owner to loader', t.s, t.n); end loop; end $$")
        self.addCleanup(self.psql, "reassign owned by loader to dray; drop owned by loader; drop role loader")
        url = self.url().replace("dray@", "loader@")
        told = self.sync(track(1, 2, "Sold", price=2), code=3, url=url)
        self.assertIn("alter table shop.sold no force row level security", told)
        self.psql("alter table shop.sold no force row level security")
        self.sync(url=url)
        self.assertEqual(self.psql("select price from shop.sold"), "2")

    def test_an_event_may_be_called_like_an_index(self):
        names = ["Identifies User Id Idx", "a_uuid_idx", "A", "users_id_idx", "Groups Group Id Idx"]
        everyone = [track(10 + n, 1, name, n=n) for n, name in enumerate(names)]
        self.sync(identify(1, 1, plan="a"), call("group", 2, groupId="g", traits={"size": 1}), *everyone)
        self.sync(*(track(20 + n, 2, name, n=n) for n, name in enumerate(names)))
        for table in "identifies_user_id_idx", "a_uuid_idx", "a", "users_id_idx", "groups_group_id_idx":
            self.assertEqual(self.psql(f"select count(*) from shop.{table}"), "2", table)

    # --- bounds -----------------------------------------------------------------------------------------------------------

    def plan_type(self, table="plan_set"):
        return self.psql(f"select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'shop.{table}'::regclass and attname = 'plan'")

    def test_a_bound_stays_until_a_value_is_longer(self):
        self.sync_case("pg-varchar-bound", "in1")
        self.psql("alter table shop.plan_set alter column plan type varchar(40)")
        self.assertNotIn("not_widened", self.sync_case("pg-varchar-bound", "in2"))
        self.assertEqual(self.plan_type(), "character varying(40)")
        self.sync_case("pg-varchar-bound", "in3")
        self.assertEqual(self.plan_type(), "text")
        self.assertEqual(self.psql("select max(length(plan)) from shop.plan_set"), "59")

    def test_a_bound_that_a_view_holds_makes_longer_values_rejects(self):
        self.sync_case("pg-varchar-bound", "in1")
        self.psql("alter table shop.plan_set alter column plan type varchar(40); create view shop.v as select plan from shop.plan_set")
        self.assertNotIn("view", self.sync_case("pg-varchar-bound", "in2"))
        told = self.sync_case("pg-varchar-bound", "in3")
        self.assertIn("shop.v", told)
        self.assertEqual(self.plan_type(), "character varying(40)")
        self.assertEqual(self.psql("select id, plan from shop.plan_set order by 1"), "p1|pro\np2|free\np3|\np4|team")
        self.assertEqual(self.psql("select reason, column_name from _dray.rejects"), "does_not_fit|plan")

    def test_bounds_count_characters_and_are_for_profiles_and_events_too(self):
        self.sync(identify(1, 1, "u1", plan="a"), track(2, 1))
        self.psql("alter table shop.users alter column plan type varchar(4); alter table shop.identifies alter column plan type varchar(6);"
                  "alter table shop.tracks alter column event type varchar(4); create view shop.v as select u.plan, i.plan as p, t.event "
                  "from shop.users u, shop.identifies i, shop.tracks t")
        self.assertNotIn("shop.v", self.sync(identify(3, 2, "u1", plan="\u00e9\u00e9\u00e9\u00e9")))
        self.assertEqual(self.psql("select plan from shop.users"), "\u00e9\u00e9\u00e9\u00e9")
        self.sync(identify(4, 3, "u1", plan="12345"), track(5, 3, name="Longer"))
        self.assertEqual(self.psql("select plan from shop.users"), "\u00e9\u00e9\u00e9\u00e9")
        self.assertEqual(self.psql("select plan from shop.identifies where id = 'm4'"), "12345")
        self.assertEqual(self.psql("select id, event from shop.tracks order by 1"), "m2|sold\nm5|")


if __name__ == "__main__":
    unittest.main()
