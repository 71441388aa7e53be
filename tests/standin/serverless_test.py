"""A workgroup instead of a cluster, snapshot isolation instead of serializable, and the script that starts it all."""

import subprocess
import unittest

import psycopg2
import support


def setUpModule():
    support.Case.stand_in = support.start("--serverless", "--snapshot", "--plain", "--password", s3=True)


class Serverless(support.Case):
    def test_has_no_stl_stv_or_svl(self):
        for name in ("stl_load_errors", "stv_slices", "svl_query_summary", "pg_catalog.stl_load_commits"):
            self.refused(f"SELECT count(*) FROM {name}", "42501", "permission denied for relation")
        self.run_sql('SELECT "table" FROM svv_table_info')

    def test_load_errors_are_in_the_other_table(self):
        self.run_sql("CREATE TABLE t (a int, b varchar(3))")
        source = self.stand_in.put(f"{self.schema}/x", "1,ok\nx,no\n")
        self.refused(f"COPY t FROM '{source}' IAM_ROLE default CSV", "XX000", "Check 'sys_load_error_detail' system table")
        self.assertEqual(
            self.run_sql(
                "SELECT trim(column_name), trim(column_type), line_number, error_code, trim(error_message) "
                f"FROM sys_load_error_detail WHERE file_name = '{source}' AND query_id = pg_last_copy_id()"
            ),
            [("a", "int4", 2, 1207, "Invalid digit, Value 'x', Pos 0, Type: Integer")],
        )
        self.assertEqual(self.run_sql("SELECT status FROM sys_load_history WHERE query_id = pg_last_copy_id()"), [("aborted",)])

    def test_lets_plain_connections_in_where_it_was_told_to(self):
        connection = self.stand_in.connect(sslmode="disable")
        self.assertEqual(self.run_sql("SELECT 1", connection), [(1,)])
        connection.close()
        with self.assertRaisesRegex(psycopg2.OperationalError, "password authentication failed"):
            self.stand_in.connect(password="wrong")


class Snapshot(support.Case):
    def test_conflicts_only_where_two_write_the_same_row(self):
        self.run_sql("CREATE TABLE t (a int, b int)")
        self.run_sql("INSERT INTO t VALUES (1, 1), (2, 2)")
        other = self.stand_in.connect()
        self.addCleanup(other.close)
        table = f"{self.schema}.t"
        self.run_sql("BEGIN")
        self.run_sql("SELECT * FROM t")
        self.run_sql(f"UPDATE {table} SET b = 9 WHERE a = 1", other)
        self.run_sql("UPDATE t SET b = 9 WHERE a = 2")
        self.refused("UPDATE t SET b = 8 WHERE a = 1", "XX000", "could not complete because of conflict with concurrent transaction")
        self.run_sql("ROLLBACK")


class Script(unittest.TestCase):
    def test_is_idempotent_and_comes_back_at_the_same_address(self):
        stand_in = support.Case.stand_in
        again = subprocess.run(stand_in.command, check=True, capture_output=True, text=True, timeout=60).stdout
        self.assertIn(f"REDSHIFT_PID={stand_in.env['REDSHIFT_PID']}\n", again)
        for _ in range(2):
            subprocess.run([stand_in.command[0], "--stop", stand_in.command[-1]], check=True, timeout=60)
        with self.assertRaises(psycopg2.OperationalError):
            stand_in.connect()
        back = subprocess.run(stand_in.command, check=True, capture_output=True, text=True, timeout=60).stdout
        self.assertIn(f"REDSHIFT_PORT={stand_in.env['REDSHIFT_PORT']}\n", back)
        stand_in.connect().close()


if __name__ == "__main__":
    unittest.main()
