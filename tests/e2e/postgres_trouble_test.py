"""PostgreSQL as others have set it up: publications, names that are taken, locks, few rights, few locks."""

import json
import os
import pathlib
import re
import select
import shutil
import subprocess
import tempfile
import time
import unittest

DRAY = os.environ["DRAY"]
TESTS = pathlib.Path(__file__).resolve().parent.parent
START = TESTS / "servers" / "start-postgres"
CASES = TESTS / "cases"
SECONDS_MAX = 300


def track(name, number, **properties):
    event = {"type": "track", "event": name, "userId": "u", "messageId": f"{name}-{number}", "properties": properties}
    return json.dumps({**event, "receivedAt": "2026-11-01T10:00:00Z"}) + "\n"


def identify(number):
    event = {"type": "identify", "userId": "u", "messageId": f"i{number}", "traits": {"a": number}}
    return json.dumps({**event, "receivedAt": "2026-11-01T10:00:00Z"}) + "\n"


class Psql:
    """A session of somebody else's that stays open."""

    def __init__(self, env, database):
        command = ["psql", "-qAt", "-v", "ON_ERROR_STOP=1", "-d", database]
        self.process = subprocess.Popen(
            command, env={**os.environ, **env}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def ask(self, sql, seconds=SECONDS_MAX):
        """The first line of the answer, within so long."""
        self.process.stdin.write(sql + ";\n")
        self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        return self.process.stdout.readline().strip() if ready else None

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(timeout=SECONDS_MAX)


class Trouble(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = tempfile.mkdtemp(prefix="dray-pt-", dir="/tmp")
        cls.addClassCleanup(shutil.rmtree, cls.server, ignore_errors=True)
        cls.addClassCleanup(subprocess.run, [START, "--stop", cls.server], check=True, capture_output=True)
        cls.start()
        # Locks for 16 tables in a transaction, as Dray counts them.
        with open(f"{cls.server}/data/postgresql.conf", "a", encoding="utf-8") as conf:
            conf.write("max_locks_per_transaction = 13\nmax_connections = 20\n")
        subprocess.run([START, "--stop", cls.server], check=True, capture_output=True)
        cls.start()

    @classmethod
    def start(cls):
        started = subprocess.run([START, cls.server], capture_output=True, text=True, check=False)
        if started.returncode != 0:
            raise RuntimeError(started.stderr)
        cls.env = dict(line.split("=", 1) for line in started.stdout.splitlines())

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name)
        (self.directory / "logs").mkdir()
        # One for each test: to drop as many tables as some make takes more locks than there are.
        self.database = "d_" + self.id().rsplit(".", 1)[1][:50]
        self.psql(f"create database {self.database}", "postgres")
        self.addCleanup(self.psql, f"drop database {self.database} (force)", "postgres")

    def psql(self, sql, database=None):
        command = ["psql", "-qAt", "-v", "ON_ERROR_STOP=1", "-d", database or self.database, "-c", sql]
        done = subprocess.run(
            command, env={**os.environ, **self.env}, capture_output=True, text=True, timeout=SECONDS_MAX, check=False
        )
        self.assertEqual(done.returncode, 0, sql + done.stderr)
        return done.stdout.splitlines()

    def url(self, user="dray"):
        return f"postgres://{user}@127.0.0.1:{self.env['PGPORT']}/{self.database}"

    def command(self, *arguments, user="dray"):
        return [DRAY, *arguments, self.url(user), "--source", "shop", "--moved"]

    def dray_environment(self):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        return {**kept, "HOME": str(self.directory)}

    def sync(self, logs="logs", code=0, user="dray", command="sync"):
        arguments = self.command(command, logs, user=user)
        if command == "plan":
            arguments.remove("--moved")
        done = subprocess.run(
            arguments,
            cwd=self.directory,
            env=self.dray_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )
        if code is not None:
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def write(self, name, text):
        (self.directory / "logs" / name).write_text(text, encoding="utf-8")

    def test_tables_in_a_publication_are_loaded(self):
        self.psql("create publication everything for all tables")
        self.sync(CASES / "pg-publication" / "in1")
        self.sync(CASES / "pg-publication" / "in2")
        self.assertEqual(self.psql("select id, total from shop.order_done order by 1"), ["o1|9", "o2|6"])
        self.assertEqual(self.psql("select id, plan from shop.users"), ["user-1|gold"])

    def test_a_publication_that_came_later_stops_nothing(self):
        self.sync(CASES / "pg-publication" / "in1")
        self.psql("create publication shop for tables in schema shop, _dray")
        self.sync(CASES / "pg-publication" / "in2")
        self.assertEqual(self.psql("select id, total from shop.order_done order by 1"), ["o1|9", "o2|6"])

    def test_a_name_that_something_else_has_gives_the_table_another(self):
        self.psql(
            "create schema shop; create table shop.other (a int, b text); create index by_a on shop.other (a);"
            "create sequence shop.counted; create type shop.mood as enum ('good'); create domain shop.mark as text;"
            "create view shop.seen as select 1 as a; create materialized view shop.kept as select 1 as a;"
            "create table shop.parted (a int) partition by range (a); create type shop.pair as (a int, b int);"
            "create foreign data wrapper nowhere; create server away foreign data wrapper nowhere;"
            "create foreign table shop.far (a int) server away"
        )
        taken = ["by_a", "counted", "mood", "mark", "seen", "kept", "parted", "pair", "far", "other"]
        self.write("a.json", "".join(track(name, 1, n=1) for name in taken) + track("free", 1, n=1))
        first = self.sync()
        self.assertIn("something else is called shop.counted", first.stdout + first.stderr)
        tables = self.psql("select table_name from _dray.tables where event is not null order by 1")
        self.assertEqual(len(tables), 11)
        self.assertIn("free", tables)
        for name in taken:
            other = [table for table in tables if re.fullmatch(name + "_[0-9a-f]{8}", table)]
            self.assertEqual(len(other), 1, tables)
            self.assertEqual(self.psql(f"select event, n from shop.{other[0]}"), [f"{name}|1"])
        # It stays there, also when the name is free again.
        self.psql("drop sequence shop.counted")
        self.write("b.json", track("counted", 2, n=2) + track("counted", 1, n=1))
        self.sync()
        self.assertEqual(self.psql("select to_regclass('shop.counted') is null"), ["t"])
        self.assertEqual(len(self.psql("select 1 from shop.tracks where event = 'counted'")), 2)

    def test_more_tables_than_the_server_has_locks_for_in_one_transaction(self):
        self.write("a.json", "".join(track(f"kind {i}", 1, n=i) for i in range(300)))
        done = self.sync()
        self.assertEqual(self.psql("select count(*) from shop.tracks"), ["300"])
        self.assertEqual(
            self.psql("select count(*) from pg_tables where schemaname = 'shop' and tablename like 'kind_%'"), ["300"]
        )
        self.assertIn("300", done.stdout)
        self.assertEqual(self.psql("select count(*) from pg_locks where locktype = 'advisory'"), ["0"])

    def test_a_sync_that_was_killed_between_two_of_its_transactions_is_made_good(self):
        self.write("a.json", "".join(track(f"kind {i}", 1, n=i) for i in range(150)))
        dray = self.start_sync("logs")
        self.wait_for("select 1 from pg_tables where schemaname = 'shop' limit 1")
        dray.kill()
        dray.communicate(timeout=SECONDS_MAX)
        self.assertEqual(self.psql("select count(*) from _dray.objects where state = 'loaded'"), ["0"])
        self.sync()
        self.assertEqual(self.psql("select count(*), count(distinct id) from shop.tracks"), ["150|150"])
        self.assertEqual(self.psql("select count(*) from _dray.lineage"), ["150"])
        self.assertEqual(self.psql("select n from shop.kind_0 union all select n from shop.kind_149"), ["0", "149"])

    def start_sync(self, logs):
        return subprocess.Popen(
            self.command("sync", logs),
            cwd=self.directory,
            env=self.dray_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def test_a_reader_that_stays_holds_nobody_else_up(self):
        self.sync(CASES / "pg-lock-queue" / "in1")
        holder, reader = Psql(self.env, self.database), Psql(self.env, self.database)
        self.addCleanup(reader.close)
        self.assertEqual(holder.ask("begin; select count(*) from shop.seen"), "1")
        dray = self.start_sync(CASES / "pg-lock-queue" / "in2")
        self.wait_for("select 1 from pg_locks where not granted and mode = 'AccessExclusiveLock'")
        begun = time.monotonic()
        self.assertEqual(reader.ask("select count(*) from shop.seen", 10), "1")
        self.assertLess(time.monotonic() - begun, 8)
        holder.ask("commit; select 1")
        holder.close()
        output, _ = dray.communicate(timeout=SECONDS_MAX)
        self.assertEqual(dray.returncode, 0, output)
        self.assertEqual(self.psql("select count(*) from shop.seen"), ["2"])

    def test_a_session_may_idle_while_the_run_reads(self):
        self.psql(f"alter database {self.database} set idle_session_timeout = '100ms'")
        seen = {"type": "track", "event": "Seen", "userId": "u", "messageId": "m", "receivedAt": "2026-01-01T00:00:00Z"}
        filtered = json.dumps({**seen, "integrations": {"Warehouses": False}, "properties": {"text": "x" * 200}}) + "\n"
        self.write("a.json", filtered * 300_000 + json.dumps(seen) + "\n")
        self.sync()
        self.assertEqual(self.psql("select count(*) from shop.seen"), ["1"])

    def test_a_sync_that_was_killed_leaves_no_session_that_waits(self):
        self.sync(CASES / "pg-lock-queue" / "in1")
        holder = Psql(self.env, self.database)
        self.addCleanup(holder.close)
        holder.ask("begin; lock table shop.tracks; select 1")
        dray = self.start_sync(CASES / "pg-lock-queue" / "in2")
        sessions = f"select 1 from pg_stat_activity where datname = '{self.database}' and application_name = 'dray'"
        self.wait_for(sessions + " and wait_event_type = 'Lock'")
        dray.kill()
        dray.communicate(timeout=SECONDS_MAX)
        self.wait_for(f"select 1 where not exists ({sessions})", seconds=30)

    def wait_for(self, sql, seconds=60):
        end = time.monotonic() + seconds
        while not self.psql(sql):
            self.assertLess(time.monotonic(), end, sql)
            time.sleep(0.1)

    # --- rights ------------------------------------------------------------------------------------------------------

    def make_role(self, name):
        self.psql(f"create role {name} login; revoke temporary on database {self.database} from public")
        self.addCleanup(self.psql, f"drop owned by {name} cascade; drop role {name}")

    def follow(self, user, command="sync"):
        """Does what the messages say until the command works; what they said."""
        given = []
        for _ in range(12):
            done = self.sync(user=user, command=command, code=None)
            if done.returncode == 0:
                return given
            # A table whose rows wait is told in a notice.
            self.assertIn(done.returncode, (2, 3), done.stdout + done.stderr)
            told = re.findall(r"try: ((?:grant|alter) [^\n()]*)", done.stdout + done.stderr)
            self.assertTrue(told, done.stdout + done.stderr)
            statement = told[0].split(", or ")[0].strip()
            self.assertNotIn(statement, given, done.stdout + done.stderr)
            given.append(statement)
            self.psql(statement)
        self.fail(f"there was no end: {given}")

    def test_each_missing_right_is_told_as_the_statement_that_gives_it(self):
        self.make_role("plain")
        self.write("a.json", track("sold", 1, n=1) + identify(1))
        self.assertEqual(
            self.follow("plain"),
            [f"grant {right} on database {self.database} to plain" for right in ("create", "temporary")],
        )

    def test_the_rights_on_what_another_role_made(self):
        self.write("a.json", track("sold", 1, n=1) + identify(1))
        self.sync()
        self.make_role("later")
        self.psql(f"grant temporary on database {self.database} to later")
        self.write("b.json", track("sold", 2, n=1, more="x") + track("sold", 1, n=2) + identify(2))
        read = self.follow("later", command="plan")
        self.assertTrue(all(statement.startswith("grant ") for statement in read), read)
        self.follow("later")
        self.assertEqual(self.psql("select count(*) from shop.sold where more = 'x'"), ["1"])

    def load_as_another(self):
        """What one role made another loads, which may do all of it."""
        self.write("a.json", track("sold", 1, n=1) + track("seen", 1, n=1) + identify(1))
        self.sync()
        self.make_role("loader")
        self.psql(
            f"grant temporary on database {self.database} to loader; grant all on schema shop, _dray to loader;"
            "do $$ declare t record; begin for t in select schemaname s, tablename n from pg_tables where schemaname in ('shop', '_dray')"
            " loop execute format('alter table %I.%I owner to loader', t.s, t.n); end loop; end $$"
        )
        self.write("b.json", track("sold", 2, n=2) + track("sold", 1, n=3) + track("seen", 2, n=2) + identify(2))

    def waits(self, table):
        """That this one alone does; what is told of it."""
        done = self.sync(user="loader", code=3)
        self.assertIn(f"not loaded: {table}\n", done.stdout)
        self.assertEqual(self.psql("select table_name from _dray.pending"), [table])
        status = subprocess.run([DRAY, "status", "--warehouse", self.url(), "--check"], env=self.dray_environment(),
                                capture_output=True, text=True, timeout=SECONDS_MAX)
        self.assertEqual(status.returncode, 3, status.stdout)
        self.assertIn(f"shop: {table} waits with ", status.stdout)
        return done.stdout

    def rows(self):
        return self.psql("select (select count(*) from shop.sold), (select max(n) from shop.sold where id = 'sold-1'), "
                         "(select count(*) from shop.seen), (select a from shop.users)")

    def test_a_table_that_a_right_is_missing_on_waits_alone(self):
        # What is taken, and what of the rows is loaded all the same.
        for number, (hand, table, remedy, loaded) in enumerate((
            ("revoke insert on shop.sold from loader", "sold",
             "grant select, insert, update, delete on all tables in schema shop to loader", "1|1|2|2"),
            ("revoke select on shop.sold from loader", "sold", "grant select", "1|1|2|2"),
            ("alter table shop.sold owner to dray; grant all on shop.sold to loader; drop index shop.sold$uuid", "sold",
             "alter table shop.sold owner to loader", "1|1|2|2"),
            ("alter table shop.sold enable row level security; alter table shop.sold force row level security;"
             "create policy mine on shop.sold using (n > 1)", "sold",
             "alter table shop.sold no force row level security", "1|1|2|2"),
            ("revoke update on shop.users from loader", "identifies", "grant select, insert, update, delete on all", "2|3|2|1"),
        )):
            with self.subTest(hand):
                if number > 0:
                    self.doCleanups()
                    self.setUp()
                self.load_as_another()
                self.psql(hand)
                told = self.waits(table)
                self.assertIn("try: " + remedy, told)
                self.assertEqual(self.rows(), [loaded])
                self.psql(re.search(r"try: ((?:grant|alter) .*? (?:to loader|security))", told)[1])
                self.sync(user="loader")
                self.assertEqual(self.rows(), ["2|3|2|2"])
                self.assertEqual(self.psql("select count(*) from _dray.pending"), ["0"])

    def test_a_right_that_every_table_needs_fails_the_sync(self):
        self.load_as_another()
        for take, give in (
            ("revoke usage on schema shop from loader", "grant usage on schema shop to loader"),
            ("revoke insert on _dray.lineage from loader", "grant select, insert, update, delete on all tables in schema _dray to loader"),
            (f"revoke temporary on database {self.database} from loader", f"grant temporary on database {self.database} to loader"),
        ):
            with self.subTest(take):
                self.psql(take)
                self.assertIn("try: " + give, self.sync(user="loader", code=2).stderr)
                self.assertEqual(self.psql("select count(*) from _dray.pending"), ["0"])
                self.psql(give)
        self.sync(user="loader")
        self.assertEqual(self.rows(), ["2|3|2|2"])

    # --- triggers on changes of the schema ---------------------------------------------------------------------------

    def refuse_changes(self, when, body="raise exception 'no % on a Friday', tg_tag using detail = 'ask ana', errcode = '42501'"):
        self.psql(f"create or replace function public.hold_on() returns event_trigger language plpgsql as $$begin {body}; end$$;"
                  f"create event trigger frozen on ddl_command_start when tag in ({when}) execute function public.hold_on()")

    def test_an_event_trigger_that_refuses_a_change_is_told_with_its_words(self):
        self.write("a.json", track("sold", 1, n=1) + identify(1))
        self.refuse_changes("'CREATE SCHEMA'")
        told = self.sync(code=2).stderr
        self.assertIn("the function hold_on() refused `create schema ", told)
        self.assertIn("`: no CREATE SCHEMA on a Friday (ask ana) [42501]", told)
        self.assertIn("try: disable the event trigger that calls it (alter event trigger NAME disable; pg_event_trigger has its name)", told)
        self.psql("drop event trigger frozen")
        self.sync()

    def test_a_change_that_the_server_refuses_is_told_and_keeps_its_table_out(self):
        self.write("a.json", track("sold", 1, n=1) + identify(1))
        self.sync()
        self.psql("drop index shop.identifies$user_id; alter table shop.identifies alter column user_id type json using to_json(user_id)")
        self.write("b.json", track("sold", 2, n=2) + identify(2))
        told = self.sync(code=3).stdout
        self.assertIn("not loaded: identifies\n", told)
        self.assertIn('no default operator class for access method "hash" [42704]; the statement was `create index ', told)
        self.assertEqual(self.psql("select count(*) from shop.sold"), ["2"])
        self.psql("alter table shop.identifies alter column user_id type text using user_id #>> '{}'")
        self.sync()
        self.assertEqual(self.psql("select id, a from shop.users"), ["u|2"])

    def test_a_table_whose_change_an_event_trigger_refuses_waits_alone(self):
        self.write("a.json", track("sold", 1, n=1) + track("seen", 1, n=1) + identify(1))
        self.sync()
        for number, (when, lines, table, statement) in enumerate((
            ("'ALTER TABLE'", track("sold", 2, n=2, more="x") + track("seen", 2, n=2), "sold", 'alter table "shop"."sold" add column "more" text'),
            ("'CREATE TABLE'", track("brought", 1, n=1) + track("seen", 3, n=2), "brought", 'create table "shop"."brought" ('),
            ("'CREATE INDEX'", track("bought", 1, n=1) + track("seen", 4, n=2), "bought", 'create index "bought$uuid" on "shop"."bought"'),
        )):
            with self.subTest(when):
                body = "if position('" + table + "' in current_query()) > 0 then raise exception 'frozen %', tg_tag; end if"
                self.refuse_changes(when, body)
                self.write(f"b{number}.json", lines)
                told = self.sync(code=3).stdout
                self.assertIn(f"not loaded: {table}", told)
                self.assertIn("the function hold_on() refused `" + statement, told)
                self.assertIn("`: frozen " + when.strip("'"), told)
                self.assertEqual(self.psql("select count(*) from shop.seen"), [str(number + 2)])
                self.psql("drop event trigger frozen")
                self.sync()
                self.assertEqual(self.psql(f"select count(*) from shop.{table}"), ["2" if table == "sold" else "1"])

    def test_the_rights_are_those_of_the_role_that_the_session_has(self):
        self.make_role("worker")
        self.psql("create role person login; grant worker to person; alter role person set role worker")
        self.addCleanup(self.psql, "drop role person")
        self.write("a.json", track("sold", 1, n=1) + identify(1))
        self.assertEqual(
            self.follow("person"),
            [f"grant {right} on database {self.database} to worker" for right in ("create", "temporary")],
        )
        self.assertEqual(self.psql("select tableowner from pg_tables where schemaname = 'shop' limit 1"), ["worker"])
        self.psql("create table public.other (a int)")
        for sql in "select a from public.other", "select count(*) from public.other; ":
            asked = [DRAY, "query", self.url("person"), sql]
            done = subprocess.run(asked, env=self.dray_environment(), capture_output=True, text=True, timeout=SECONDS_MAX)
            self.assertIn("try: grant select on all tables in schema public to worker\n", done.stderr)

    def test_a_role_that_may_only_read_or_not_connect(self):
        self.make_role("reader")
        self.write("a.json", track("sold", 1, n=1))
        self.psql(f"grant create, temporary on database {self.database} to reader")
        self.psql("alter role reader set default_transaction_read_only = on")
        self.assertIn("default_transaction_read_only = off", self.sync(user="reader", code=2).stderr)
        self.psql("alter role reader reset all; alter role reader connection limit 0")
        self.assertIn("connection limit", self.sync(user="reader", code=1).stderr)
        self.psql("alter role reader nologin connection limit -1")
        self.assertIn("alter role reader login", self.sync(user="reader", code=2).stderr)


if __name__ == "__main__":
    unittest.main()
