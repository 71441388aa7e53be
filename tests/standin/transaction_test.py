"""Transactions, locks, conflicts, and the faults that a test may ask for."""

import threading
import time
import unittest

import psycopg2
import support


def setUpModule():
    support.Case.stand_in = support.start()


class TransactionCase(support.Case):
    def setUp(self):
        super().setUp()
        self.run_sql("CREATE TABLE t (a varchar(5), b int)")
        self.run_sql("CREATE TABLE u (a varchar(5), b int)")
        self.table = f"{self.schema}.t"

    def second(self):
        connection = self.stand_in.connect()
        self.addCleanup(connection.close)
        self.run_sql(f"SET search_path TO {self.schema}", connection)
        return connection

    def rows(self):
        return self.run_sql("SELECT count(*) FROM t")[0][0]


class Transactions(TransactionCase):
    def test_several_statements_in_one_query_are_one_transaction(self):
        self.run_sql("INSERT INTO t VALUES ('a', 1); INSERT INTO t VALUES ('b', 2)")
        self.assertEqual(self.rows(), 2)
        self.refused("INSERT INTO t VALUES ('c', 3); INSERT INTO nope VALUES (1)", "42P01")
        self.assertEqual(self.rows(), 2)

    def test_begin_and_commit_among_several_statements(self):
        self.run_sql("BEGIN; INSERT INTO t VALUES ('a', 1); COMMIT; BEGIN; INSERT INTO t VALUES ('b', 2); ROLLBACK")
        self.assertEqual(self.rows(), 1)

    def test_truncate_commits(self):
        self.run_sql("INSERT INTO t VALUES ('a', 1)")
        self.run_sql("BEGIN")
        self.run_sql("INSERT INTO u VALUES ('a', 1)")
        self.run_sql("TRUNCATE t")
        self.run_sql("ROLLBACK")
        self.assertIn("no transaction in progress", "".join(self.notices()))
        self.assertEqual((self.rows(), self.run_sql("SELECT count(*) FROM u")), (0, [(1,)]))

    def test_forms_of_begin(self):
        for sql in ("BEGIN", "BEGIN WORK", "START TRANSACTION", "BEGIN ISOLATION LEVEL SERIALIZABLE", "BEGIN TRANSACTION READ WRITE"):
            self.run_sql(sql)
            self.run_sql("END")
        self.refused("BEGIN ISOLATION LEVEL NONE", "42601")
        self.refused("COMMIT PREPARED 'x'", "42601")
        self.refused("PREPARE TRANSACTION 'x'", "42601")

    def test_ddl_is_transactional(self):
        self.run_sql("BEGIN")
        self.run_sql("CREATE TABLE v (a int)")
        self.run_sql("DROP TABLE u")
        self.run_sql("ROLLBACK")
        self.run_sql("SELECT * FROM u")
        self.refused("SELECT * FROM v", "42P01")

    def test_one_cursor_and_only_in_a_transaction(self):
        self.refused("DECLARE c CURSOR FOR SELECT * FROM t", "25P01")
        self.run_sql("INSERT INTO t VALUES ('a', 1)")
        self.run_sql("BEGIN")
        self.run_sql("DECLARE c CURSOR FOR SELECT a FROM t")
        self.assertEqual(self.run_sql("FETCH FORWARD 10 FROM c"), [("a",)])
        self.refused("DECLARE d CURSOR FOR SELECT * FROM t", "0A000", "one cursor")
        self.run_sql("ROLLBACK")


