"""What tests of Redshift share: a stand-in with a real S3 server, or a cluster that the user has; syncs into it; and the
comparison with what DuckDB makes of the same events.
"""

import gzip
import json
import os
import pathlib
import subprocess
import tempfile
import unittest
import urllib.parse

import servers

DRAY = os.environ.get("DRAY", "dray")
SOURCE = pathlib.Path(os.environ.get("DRAY_SOURCE_DIR", ".")).resolve()
BUCKET = "staging"
CLUSTER = os.environ.get("DRAY_TEST_REDSHIFT")
# Of rows that a sync writes: what differs from sync to sync.
VARYING = {"uuid_ts"}


def event(kind, number, second=0, user="u1", **fields):
    at = f"2026-01-01T00:{second // 60:02}:{second % 60:02}.000Z"
    return {"type": kind, "messageId": f"m{number}", "userId": user, "timestamp": at, "receivedAt": at, **fields}


def track(number, second=0, name="Order Done", user="u1", **properties):
    return event("track", number, second, user, event=name, properties=properties)


def identify(number, second=0, user="u1", **traits):
    return event("identify", number, second, user, traits=traits)


def write_logs(path, events):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("".join(json.dumps(each) + "\n" for each in events).encode()))


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def temporary_folder():
    """Gone with the module's tests."""
    temporary = tempfile.TemporaryDirectory()
    unittest.addModuleCleanup(temporary.cleanup)
    folder = pathlib.Path(temporary.name)
    folder.chmod(0o755)  # PostgreSQL runs as somebody else
    return folder


class Cluster:
    """One that the user has."""

    def __init__(self, address):
        self.staging = urllib.parse.parse_qs(urllib.parse.urlsplit(address).query)["staging"][0]
        self.secrets = [word for word in (urllib.parse.urlsplit(address).password,) if word]
        self.url = address

    def address(self, source):
        return self.url.replace(self.staging, f"{self.staging}/{source}")

    def environment(self):
        return {}

    def keys(self, source):
        bucket, _, prefix = self.staging.removeprefix("s3://").partition("/")
        return servers.keys_in({}, bucket, f"{prefix}/{source}/".lstrip("/"))


class StandIn:
    """The one of tests/standin, with a real S3 server."""

    s3 = None
    started = {}  # by their options

    @classmethod
    def with_options(cls, *options):
        """One for all classes of a module that want it like this."""
        if options not in cls.started:
            cls.started[options] = cls(*options)
            unittest.addModuleCleanup(cls.started[options].stop)
        return cls.started[options]

    @classmethod
    def s3_server(cls):
        if cls.s3 is None:
            folder = temporary_folder()
            cls.s3 = servers.S3(folder)
            unittest.addModuleCleanup(cls.s3.stop)
            cls.s3.make_bucket(BUCKET)
        return cls.s3

    def __init__(self, *options):
        self.s3 = self.s3_server()
        self.redshift = servers.Redshift(temporary_folder(), self.s3, *options)
        self.secrets = [self.redshift.env["REDSHIFT_PASSWORD"], self.s3.env["S3_SECRET_ACCESS_KEY"]]

    def stop(self):
        self.redshift.stop()

    def address(self, source, **options):
        return self.redshift.address(f"s3://{BUCKET}/{source}", **options)

    def environment(self):
        return self.s3.client_environment()

    def keys(self, source):
        """Of files of rows, and whatever else nobody should have left; not when somebody last looked."""
        return [key for key in self.s3.keys(BUCKET, f"{source}/") if not key.endswith("/looked")]


class RedshiftTest(unittest.TestCase):
    maxDiff = 6000
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.place = Cluster(CLUSTER) if CLUSTER else StandIn.with_options(*cls.options)

    def setUp(self):
        # A schema for each test; they share the cluster.
        self.source = "s_" + self.id().rsplit(".", 1)[-1].lower()[:60]
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name)
        self.logs = self.directory / "logs"
        self.logs.mkdir()
        self.warehouse = self.place.address(self.source)
        self.duckdb = f"duckdb:{self.directory}/expected.duckdb"
        self.environment = {**os.environ, **self.place.environment()}

    def dray(self, *arguments, code=0):
        done = subprocess.run(
            [DRAY, *arguments], capture_output=True, text=True, env=self.environment, timeout=300, check=False
        )
        said = done.stdout + done.stderr
        for secret in self.place.secrets:
            self.assertNotIn(secret, said)
        self.assertEqual(done.returncode, code, said)
        return said

    def sync(self, *arguments, code=0):
        return self.dray("sync", str(self.logs), self.warehouse, "--source", self.source, *arguments, code=code)

    def query(self, warehouse, sql):
        answer = json.loads(self.dray("query", warehouse, sql, "--json"))
        names = [column["name"] for column in answer["columns"]]
        return [dict(zip(names, row)) for row in answer["rows"]]

    def one(self, sql):
        return next(iter(self.query(self.warehouse, sql)[0].values()))

    def tables(self, warehouse):
        sql = f"select distinct table_name from information_schema.columns where table_schema = '{self.source}'"
        return sorted(row["table_name"] for row in self.query(warehouse, sql))

    def rows(self, warehouse, table):
        rows = self.query(warehouse, f"select * from {quoted(self.source)}.{quoted(table)} order by id")
        kept = [{name: row[name] for name in sorted(row) if name not in VARYING} for row in rows]
        return sorted(kept, key=lambda row: row["id"])

    def assert_equals_duckdb(self):
        """The tables are those of a clean sync of the same logs into DuckDB."""
        self.dray("sync", str(self.logs), self.duckdb, "--source", self.source)
        self.assertEqual(self.tables(self.warehouse), self.tables(self.duckdb))
        for table in self.tables(self.duckdb):
            self.assertEqual(self.rows(self.warehouse, table), self.rows(self.duckdb, table), table)

    def assert_nothing_left(self):
        self.assertEqual(self.place.keys(self.source), [])
        staged = "select table_name from svv_tables where table_schema = '_dray_staging'"
        left = [row["table_name"] for row in self.query(self.warehouse, staged)]
        self.assertEqual([name for name in left if name.startswith(self.source + " ")], [])
        pending = f"select count(*) from _dray.pending where source = '{self.source}'"
        self.assertEqual(str(self.one(pending)), "0")


class StandInTest(RedshiftTest):
    """What only the stand-in can be asked."""

    def setUp(self):
        super().setUp()
        self.redshift = self.place.redshift
        self.redshift.control("clear")

    def statements(self, since):
        return self.redshift.statements(since)
