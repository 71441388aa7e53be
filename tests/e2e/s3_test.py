"""Dray over S3: a real gateway, a proxy before it that breaks things, and a made-up bucket that counts what it is asked.

DRAY is the binary, DRAY_S3_SERVER the gateway's env file (without it one is started here).
"""

import datetime
import gzip
import http.client
import http.server
import itertools
import json
import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.parse
import xml.sax.saxutils

ROOT = pathlib.Path(os.environ.get("DRAY_SOURCE_DIR", pathlib.Path(__file__).parents[2]))
sys.path.insert(0, str(ROOT / "tests" / "servers"))

from s3_server import S3Server  # noqa: E402

DRAY = os.environ.get("DRAY", "dray")
SAMPLE = ROOT / "examples" / "shop-logs"
SECONDS_MAX = 300


def track(number, received="2026-11-01T00:00:00Z"):
    return json.dumps(
        {
            "type": "track",
            "event": "Order Done",
            "messageId": f"m{number}",
            "userId": f"u{number % 10}",
            "receivedAt": received,
            "timestamp": received,
            "properties": {"number": number},
        }
    )


def midnight(day):
    """Day 0 is 2026-01-01; as the segment layout writes it."""
    begin = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(days=day)
    return int(begin.timestamp() * 1000)


class S3Test(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = S3Server()
        cls.addClassCleanup(cls.server.stop)

    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="dray-s3-"))
        self.addCleanup(shutil.rmtree, self.directory)
        self.environment = self.server.environment()

    def run_dray(self, *arguments, code=0):
        done = subprocess.run(
            [DRAY, *arguments],
            cwd=self.directory,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
        )
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def sync(self, place, *flags, code=0, warehouse="w.db"):
        done = self.run_dray(
            "sync", place, f"duckdb:{warehouse}", "--source", "shop", "--json", *flags, code=code
        )
        return json.loads(done.stdout)

    def query(self, sql, warehouse="w.db"):
        done = self.run_dray("query", f"duckdb:{warehouse}", sql, "--csv")
        return done.stdout.splitlines()[1:]

    def rows(self, warehouse):
        """Every table of the source, less what differs from one load to the next."""
        columns = self.query(
            "select table_name || '.' || column_name from information_schema.columns where table_schema = 'shop' "
            "and column_name <> 'uuid_ts' order by table_name, ordinal_position",
            warehouse,
        )
        content = {}
        for table, names in itertools.groupby(columns, lambda name: name.split(".")[0]):
            listed = ", ".join('"' + name.split(".", 1)[1] + '"' for name in names)
            content[table] = self.query(f"select {listed} from shop.{table} order by all", warehouse)
        return content