class Conflicts(TransactionCase):
    def test_a_write_to_what_another_wrote_since_it_was_read(self):
        other = self.second()
        self.run_sql("BEGIN")
        self.rows()
        self.run_sql("INSERT INTO t VALUES ('a', 1)", other)
        error = self.refused("INSERT INTO t VALUES ('b', 2)", "XX000", "1023")
        self.assertIn("Serializable isolation violation on table", error.diag.message_detail)
        self.refused("SELECT 1", "25P02")
        self.run_sql("ROLLBACK")
        self.assertEqual(self.rows(), 1)

    def test_a_lock_before_the_snapshot_prevents_it(self):
        other = self.second()
        self.run_sql("BEGIN")
        self.run_sql("LOCK t, u")
        thread = threading.Thread(target=self.run_sql, args=("INSERT INTO t VALUES ('a', 1)", other))
        thread.start()
        time.sleep(0.2)
        self.assertEqual(self.rows(), 0)
        self.run_sql("INSERT INTO t VALUES ('b', 2)")
        self.run_sql("COMMIT")
        thread.join(10)
        self.assertEqual(self.rows(), 2)

    def test_begin_alone_takes_no_snapshot(self):
        other = self.second()
        self.run_sql("BEGIN")
        self.run_sql("INSERT INTO t VALUES ('a', 1)", other)
        self.assertEqual(self.rows(), 1)
        self.run_sql("INSERT INTO t VALUES ('b', 2)")
        self.run_sql("COMMIT")

    def test_temporary_tables_of_the_same_name_are_two(self):
        other = self.second()
        for connection in (self.connection, other):
            self.run_sql("CREATE TEMP TABLE st (a int)", connection)
        self.run_sql("CREATE TEMP TABLE u (a int)")
        self.run_sql("BEGIN")
        self.run_sql("SELECT * FROM st, u")
        self.run_sql("INSERT INTO st VALUES (1)", other)
        self.run_sql("INSERT INTO u VALUES ('a', 1)", other)
        self.run_sql("INSERT INTO st VALUES (2)")
        self.run_sql("INSERT INTO u VALUES (2)")
        self.run_sql("COMMIT")

    def test_a_second_writer_waits_and_readers_do_not(self):
        other, reader = self.second(), self.second()
        self.run_sql("BEGIN")
        self.run_sql("INSERT INTO t VALUES ('a', 1)")
        self.run_sql("BEGIN", other)
        ended = []
        thread = threading.Thread(target=lambda: ended.append(self.run_sql("INSERT INTO t VALUES ('b', 2)", other)))
        thread.start()
        time.sleep(0.3)
        self.assertEqual(ended, [])
        self.assertEqual(self.run_sql("SELECT count(*) FROM t", reader), [(0,)])
        self.run_sql("COMMIT")
        thread.join(10)
        self.assertEqual(ended, ["INSERT 0 1"])
        self.run_sql("COMMIT", other)
        self.assertEqual(self.rows(), 2)

    def test_deadlocks_end_one_of_the_two(self):
        other = self.second()
        self.run_sql("BEGIN")
        self.run_sql("BEGIN", other)
        self.run_sql("INSERT INTO t VALUES ('a', 1)")
        self.run_sql("INSERT INTO u VALUES ('a', 1)", other)
        codes = []

        def cross(sql, connection):
            try:
                self.run_sql(sql, connection)
            except psycopg2.Error as error:
                codes.append(error.pgcode)
            connection.rollback()
            self.run_sql("ROLLBACK", connection)

        thread = threading.Thread(target=cross, args=("INSERT INTO t VALUES ('b', 1)", other))
        thread.start()
        cross("INSERT INTO u VALUES ('b', 1)", self.connection)
        thread.join(20)
        self.assertEqual(codes, ["40P01"])


