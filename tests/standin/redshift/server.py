"""The program: python3 -m redshift ... (from tests/standin). tests/servers/start-standin starts it."""

import argparse
import json
import os
import signal
import socket
import ssl
import threading

from .backend import Backend
from .copy import SystemTables
from .faults import Control, Faults, StatementLog
from .names import Names, quote_literal
from .session import Session
from .startup import role_of


class Server:
    """What all sessions share. Methods are safe to call from any of their threads."""

    def __init__(self, options):
        self.postgres = (options.postgres_folder, options.postgres_port)
        self.database = "dev"
        self.serverless = options.serverless
        self.serializable = not options.snapshot
        self.slices = options.slices
        self.region = options.region
        self.require_tls = not options.plain
        self.authentication = options.authentication
        self.error_table = "sys_load_error_detail" if options.serverless else "stl_load_errors"
        self.s3_endpoint = options.s3_endpoint
        self.s3_keys = {
            "access_key_id": os.environ.get("S3_ACCESS_KEY_ID") or os.environ.get("AWS_ACCESS_KEY_ID", ""),
            "secret_access_key": os.environ.get("S3_SECRET_ACCESS_KEY") or os.environ.get("AWS_SECRET_ACCESS_KEY", ""),
            "session_token": os.environ.get("AWS_SESSION_TOKEN"),
        }
        self.roles = set(options.iam_role)
        self.users = {}
        self.system_folder = os.path.join(options.folder, "system")
        self.names = Names(os.path.join(self.system_folder, "names"))
        self.system = SystemTables(self.system_folder)
        self.faults = Faults()
        self.log = StatementLog(os.path.join(options.folder, "statements.log"))
        self.vacuum = threading.Lock()
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.minimum_version = ssl.TLSVersion.TLSv1_2
        self.tls.load_cert_chain(os.path.join(options.folder, "server.crt"), os.path.join(options.folder, "server.key"))
        self._capacity = {
            "slices": options.slices, "nodes": 2, "used": 10_000, "capacity": 320_000, "tables": 0,
            "serializable": int(self.serializable),
        }  # fmt: skip
        self.set_capacity()
        self._lock = threading.Lock()
        self._admin_lock = threading.Lock()
        self._admin = Backend(*self.postgres, "dray", self.database, {"application_name": "standin"}.items())
        self._sessions = {}
        self._count = 0
        self._query = 100
        self._commits = 0
        self._last_commit = {}

    # Sessions -----------------------------------------------------------------------------------------------------------

    def connect(self, user, settings):
        return Backend(*self.postgres, user, self.database, settings.items())

    def serve(self, sock):
        while True:
            client, _ = sock.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._count += 1
                session = Session(self, client, self._count)
            threading.Thread(target=session.run, daemon=True).start()

    def remember(self, session):
        with self._lock:
            self._sessions[session.pid] = session

    def forget(self, session):
        with self._lock:
            self._sessions.pop(session.pid, None)

    def cancel(self, pid, secret):
        with self._lock:
            session = self._sessions.get(pid)
        if session and session.secret == secret:
            session.cancelled.set()
            session.backend.cancel()

    def disconnect_all(self):
        with self._lock:
            sessions = list(self._sessions.values())
        for session in sessions:
            session.close_socket()

    # What a test may change ---------------------------------------------------------------------------------------------

    def make_user(self, name, password, superuser=False):
        role = role_of(name)
        known = self.admin(f"SELECT 1 FROM pg_roles WHERE rolname = {quote_literal(role)}")
        quoted = '"' + role.replace('"', '""') + '"'
        if not known:
            self.admin(f"CREATE ROLE {quoted} LOGIN {'SUPERUSER' if superuser else ''}")
            self.admin(f"GRANT CREATE, TEMP ON DATABASE {self.database} TO {quoted}")
        self.users[name] = password

    def set_capacity(self, **values):
        for name, value in values.items():
            if name not in self._capacity:
                raise ValueError(f"no {name}")
            self._capacity[name] = value
        path = os.path.join(self.system_folder, "capacity")
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump(self._capacity, file)
        os.replace(path + ".new", path)

    @property
    def tables_max(self):
        return self._capacity["tables"]

    # Book-keeping ---------------------------------------------------------------------------------------------------------

    def admin(self, sql):
        with self._admin_lock:
            return self._admin.query(sql)

    def find_table(self, user, names):
        """The first of these names that is a table others can see (None: there is none), and whether this user may
        write to it."""
        array = ", ".join(map(quote_literal, names))
        rows = self.admin(
            f"SELECT name, has_table_privilege({quote_literal(user)}, to_regclass(name), 'UPDATE, DELETE, TRUNCATE') "
            f"FROM unnest(ARRAY[{array}]::text[]) WITH ORDINALITY AS found (name, n) WHERE to_regclass(name) IS NOT NULL ORDER BY n LIMIT 1"
        )
        return (rows[0][0], rows[0][1] == "t") if rows else (None, False)

    def next_query(self):
        with self._lock:
            self._query += 1
            return self._query

    def commits(self):
        with self._lock:
            return self._commits

    def committed(self, tables):
        with self._lock:
            self._commits += 1
            for table in tables:
                self._last_commit[table] = self._commits

    def last_commit_of(self, table):
        with self._lock:
            return self._last_commit.get(table, 0)


def _listen(port):
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    sock.listen(64)
    return sock


def main():
    parser = argparse.ArgumentParser(prog="redshift", description=__doc__)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--control-port", type=int, default=0)
    parser.add_argument("--postgres-folder", required=True)
    parser.add_argument("--postgres-port", required=True)
    parser.add_argument("--s3-endpoint", default=os.environ.get("S3_ENDPOINT"))
    parser.add_argument("--region", default=os.environ.get("AWS_DEFAULT_REGION", "us-east-1"))
    parser.add_argument("--iam-role", action="append", default=[])
    parser.add_argument("--serverless", action="store_true")
    parser.add_argument("--snapshot", action="store_true")
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--authentication", choices=("md5", "password"), default="md5")
    parser.add_argument("--slices", type=int, default=4)
    options = parser.parse_args()
    server = Server(options)
    server.make_user("loader", "Loader-pass1")
    server.make_user("awsuser", "Awsuser-pass1", superuser=True)
    server.make_user("stranger", "Stranger-pass1")
    # For superusers, and those whom it was granted to.
    server.admin("GRANT SELECT ON standin.svv_table_info TO loader")
    sock, control = _listen(options.port), _listen(options.control_port)
    Control(server, control)
    # The line tells the script that started it that it is ready, and where.
    print(sock.getsockname()[1], control.getsockname()[1], flush=True)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    server.serve(sock)
