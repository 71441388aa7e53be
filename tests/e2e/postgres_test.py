"""PostgreSQL as people use it: the commands, passwords, TLS, the configuration file."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from servers import start_postgres

DRAY = os.environ["DRAY"]
SECONDS_MAX = 300


def event(number, **more):
    base = {"type": "track", "event": "Sold", "userId": "u", "messageId": f"m{number}"}
    return json.dumps({**base, "receivedAt": "2026-11-01T10:00:00Z", "properties": {"price": number}, **more}) + "\n"


class Postgres(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.env = start_postgres(cls, "--tls")

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name)
        (self.directory / "logs").mkdir()
        (self.directory / "logs" / "a.json").write_text(event(1) + event(2) + "not json\n", encoding="utf-8")
        self.psql("drop schema if exists shop cascade; drop schema if exists _dray cascade")

    def psql(self, sql):
        command = ["psql", "-qAt", "-v", "ON_ERROR_STOP=1", "-c", sql]
        subprocess.run(command, env={**os.environ, **self.env}, check=True, capture_output=True, timeout=SECONDS_MAX)

    def run_dray(self, *arguments, code=0, **environment):
        # Nothing of the caller's may help.
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
        self.assertNotIn(self.env["PG_PASSWORD"], done.stdout + done.stderr)
        return done

    def url(self, user="dray", query="", database="dray"):
        return f"postgres://{user}@127.0.0.1:{self.env['PGPORT']}/{database}{query}"

    def test_every_command(self):
        url = self.url()
        plan = self.run_dray("plan", "logs", url, "--source", "shop").stdout
        self.assertIn("a plan; nothing was changed", plan)
        self.assertIn("nothing was loaded yet", self.run_dray("status", "--warehouse", url).stdout)
        self.run_dray("sync", "logs", url, "--source", "shop")
        self.assertIn("nothing new", self.run_dray("sync", "logs", url, "--source", "shop").stdout)
        status = json.loads(self.run_dray("status", "--warehouse", url, "--json").stdout)
        self.assertEqual(status["sources"][0]["rejects_open"], 1)
        history = json.loads(self.run_dray("history", "--warehouse", url, "--json").stdout)
        run = history["runs"][0]["run_id"]
        self.assertIn("sold", self.run_dray("history", run[:18], "--warehouse", url).stdout)
        self.assertIn("not_json", self.run_dray("rejects", "list", "--warehouse", url).stdout)
        self.assertIn("not json", self.run_dray("rejects", "show", "--warehouse", url).stdout)
        self.run_dray("rejects", "retry", "--warehouse", url)
        rows = json.loads(self.run_dray("query", url, "select id, price from shop.sold order by 1", "--json").stdout)
        self.assertEqual(rows["rows"], [["m1", 1], ["m2", 2]])

    def test_query_cannot_write(self):
        done = self.run_dray("query", self.url(), "create schema x", code=2)
        self.assertIn("only reads", done.stderr)

    def test_passwords(self):
        user, password = self.env["PG_PASSWORD_USER"], self.env["PG_PASSWORD"]
        url = self.url(user)
        sync = ["sync", "logs", url, "--source", "shop"]
        self.assertIn("give the password by PGPASSWORD", self.run_dray(*sync, code=2).stderr)
        self.assertIn("password authentication failed", self.run_dray(*sync, code=2, PGPASSWORD="wrong").stderr)
        self.run_dray(*sync, PGPASSWORD=password)
        passfile = self.directory / ".pgpass"
        passfile.write_text(f"127.0.0.1:{self.env['PGPORT']}:dray:{user}:{password}\n", encoding="utf-8")
        passfile.chmod(0o600)
        # libpq takes the home directory from the system's list of users.
        self.run_dray("status", "--warehouse", url, PGPASSFILE=str(passfile))
        (self.directory / "dray.yaml").write_text(
            f"warehouse: {url.replace('@', ':${SECRET}@')}\nsources: [{{name: shop, location: logs}}]\n", encoding="utf-8"
        )
        self.assertIn("nothing new", self.run_dray("sync", SECRET=password).stdout)
        self.assertIn("rejects list", self.run_dray("status", SECRET=password).stdout)
        address = url.replace("@", f":{password}@")
        self.assertIn("1 ", self.run_dray("rejects", "list", "--warehouse", address).stdout)

    def test_tls(self):
        ca, other = self.env["PG_CA_FILE"], self.env["PG_OTHER_CA_FILE"]
        ask = "select ssl from pg_stat_ssl where pid = pg_backend_pid()"
        for query in "", "?sslmode=require", f"?sslmode=verify-full&sslrootcert={ca}":
            with self.subTest(query=query):
                rows = json.loads(self.run_dray("query", self.url("dray", query), ask, "--json").stdout)["rows"]
                self.assertEqual(rows, [[True]])
        wrong = self.url("dray", f"?sslmode=verify-full&sslrootcert={other}")
        self.assertIn("check ?sslrootcert=FILE", self.run_dray("query", wrong, ask, code=2).stderr)
        missing = self.url("dray", "?sslmode=verify-full&sslrootcert=nowhere.pem")
        self.assertIn("name the authority's certificates", self.run_dray("query", missing, ask, code=2).stderr)

    def test_addresses_that_lead_nowhere(self):
        closed = "postgres://dray@127.0.0.1:1/dray"
        self.assertIn("check host and port", self.run_dray("query", closed, "select 1", code=1).stderr)
        unknown = self.url(database="nothing")
        self.assertIn("name a database that exists", self.run_dray("query", unknown, "select 1", code=2).stderr)
        nobody = self.url("nobody")
        self.assertIn("check the user", self.run_dray("query", nobody, "select 1", code=2).stderr)
        secret = "postgres://me:open-sesame/x@127.0.0.1/dray"
        self.assertIn("no URL of the form", self.run_dray("query", secret, "select 1", code=2).stderr)

    def test_a_database_of_another_encoding_is_refused(self):
        for name, encoding in ("latin", "LATIN1"), ("ascii", "SQL_ASCII"):
            self.psql(f"create database {name} encoding '{encoding}' locale 'C' template template0")
            url = self.url(database=name)
            self.assertIn("encoding 'UTF8'", self.run_dray("sync", "logs", url, "--source", "shop", code=2).stderr)


if __name__ == "__main__":
    unittest.main()