class Gateway(S3Test):
    def test_the_sample_is_loaded_as_from_a_directory(self):
        bucket = self.server.make_bucket()
        self.server.put_tree(bucket, SAMPLE, "raw logs/ü+/")
        from_s3 = self.sync(f"s3://{bucket}/raw logs/ü+", warehouse="s3.db")
        from_directory = self.sync(str(SAMPLE), warehouse="directory.db")
        for count in "lines", "loaded", "duplicate", "filtered", "rejected":
            self.assertEqual(from_s3[count], from_directory[count])
        self.assertGreater(from_s3["loaded"], 4000)
        self.assertEqual(self.rows("s3.db"), self.rows("directory.db"))
        again = self.sync(f"s3://{bucket}/raw logs/ü+/", warehouse="s3.db")
        self.assertEqual(again["lines"], 0)

    def test_settings_come_from_the_file(self):
        bucket = self.server.make_bucket()
        self.server.put(bucket, "a.json", track(1).encode())
        for name in "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL":
            del self.environment[name]
        credentials = self.directory / "credentials"
        credentials.write_text(
            f"[analytics]\naws_access_key_id={self.server.access_key}\naws_secret_access_key={self.server.secret_key}\n"
        )
        self.environment["AWS_SHARED_CREDENTIALS_FILE"] = str(credentials)
        shutil.copy(self.server.settings["S3_CA_FILE"], self.directory / "ca.pem")
        (self.directory / "dray.yaml").write_text(
            f"warehouse: duckdb:w.db\nsources:\n  - name: shop\n    location: s3://{bucket}\n    profile: analytics\n"
            f"    endpoint: {self.server.settings['S3_TLS_ENDPOINT']}\n    ca_file: ca.pem\n    region: eu-west-1\n"
            "    path_style: true\n"
        )
        report = json.loads(self.run_dray("sync", "--json").stdout)
        self.assertEqual(report["loaded"], 1)

    def test_what_a_person_must_do_is_said_before_a_warehouse_is_made(self):
        bucket = self.server.make_bucket()
        missing = self.run_dray("sync", "s3://no-such-bucket/x", "duckdb:w.db", code=2).stderr
        self.assertIn('there is no bucket "no-such-bucket"', missing)
        self.environment["AWS_SECRET_ACCESS_KEY"] = "hunter2"
        refused = self.run_dray("sync", f"s3://{bucket}/x", "duckdb:w.db", code=2).stderr
        self.assertIn("AWS_SECRET_ACCESS_KEY", refused)
        self.assertNotIn("hunter2", refused)
        self.environment["AWS_ACCESS_KEY_ID"] = self.server.settings["S3_OTHER_ACCESS_KEY_ID"]
        self.environment["AWS_SECRET_ACCESS_KEY"] = self.server.settings["S3_OTHER_SECRET_ACCESS_KEY"]
        denied = self.run_dray("sync", f"s3://{bucket}/x", "duckdb:w.db", code=2).stderr
        self.assertIn(f"allow s3:ListBucket on arn:aws:s3:::{bucket}", denied)
        self.assertFalse((self.directory / "w.db").exists())

    def test_a_bucket_that_changes_while_it_is_read(self):
        bucket = self.server.make_bucket()
        for number in range(300):
            self.server.put(bucket, f"logs/{number:04}.json", track(number).encode())
        done = threading.Event()

        def change():
            draw = random.Random(1)
            for number in itertools.count(300):
                if done.is_set():
                    return
                self.server.put(bucket, f"logs/{number:04}.json", track(number).encode())
                self.server.put(bucket, f"logs/{draw.randrange(300):04}.json", track(number + 100_000).encode())

        changing = threading.Thread(target=change)
        changing.start()
        try:
            first = subprocess.run(
                [DRAY, "sync", f"s3://{bucket}/logs", "duckdb:w.db", "--source", "shop"],
                cwd=self.directory,
                env=self.environment,
                capture_output=True,
                timeout=SECONDS_MAX,
            )
        finally:
            done.set()
            changing.join()
        self.assertIn(first.returncode, (0, 3), first.stderr)
        self.sync(f"s3://{bucket}/logs", "--reload-changed")
        self.sync(f"s3://{bucket}/logs", warehouse="clean.db")
        there = "select count(*) from _dray.objects where state = 'loaded'"
        self.assertEqual(self.query(there), self.query(there, "clean.db"))
        current = set(self.query("select id from shop.tracks", "clean.db"))
        self.assertLessEqual(current, set(self.query("select id from shop.tracks")))

    def test_rejects_are_retried_from_s3(self):
        bucket = self.server.make_bucket()
        self.server.put(bucket, "logs/a.json", (track(1) + "\nnot json\n").encode())
        self.assertEqual(self.sync(f"s3://{bucket}/logs")["rejected"], 1)
        done = self.run_dray("rejects", "retry", "--warehouse", "duckdb:w.db", "--json")
        self.assertEqual(json.loads(done.stdout)["lines"], 1)