class Faults(TransactionCase):
    def ask(self, command):
        self.assertRegex(self.stand_in.control(command), "^ok")

    def test_a_connection_dropped_before_commit_loses_the_work(self):
        self.ask("drop before at ^COMMIT")
        self.run_sql("BEGIN")
        self.run_sql("INSERT INTO t VALUES ('a', 1)")
        with self.assertRaises(psycopg2.OperationalError):
            self.run_sql("COMMIT")
        self.reconnect()
        self.assertEqual(self.rows(), 0)

    def test_a_connection_dropped_after_commit_does_not(self):
        self.ask("drop after at ^COMMIT")
        self.run_sql("BEGIN")
        self.run_sql("INSERT INTO t VALUES ('a', 1)")
        with self.assertRaises(psycopg2.OperationalError):
            self.run_sql("COMMIT")
        self.reconnect()
        self.assertEqual(self.rows(), 1)

    def test_errors_by_name(self):
        for kind, code, text in (
            ("1023", "XX000", "1023"),
            ("1018", "XX000", "Relation does not exist"),
            ("conflict", "XX000", "conflict with concurrent transaction"),
            ("disk-full", "XX000", "Disk Full"),
            ("no-space", "53100", "disk full"),
            ("slowdown", "XX000", "Error SlowDown"),
            ("deadlock", "40P01", "deadlock"),
            ("canceled", "57014", "canceled"),
        ):
            self.ask(f"error {kind} at INSERT INTO t")
            self.refused("INSERT INTO t VALUES ('a', 1)", code, text)
        self.run_sql("INSERT INTO t VALUES ('a', 1)")

    def test_an_error_in_a_transaction_fails_it_and_at_commit_ends_it(self):
        self.ask("error 1023 at ^INSERT")
        self.run_sql("BEGIN")
        self.refused("INSERT INTO t VALUES ('a', 1)", "XX000")
        self.refused("SELECT 1", "25P02")
        self.assertEqual(self.run_sql("COMMIT"), "ROLLBACK")
        self.ask("error 1023 at ^COMMIT")
        self.run_sql("BEGIN")
        self.run_sql("INSERT INTO t VALUES ('a', 1)")
        self.refused("COMMIT", "XX000", "1023")
        self.assertEqual(self.rows(), 0)

    def test_times_and_skip(self):
        self.ask("error conflict times=2 skip=1 at ^SELECT 5")
        self.run_sql("SELECT 5")
        self.refused("SELECT 5", "XX000")
        self.refused("SELECT 5", "XX000")
        self.run_sql("SELECT 5")
        self.ask("error conflict times=0 at ^SELECT 5")
        for _ in range(3):
            self.refused("SELECT 5", "XX000")
        self.ask("clear")
        self.run_sql("SELECT 5")

    def test_slow_statements(self):
        self.ask("slow seconds=0.4 at ^SELECT 6")
        started = time.monotonic()
        self.run_sql("SELECT 6")
        self.assertGreater(time.monotonic() - started, 0.35)
        self.ask("slow seconds=60 at ^SELECT 6")
        self.run_sql("SET statement_timeout TO 200")
        self.refused("SELECT 6", "57014", "canceled on user's request")

    def test_connections_are_refused_and_cut(self):
        self.ask("refuse too-many times=2")
        for _ in range(2):
            with self.assertRaisesRegex(psycopg2.OperationalError, "too many connections"):
                self.stand_in.connect()
        self.ask("disconnect")
        with self.assertRaises(psycopg2.OperationalError):
            self.run_sql("SELECT 1")
        self.reconnect()

    def test_a_shutdown_by_the_administrator(self):
        self.ask("error shutdown at ^SELECT 8")
        with self.assertRaises(psycopg2.OperationalError):
            self.run_sql("SELECT 8")
        self.reconnect()

    def test_commands_that_are_none(self):
        for command in ("drop sometimes at x", "error 1234 at x", "drop before", "nonsense", "error 1023 at ("):
            self.assertRegex(self.stand_in.control(command), "^error")

    def test_the_log_has_each_statement_with_its_end_and_no_secret(self):
        self.run_sql("SELECT 4712")
        self.refused("SELECT 4712 FROM nope", "42P01")
        self.refused("COPY t FROM 's3://a/b' ACCESS_KEY_ID 'AKIA''X' SECRET_ACCESS_KEY AS 'hush\\'hush' SESSION_TOKEN 'tok'  CSV nonsense", "42601")
        log = self.stand_in.log()
        self.assertEqual(
            [entry["result"].partition(":")[0] for entry in log if "4712" in entry["sql"]], ["SELECT 1", "ERROR 42P01"]
        )
        self.assertEqual(
            [entry["sql"] for entry in log if "nonsense" in entry["sql"]],
            ["COPY t FROM 's3://a/b' ACCESS_KEY_ID '***' SECRET_ACCESS_KEY AS '***' SESSION_TOKEN '***'  CSV nonsense"],
        )
        self.assertEqual(self.stand_in.control("statements SELECT 4712"), "ok 2")


if __name__ == "__main__":
    unittest.main()
