"""Startup, TLS, passwords, settings and the extended protocol, as Redshift has them."""

import time
import unittest

import psycopg2
import support


def setUpModule():
    support.Case.stand_in = support.start()


class Startup(support.Case):
    def test_reports_a_server_of_version_8_that_knows_no_standard_strings(self):
        connection = self.stand_in.connect(client_encoding=None)
        self.addCleanup(connection.close)
        self.assertEqual(connection.server_version, 80002)
        self.assertEqual(connection.get_parameter_status("client_encoding"), "UTF8" if connection.encoding == "UTF8" else "UNICODE")
        self.assertIsNone(connection.get_parameter_status("standard_conforming_strings"))

    def test_version_names_redshift(self):
        self.assertIn("Redshift 1.0.", self.run_sql("SELECT version()")[0][0])

    def test_asks_for_a_certificate_of_its_authority(self):
        with self.assertRaisesRegex(psycopg2.OperationalError, "certificate verify failed"):
            self.stand_in.connect(sslrootcert=self.stand_in.env["REDSHIFT_OTHER_CA_FILE"])

    def test_refuses_plain_connections(self):
        with self.assertRaisesRegex(psycopg2.OperationalError, "SSL off"):
            self.stand_in.connect(sslmode="disable")

    def test_refuses_wrong_passwords_users_and_databases(self):
        for change in ({"password": "wrong"}, {"user": "nobody"}):
            with self.assertRaisesRegex(psycopg2.OperationalError, "password authentication failed"):
                self.stand_in.connect(**change)
        with self.assertRaisesRegex(psycopg2.OperationalError, "does not exist"):
            self.stand_in.connect(dbname="other")

    def test_iam_logins_are_those_of_the_user_behind_them(self):
        for login in ("IAM:loader", "IAMA:loader:group"):
            self.assertEqual(self.stand_in.control(f"user {login} secret"), "ok")
            connection = self.stand_in.connect(user=login, password="secret")
            self.assertEqual(self.run_sql("SELECT current_user", connection), [("loader",)])
            connection.close()
        self.stand_in.control("user IAMR:role secret")
        connection = self.stand_in.connect(user="IAMR:role", password="secret")
        self.assertEqual(self.run_sql("SELECT current_user", connection), [("IAMR:role",)])
        connection.close()

    def test_takes_options_of_the_startup_packet_and_refuses_those_it_has_not(self):
        connection = self.stand_in.connect(options="-c query_group=nightly -c statement_timeout=5000")
        self.assertEqual(self.run_sql("SHOW query_group", connection), [("nightly",)])
        connection.close()
        with self.assertRaisesRegex(psycopg2.OperationalError, "unrecognized configuration parameter"):
            self.stand_in.connect(options="-c standard_conforming_strings=on")


class Settings(support.Case):
    def test_knows_its_own_settings(self):
        for sql, value in (
            ("query_group TO 'dray'", "dray"),
            ("enable_case_sensitive_identifier TO true", "true"),
            ("extra_float_digits TO 2", "2"),
            ("statement_timeout TO 1000", "1s"),
            ("wlm_query_slot_count TO 2", "2"),
        ):
            self.run_sql("SET " + sql)
            self.assertEqual(self.run_sql("SHOW " + sql.split()[0]), [(value,)])

    def test_refuses_the_others(self):
        self.refused("SET lock_timeout TO 1", "42704", "unrecognized configuration parameter")
        self.refused("SET standard_conforming_strings TO on", "42704")
        self.refused("SHOW standard_conforming_strings", "42704")
        self.refused("SET extra_float_digits TO 3", "22023")
        self.refused("DEALLOCATE ALL", "26000")

    def test_search_path_is_the_clients_alone(self):
        self.assertEqual(self.run_sql("SHOW search_path"), [(self.schema,)])
        self.assertEqual(self.run_sql("SELECT current_schemas(false)"), [([self.schema],)])

    def test_statement_timeout_ends_a_statement(self):
        self.run_sql("CREATE TABLE t (a int)")
        self.run_sql("INSERT INTO t VALUES " + ", ".join(["(1)"] * 1000))
        self.run_sql("SET statement_timeout TO 100")
        self.refused("SELECT count(*) FROM t a, t b, t c, t d", "57014", "canceled on user's request")


class Cancel(support.Case):
    def test_cancel_ends_a_statement_and_not_the_session(self):
        self.stand_in.control("slow seconds=20 at ^SELECT 41")
        started = time.monotonic()
        with support.cancelling(self.connection):
            self.refused("SELECT 41", "57014")
        self.assertLess(time.monotonic() - started, 10)
        self.assertEqual(self.run_sql("SELECT 42"), [(42,)])


class Extended(support.Case):
    def setUp(self):
        super().setUp()
        self.libpq = support.Libpq(self.stand_in)
        self.addCleanup(self.libpq.close)
        self.table = f"{self.schema}.t"
        self.run_sql(f"CREATE TABLE {self.table} (a varchar(10), b bigint)")

    def test_runs_queries_and_dml_with_parameters(self):
        self.assertEqual(self.libpq.execute(f"INSERT INTO {self.table} VALUES ($1, $2)", "x", 7), (None, "INSERT 0 1", None))
        self.assertEqual(self.libpq.execute(f"UPDATE {self.table} SET b = $1 WHERE a = $2", 8, "x "), (None, "UPDATE 1", None))
        self.assertEqual(self.libpq.execute(f"SELECT b FROM {self.table} WHERE a = $1", "x")[2], "8")
        self.assertEqual(self.libpq.execute(f"DELETE FROM {self.table} WHERE b = $1", 8), (None, "DELETE 1", None))

    def test_refuses_everything_else_and_goes_on(self):
        for sql in (f"COPY {self.table} FROM 's3://a/b' IAM_ROLE default", "CREATE TABLE x (a int)", "VACUUM", "SET query_group TO 'a'"):
            self.assertEqual(self.libpq.execute(sql)[0], "42601", sql)
        self.assertEqual(self.libpq.execute("SELECT 1")[2], "1")

    def test_errors_and_the_transaction_that_they_end(self):
        self.libpq.simple("BEGIN")
        self.assertEqual(self.libpq.execute(f"INSERT INTO {self.table} VALUES ($1)", "far too long for it")[0], "22001")
        self.assertEqual(self.libpq.execute("SELECT 1")[0], "25P02")
        self.libpq.simple("ROLLBACK")
        self.assertEqual(self.libpq.execute("SELECT 1")[2], "1")

    def test_faults_meet_it_too(self):
        self.stand_in.control(f"error 1023 at INSERT INTO {self.table}")
        self.assertEqual(self.libpq.execute(f"INSERT INTO {self.table} VALUES ($1)", "x")[0], "XX000")
        self.assertEqual(self.libpq.execute(f"INSERT INTO {self.table} VALUES ($1)", "x")[0], None)
        entry = [e for e in self.stand_in.log() if f"INSERT INTO {self.table}" in e["sql"]]
        self.assertEqual([e["result"].split(":")[0] for e in entry], ["ERROR XX000", "INSERT 0 1"])


if __name__ == "__main__":
    unittest.main()
