"""PostgreSQL: the process killed or stopped, the connection cut, the server restarted, the answer to COMMIT lost, two syncs at once.

DRAY is the binary, DRAY_GEN the generator. DRAY_KILL_SEED is the first seed, DRAY_KILLS how many kills.
"""

import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

DRAY = os.environ["DRAY"]
GEN = os.environ["DRAY_GEN"]
START = pathlib.Path(__file__).resolve().parent.parent / "servers" / "start-postgres"
SEED = int(os.environ.get("DRAY_KILL_SEED", "1"))
KILLS = int(os.environ.get("DRAY_KILLS", "30"))
EVENTS = 3_000
SYNCS = 2
SECONDS_MAX = 300


class Server:
    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="dray-pg-", dir="/tmp")
        self.start()

    def start(self):
        done = subprocess.run([START, self.directory], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        self.env = dict(line.split("=", 1) for line in done.stdout.splitlines())
        self.port = int(self.env["PGPORT"])

    def stop(self):
        subprocess.run([START, "--stop", self.directory], check=True, capture_output=True)

    def remove(self):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


class Proxy:
    """Between a client and the server."""

    def __init__(self, port):
        self.target = port
        self.before_commit = None  # called with the client's and the server's socket, once
        self.bytes_left = None  # of the client's, until the connection is cut
        self.refuses = False  # new connections
        self.is_mute = False  # what the server says is lost
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.refuses:
                client.close()
                continue
            server = socket.create_connection(("127.0.0.1", self.target))
            threading.Thread(target=self.pump, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self.pump, args=(server, client, False), daemon=True).start()

    def pump(self, source, target, is_client):
        try:
            while data := source.recv(65536):
                if is_client and self.before_commit and data.endswith(b"commit\x00"):
                    action, self.before_commit = self.before_commit, None
                    action(source, target, data)
                    return
                if is_client and self.bytes_left is not None:
                    self.bytes_left -= len(data)
                    if self.bytes_left < 0:
                        self.bytes_left = None
                        break
                if is_client or not self.is_mute:
                    target.sendall(data)
        except OSError:
            pass
        for end in source, target:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        source.close()

    def close(self):
        self.listener.close()


def end(*sockets):
    for each in sockets:
        each.shutdown(socket.SHUT_RDWR)


class Faults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.remove)
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.directory = pathlib.Path(temporary.name)
        mess = ["--duplicates", "5", "--late", "3", "--conflicts", "2", "--bad", "1"]
        subprocess.run(
            [GEN, "--out", "all", "--layout", "flat", "--events", str(EVENTS), "--files", "8", *mess],
            cwd=cls.directory,
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=SECONDS_MAX,
        )
        objects = sorted(path for path in (cls.directory / "all").rglob("*") if path.is_file())
        cls.batches = [objects[number::SYNCS] for number in range(SYNCS)]
        cls.states, cls.seconds = [], []
        cls.count = 0
        cls.begin(0)
        for number in range(SYNCS):
            cls.deliver(number)
            begun = time.monotonic()
            cls.run_dray(*cls.sync_command())
            cls.seconds.append(time.monotonic() - begun)
            cls.states.append(cls.state())
            cls.psql(f"create database clean_{number + 1} template {cls.database}")

    @classmethod
    def psql(cls, sql):
        cls.run_dray_as("postgres", sql)

    @classmethod
    def run_dray_as(cls, database, sql):
        subprocess.run(
            ["psql", "-qAt", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql],
            env={**os.environ, **cls.server.env},
            check=True,
            capture_output=True,
            timeout=SECONDS_MAX,
        )

    @classmethod
    def begin(cls, syncs):
        """A database as it is after so many clean syncs, and what they read."""
        cls.count += 1
        cls.database = f"run_{cls.count}"
        cls.psql(f"create database {cls.database}" + (f" template clean_{syncs}" if syncs else ""))
        shutil.rmtree(cls.directory / "logs", ignore_errors=True)
        (cls.directory / "logs").mkdir()
        for number in range(syncs):
            cls.deliver(number)

    @classmethod
    def deliver(cls, number):
        for path in cls.batches[number]:
            shutil.copy2(path, cls.directory / "logs" / path.name)

    @classmethod
    def url(cls, port=None):
        return f"postgres://dray@127.0.0.1:{port or cls.server.port}/{cls.database}"

    @classmethod
    def sync_command(cls, port=None):
        return ["sync", "logs", cls.url(port), "--source", "shop", "--no-progress", "--json"]

    @classmethod
    def run_dray(cls, *arguments, code=0):
        done = subprocess.run(
            [DRAY, *arguments],
            cwd=cls.directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )
        if code is not None and done.returncode != code:
            raise AssertionError(f"dray {arguments} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    @classmethod
    def start(cls):
        return subprocess.Popen(
            [DRAY, *cls.sync_command()],
            cwd=cls.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @classmethod
    def query(cls, sql):
        return json.loads(cls.run_dray("query", cls.url(), sql, "--json").stdout)["rows"]

    @classmethod
    def state(cls):
        """All tables but uuid_ts, in short, and what the ledger knows; None before the first load."""
        if not cls.query("select 1 from information_schema.tables where table_schema = '_dray'"):
            return None
        if not cls.query("select 1 from _dray.sources"):
            return None
        parts = [
            "select '_objects', count(*), sum(hashtextextended((key, size_bytes, state, lines, rejected)::text, 0))::text"
            " from _dray.objects",
            "select '_rejects', count(*), sum(hashtextextended((object, line, kind, reason, value)::text, 0))::text"
            " from _dray.rejects",
            "select '_lineage', count(*), sum(hashtextextended((table_name, uuid, received_at, key, l.line)::text, 0))::text"
            " from _dray.lineage l left join _dray.tables t using (table_number) left join _dray.objects o using"
            " (object_number)",
        ]
        columns = {}
        for table, column in cls.query(
            "select table_name, column_name from information_schema.columns where table_schema = 'shop' and"
            " column_name <> 'uuid_ts' order by 1, 2"
        ):
            columns.setdefault(table, []).append(f'"{column}"')
        for table, names in columns.items():
            row = ", ".join(names)
            parts.append(
                f"select '{table}', count(*), sum(hashtextextended(row({row})::text, 0))::text from shop.\"{table}\""
            )
        return columns, cls.query(" union all ".join(parts) + " order by 1")

    def check_whole(self, number):
        """The warehouse is as before this sync, or as after it; returns whether as after."""
        found = self.state()
        before = self.states[number - 1] if number > 0 else None
        self.assertIn(found, (before, self.states[number]))
        return found != before

    def check_next_sync(self, number):
        report = json.loads(self.run_dray(*self.sync_command()).stdout)
        self.assertEqual(report["status"], "success")
        self.assertEqual(self.state(), self.states[number])

    def sync_through(self, proxy, code):
        try:
            return self.run_dray(*self.sync_command(proxy.port), code=code)
        finally:
            proxy.close()

    def test_kill_at_any_moment(self):
        killed = 0
        for seed in range(SEED, SEED + KILLS // 2):
            draw = random.Random(seed)
            number = draw.randrange(SYNCS)
            self.begin(number)
            self.deliver(number)
            process = self.start()
            time.sleep(self.seconds[number] * draw.uniform(0.1, 0.9))
            process.kill()
            process.communicate(timeout=SECONDS_MAX)
            killed += process.returncode != 0
            with self.subTest(seed=seed, sync=number):
                self.check_next_sync(number)
        self.assertGreaterEqual(killed, KILLS // 6)

    def test_stop_at_any_moment(self):
        for seed in range(SEED, SEED + KILLS // 3):
            draw = random.Random(seed)
            number = draw.randrange(SYNCS)
            self.begin(number)
            self.deliver(number)
            process = self.start()
            time.sleep(self.seconds[number] * draw.uniform(0.1, 1))
            process.send_signal(draw.choice([signal.SIGINT, signal.SIGTERM]))
            begun = time.monotonic()
            _, errors = process.communicate(timeout=SECONDS_MAX)
            with self.subTest(seed=seed, sync=number):
                self.assertLess(time.monotonic() - begun, max(5, self.seconds[number]), errors)
                committed = self.check_whole(number)
                if process.returncode >= 0:  # else it did not listen yet, or no more
                    self.assertEqual(process.returncode, 0 if committed else 1, errors)
                    self.assertEqual("stopped: shop is as it was before this sync" in errors, not committed, errors)
                self.check_next_sync(number)

    def test_the_connection_cut_at_any_byte(self):
        for seed in range(SEED, SEED + KILLS // 3):
            draw = random.Random(seed)
            number = draw.randrange(SYNCS)
            self.begin(number)
            self.deliver(number)
            proxy = Proxy(self.server.port)
            proxy.bytes_left = int(10 ** draw.uniform(2, 5.5))
            with self.subTest(seed=seed, sync=number, bytes=proxy.bytes_left):
                done = self.sync_through(proxy, code=None)
                self.assertIn(done.returncode, (0, 1), done.stderr)
                self.assertEqual(self.check_whole(number), done.returncode == 0)
                if done.returncode != 0:
                    self.assertIn("run it again: nothing is loaded twice", done.stdout + done.stderr)
                self.check_next_sync(number)

    def test_commit_that_did_not_arrive(self):
        self.begin(1)
        self.deliver(1)
        proxy = Proxy(self.server.port)
        proxy.before_commit = lambda client, server, data: end(server, client)
        done = self.sync_through(proxy, code=1)
        self.assertIn("the warehouse did not commit", done.stdout)
        self.assertFalse(self.check_whole(1))
        self.check_next_sync(1)

    def test_commit_whose_answer_is_lost(self):
        self.begin(1)
        self.deliver(1)
        proxy = Proxy(self.server.port)

        def pass_on(client, server, data):
            proxy.is_mute = True
            server.sendall(data)
            time.sleep(0.5)
            end(client, server)
            proxy.is_mute = False

        proxy.before_commit = pass_on
        report = json.loads(self.sync_through(proxy, code=0).stdout)
        self.assertEqual(report["status"], "success")
        self.assertTrue(self.check_whole(1))

    def test_commit_of_which_nobody_knows(self):
        self.begin(1)
        self.deliver(1)
        proxy = Proxy(self.server.port)

        def pass_on_and_refuse(client, server, data):
            proxy.refuses = proxy.is_mute = True
            server.sendall(data)
            time.sleep(0.5)
            end(client, server)

        proxy.before_commit = pass_on_and_refuse
        done = self.sync_through(proxy, code=1)
        self.assertIn("whether it happened could not be read either", done.stdout)
        self.assertTrue(self.check_whole(1))
        self.check_next_sync(1)

    def test_the_server_restarted(self):
        self.begin(1)
        self.deliver(1)
        process = self.start()
        time.sleep(self.seconds[1] * 0.6)
        self.server.stop()
        self.server.start()
        process.communicate(timeout=SECONDS_MAX)
        self.check_next_sync(1)

    def test_two_syncs_at_once(self):
        for number in range(SYNCS):
            self.begin(number)
            self.deliver(number)
            processes = [self.start() for _ in range(2)]
            outputs = [process.communicate(timeout=SECONDS_MAX) for process in processes]
            codes = [process.returncode for process in processes]
            with self.subTest(sync=number):
                self.assertIn(0, codes, outputs)
                for code, (out, errors) in zip(codes, outputs):
                    self.assertIn(code, (0, 1), errors)
                    if code == 1:
                        self.assertIn("run it again: nothing is loaded twice", out + errors)
                self.assertEqual(self.state(), self.states[number])


if __name__ == "__main__":
    unittest.main()