class Proxy(http.server.ThreadingHTTPServer):
    """Passes requests on to the gateway; of those that `breaks` picks, something breaks."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, endpoint, seed, share, ways):
        self.upstream = urllib.parse.urlsplit(endpoint)
        self.draw = random.Random(seed)
        self.share = share
        self.ways = ways
        self.broken = 0
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), ProxyHandler)
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def close(self):
        self.shutdown()
        self.thread.join()
        self.server_close()

    def way_to_break(self):
        with self.lock:
            if self.draw.random() >= self.share:
                return None, 0.0
            self.broken += 1
            return self.draw.choice(self.ways), self.draw.random()


class ProxyHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        way, part = self.server.way_to_break()
        if way in ("503", "500"):
            code = "SlowDown" if way == "503" else "InternalError"
            self.answer(int(way), {}, f"<Error><Code>{code}</Code></Error>".encode())
            return
        if way == "hang up":
            self.close_connection = True
            return
        connection = http.client.HTTPConnection(self.server.upstream.netloc, timeout=30)
        # The signature holds for the host that was asked.
        connection.putrequest("GET", self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        body = response.read()
        connection.close()
        if way == "delay":
            threading.Event().wait(part * 0.2)
        if way == "corrupt" and "list-type" not in self.path and body:
            at = int(part * len(body))
            body = body[:at] + bytes([body[at] ^ 0xFF]) + body[at + 1 :]
        headers = {name: value for name, value in response.headers.items() if name.lower() != "content-length"}
        self.answer(response.status, headers, body, cut=part if way == "cut" else None)

    def answer(self, status, headers, body, cut=None):
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in ("date", "server", "connection", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if cut is not None:
            self.wfile.write(body[: int(cut * len(body))])
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        self.wfile.write(body)


class Broken(S3Test):
    def start_proxy(self, *ways):
        proxy = Proxy(self.server.endpoint, seed=7, share=0.3, ways=ways)
        self.addCleanup(proxy.close)
        # The gateway checks the signature for the host it is asked as; the proxy keeps that header.
        self.environment["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{proxy.server_address[1]}"
        return proxy

    def test_the_sample_comes_through_a_proxy_that_breaks_things(self):
        bucket = self.server.make_bucket()
        self.server.put_tree(bucket, SAMPLE, "logs/")
        self.sync(str(SAMPLE), warehouse="clean.db")
        proxy = self.start_proxy("hang up", "503", "500", "cut", "delay")
        self.assertEqual(self.sync(f"s3://{bucket}/logs")["status"], "success")
        self.assertGreater(proxy.broken, 5)
        self.assertTrue(self.rows("w.db") == self.rows("clean.db"), "other rows than from a directory")

    def test_what_is_damaged_on_the_way_is_loaded_when_it_is_whole(self):
        bucket = self.server.make_bucket()
        self.server.put_tree(bucket, SAMPLE, "logs/")
        self.sync(str(SAMPLE), warehouse="clean.db")
        proxy = self.start_proxy("corrupt")
        for _ in range(20):
            report = self.sync_in_any_state(f"s3://{bucket}/logs")
            if report["status"] == "success" and report["lines"] == 0:
                break
        else:
            self.fail("an object never came through")
        self.assertGreater(proxy.broken, 5)
        # Columns and their types depend on which objects came first, the rows do not.
        for table in "tracks", "identifies", "pages":
            ids = f"select id from shop.{table} order by id"
            self.assertEqual(self.query(ids), self.query(ids, "clean.db"))

    def sync_in_any_state(self, place):
        """A damaged object is set aside (exit code 3, or 1 if all were), and is whole the next time."""
        done = subprocess.run(
            [DRAY, "sync", place, "duckdb:w.db", "--source", "shop", "--json"],
            cwd=self.directory,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
        )
        self.assertIn(done.returncode, (0, 1, 3), done.stderr)
        return json.loads(done.stdout)


class CountingBucket(http.server.ThreadingHTTPServer):
    """A bucket of one-line objects that answers GET and list, a few keys a page, and counts both."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, page_keys):
        self.page_keys = page_keys
        self.objects = {}
        self.lists = 0
        self.gets = 0
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), CountingHandler)
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def close(self):
        self.shutdown()
        self.thread.join()
        self.server_close()

    def take_counts(self):
        with self.lock:
            counts = (self.lists, self.gets)
            self.lists = self.gets = 0
            return counts


class CountingHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *_):
        pass

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        key = urllib.parse.unquote(url.path).removeprefix("/bucket").removeprefix("/")
        bucket = self.server
        if not key:
            with bucket.lock:
                bucket.lists += 1
            body = self.page(dict(urllib.parse.parse_qsl(url.query)))
        else:
            with bucket.lock:
                bucket.gets += 1
            body = bucket.objects[key]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def page(self, query):
        start = query.get("continuation-token", query.get("start-after", ""))
        prefix = query.get("prefix", "")
        size = min(int(query["max-keys"]), self.server.page_keys)
        keys = sorted(key for key in self.server.objects if key.startswith(prefix) and key > start)
        text = "".join(
            f"<Contents><Key>{xml.sax.saxutils.escape(urllib.parse.quote(key))}</Key><ETag>\"e\"</ETag>"
            f"<Size>{len(self.server.objects[key])}</Size></Contents>"
            for key in keys[:size]
        )
        more = len(keys) > size
        token = f"<NextContinuationToken>{keys[size - 1]}</NextContinuationToken>" if more else ""
        text = f"<EncodingType>url</EncodingType><IsTruncated>{str(more).lower()}</IsTruncated>{token}{text}"
        return f"<ListBucketResult>{text}</ListBucketResult>".encode()


class Requests(S3Test):
    """As a bucket of 1,000,000 objects in pages of 1,000, at a scale of 1 to 500: 2,000 objects in pages of 2."""

    DAYS = 100
    OBJECTS = 2000
    PAGE = 2

    def setUp(self):
        super().setUp()
        self.bucket = CountingBucket(self.PAGE)
        self.addCleanup(self.bucket.close)
        self.environment["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{self.bucket.server_address[1]}"
        per_day = self.OBJECTS // self.DAYS
        for number in range(self.OBJECTS):
            self.add(number // per_day, number)

    def add(self, day, number):
        key = f"segment-logs/abc/{midnight(day)}/{number:06}.gz"
        self.bucket.objects[key] = gzip.compress(track(number).encode())

    def test_one_new_object_among_very_many(self):
        place = "s3://bucket/segment-logs/abc"
        pages = self.OBJECTS // self.PAGE
        self.assertEqual(self.sync(place)["loaded"], self.OBJECTS)
        # One more looks whether the place can be listed.
        self.assertEqual(self.bucket.take_counts(), (pages + 1, self.OBJECTS))
        self.add(self.DAYS - 1, 999_999)
        report = self.sync(place)
        self.assertEqual(report["loaded"], 1)
        # The last day and the three before it.
        open_pages = 4 * pages // self.DAYS + 1
        # Where there is a warehouse already the run's own listing finds out whether the place can be listed.
        self.assertEqual(self.bucket.take_counts(), (open_pages, 1))
        self.assertEqual(report["objects"]["listed"], 4 * self.OBJECTS // self.DAYS + 1)

    def test_late_objects_are_found(self):
        place = "s3://bucket/segment-logs/abc"
        self.sync(place)
        self.add(self.DAYS - 3, 999_998)
        self.assertEqual(self.sync(place)["loaded"], 1)
        # Later than the days that stay open: by the listing of all there is, once a day or when it is asked for.
        self.add(5, 999_999)
        self.assertEqual(self.sync(place)["loaded"], 0)
        self.assertEqual(self.sync(place, "--since", "2026-01-01")["loaded"], 1)


if __name__ == "__main__":
    unittest.main()
