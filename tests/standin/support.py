"""A stand-in for one test program, and clients of it that are not the program's: psycopg2, libpq, botocore."""

import contextlib
import ctypes
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import botocore.session
import psycopg2
import zstandard

TESTS = pathlib.Path(__file__).resolve().parents[1]
SERVERS = TESTS / "servers"
sys.path.insert(0, str(TESTS / "standin"))


def _env_file(path):
    with open(path, encoding="utf-8") as lines:
        return dict(line.rstrip("\n").split("=", 1) for line in lines if "=" in line)


class StandIn:
    """Stopped when the module's tests are done."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="standin-")
        os.chmod(self.folder, 0o755)  # PostgreSQL's user goes through it
        self.s3 = None
        self._own_s3 = False

    def start(self, options, s3):
        arguments = list(options)
        if s3:
            self.s3 = self._start_s3()
            arguments += ["--s3", self._s3_env]
        self.command = [SERVERS / "start-standin", *arguments, self.path("rs")]
        subprocess.run(self.command, check=True, stdout=subprocess.DEVNULL, timeout=120)
        self.env = _env_file(self.path("rs/env"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def _start_s3(self):
        """The S3 server that CTest started (DRAY_S3_SERVER), that of the environment (S3_ENDPOINT ...), or one's own."""
        shared = os.environ.get("DRAY_S3_SERVER", "")
        if os.path.exists(shared):
            self._s3_env = shared
        elif "S3_ENDPOINT" in os.environ:
            self._s3_env = self.path("s3.env")
            names = ("ENDPOINT", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY")
            with open(self._s3_env, "w", encoding="utf-8") as file:
                file.writelines(f"S3_{name}={os.environ['S3_' + name]}\n" for name in names)
        else:
            self._own_s3 = True
            subprocess.run([SERVERS / "start-rgw", self.path("s3")], check=True, stdout=subprocess.DEVNULL, timeout=120)
            self._s3_env = self.path("s3/env")
        env = _env_file(self._s3_env)
        self.keys = (env["S3_ACCESS_KEY_ID"], env["S3_SECRET_ACCESS_KEY"])
        client = botocore.session.Session().create_client(
            "s3",
            region_name="us-east-1",
            endpoint_url=env["S3_ENDPOINT"],
            aws_access_key_id=self.keys[0],
            aws_secret_access_key=self.keys[1],
        )
        self.bucket = "standin-" + os.urandom(4).hex()
        client.create_bucket(Bucket=self.bucket)
        return client

    def stop(self):
        subprocess.run([SERVERS / "start-standin", "--stop", self.path("rs")], check=True, timeout=60)
        if self._own_s3:
            subprocess.run([SERVERS / "start-rgw", "--stop", self.path("s3")], check=True, timeout=60)
        shutil.rmtree(self.folder, ignore_errors=True)

    def connect(self, **changes):
        parameters = {
            "host": "localhost",
            "port": self.env["REDSHIFT_PORT"],
            "user": self.env["REDSHIFT_USER"],
            "password": self.env["REDSHIFT_PASSWORD"],
            "dbname": "dev",
            "sslmode": "verify-full",
            "sslrootcert": self.env["REDSHIFT_CA_FILE"],
            "client_encoding": "UTF8",
            **changes,
        }
        connection = psycopg2.connect(**parameters)
        connection.autocommit = True
        return connection

    def control(self, command):
        with socket.create_connection(("127.0.0.1", int(self.env["REDSHIFT_CONTROL_PORT"]))) as sock:
            with sock.makefile("rw", encoding="utf-8") as stream:
                stream.write(command + "\n")
                stream.flush()
                return stream.readline().strip()

    def log(self):
        with open(self.env["REDSHIFT_LOG"], encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    # S3

    def put(self, key, data):
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=data if isinstance(data, bytes) else data.encode())
        return f"s3://{self.bucket}/{key}"

    def put_manifest(self, key, urls, **more):
        return self.put(key, json.dumps({"entries": [{"url": url, "mandatory": True, **more} for url in urls]}))


def start(*options, s3=False):
    """For setUpModule."""
    stand_in = StandIn()
    unittest.addModuleCleanup(stand_in.stop)
    stand_in.start(options, s3)
    return stand_in


def zstd(data):
    return zstandard.compress(data if isinstance(data, bytes) else data.encode())


@contextlib.contextmanager
def cancelling(connection):
    """Asks to cancel what the connection runs, again and again: the first may come before the statement."""
    done = threading.Event()

    def ask():
        while not done.wait(0.2):
            connection.cancel()

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


class Case(unittest.TestCase):
    """A connection for each test, and a schema of its own. `stand_in` is set by the module."""

    stand_in = None

    def setUp(self):
        self.stand_in.control("clear")
        self.connection = self.stand_in.connect()
        self.addCleanup(lambda: self.connection.close())
        self.schema = "s_" + os.urandom(4).hex()
        self.run_sql(f"CREATE SCHEMA {self.schema}")
        self.run_sql(f"SET search_path TO {self.schema}")

    def run_sql(self, sql, connection=None):
        """Rows, or the statement's tag."""
        connection = connection or self.connection
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else cursor.statusmessage

    def refused(self, sql, code, text="", connection=None):
        with self.assertRaises(psycopg2.Error, msg=sql) as caught:
            self.run_sql(sql, connection)
        error = caught.exception
        self.assertEqual((error.pgcode, text in str(error)), (code, True), f"{sql}: {error.pgcode} {error}")
        return error

    def eventually(self, sql, rows):
        for _ in range(200):
            if self.run_sql(sql) == rows:
                return True
            time.sleep(0.05)
        return False

    def notices(self):
        """The messages since the last call."""
        texts = [text.strip() for text in self.connection.notices]
        del self.connection.notices[:]
        return texts

    def reconnect(self):
        self.connection.close()
        self.connection = self.stand_in.connect()
        self.run_sql(f"SET search_path TO {self.schema}")


class Libpq:
    """libpq itself, for the extended protocol, which psycopg2 does not speak."""

    def __init__(self, stand_in):
        self._pq = ctypes.CDLL("libpq.so.5")
        for name in ("PQconnectdb", "PQexecParams", "PQprepare", "PQexecPrepared", "PQexec"):
            getattr(self._pq, name).restype = ctypes.c_void_p
        for name in ("PQresultErrorField", "PQgetvalue", "PQerrorMessage", "PQcmdStatus"):
            getattr(self._pq, name).restype = ctypes.c_char_p
        env = stand_in.env
        self._connection = ctypes.c_void_p(
            self._pq.PQconnectdb(
                f"host=localhost port={env['REDSHIFT_PORT']} user=loader password={env['REDSHIFT_PASSWORD']} dbname=dev "
                f"sslmode=verify-full sslrootcert={env['REDSHIFT_CA_FILE']}".encode()
            )
        )
        if self._pq.PQstatus(self._connection) != 0:
            raise AssertionError(self._pq.PQerrorMessage(self._connection).decode())

    def execute(self, sql, *values):
        """(SQLSTATE or None, tag, first field of the first row)"""
        array = (ctypes.c_char_p * max(1, len(values)))(*[v if v is None else str(v).encode() for v in values])
        result = ctypes.c_void_p(
            self._pq.PQexecParams(self._connection, sql.encode(), len(values), None, array, None, None, 0)
        )
        state = self._pq.PQresultErrorField(result, ord("C"))
        tag = self._pq.PQcmdStatus(result)
        value = self._pq.PQgetvalue(result, 0, 0) if self._pq.PQntuples(result) else None
        self._pq.PQclear(result)
        return state and state.decode(), tag.decode(), value and value.decode()

    def simple(self, sql):
        self._pq.PQclear(ctypes.c_void_p(self._pq.PQexec(self._connection, sql.encode())))

    def close(self):
        self._pq.PQfinish(self._connection)
