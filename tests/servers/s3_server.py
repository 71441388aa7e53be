"""The S3 gateway that CTest started (or one of its own), and an S3 client of a few lines that shares no code with Dray."""

import hashlib
import hmac
import html
import http.client
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import urllib.parse
import uuid

SCRIPT = pathlib.Path(__file__).parent / "start-rgw"


def read_env(path):
    return dict(line.split("=", 1) for line in pathlib.Path(path).read_text().splitlines())


class S3Server:
    """Started unless $DRAY_S3_SERVER names the env file of one that runs; stop() ends only what was started here."""

    def __init__(self):
        self.directory = None
        path = os.environ.get("DRAY_S3_SERVER")
        if not path:
            self.directory = tempfile.mkdtemp(prefix="dray-rgw-")
            subprocess.run([SCRIPT, self.directory], check=True)
            path = self.directory + "/env"
        self.settings = read_env(path)
        self.endpoint = self.settings["S3_ENDPOINT"]
        self.access_key = self.settings["S3_ACCESS_KEY_ID"]
        self.secret_key = self.settings["S3_SECRET_ACCESS_KEY"]

    def stop(self):
        if self.directory:
            subprocess.run([SCRIPT, "--stop", self.directory], check=True)
            shutil.rmtree(self.directory, ignore_errors=True)

    def environment(self):
        """What a process needs to use it, with nothing left of the caller's own AWS settings."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        environment.update(
            AWS_ACCESS_KEY_ID=self.access_key,
            AWS_SECRET_ACCESS_KEY=self.secret_key,
            AWS_ENDPOINT_URL=self.endpoint,
            AWS_CONFIG_FILE="/dev/null",
            AWS_SHARED_CREDENTIALS_FILE="/dev/null",
            AWS_EC2_METADATA_DISABLED="true",
        )
        return environment

    def make_bucket(self):
        bucket = "b" + uuid.uuid4().hex
        self.request("PUT", "/" + bucket)
        return bucket

    def put(self, bucket, key, body):
        return self.request("PUT", f"/{bucket}/{key}", body)[0]["ETag"].strip('"')

    def get(self, bucket, key):
        return self.request("GET", f"/{bucket}/{key}")[1]

    def delete(self, bucket, key):
        self.request("DELETE", f"/{bucket}/{key}")

    def keys(self, bucket):
        """The first 1,000."""
        return [
            html.unescape(key) for key in re.findall("<Key>(.*?)</Key>", self.request("GET", "/" + bucket)[1].decode())
        ]

    def remove_bucket(self, bucket):
        """One with at most 1,000 objects."""
        for key in self.keys(bucket):
            self.delete(bucket, key)
        self.delete(bucket, "")

    def put_tree(self, bucket, root, prefix=""):
        for path in sorted(pathlib.Path(root).rglob("*")):
            if path.is_file():
                self.put(bucket, prefix + path.relative_to(root).as_posix(), path.read_bytes())

    def request(self, method, path, body=b""):
        url = urllib.parse.urlsplit(self.endpoint)
        encoded = urllib.parse.quote(path, safe="/-._~")
        now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        digest = hashlib.sha256(body).hexdigest()
        headers = {"host": url.netloc, "x-amz-content-sha256": digest, "x-amz-date": now}
        names = ";".join(sorted(headers))
        lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        canonical = f"{method}\n{encoded}\n\n{lines}\n{names}\n{digest}"
        scope = f"{now[:8]}/us-east-1/s3/aws4_request"
        to_sign = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = ("AWS4" + self.secret_key).encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
        )
        connection = http.client.HTTPConnection(url.netloc, timeout=30)
        try:
            connection.request(method, encoded, body, headers)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path}: {response.status} {content[:300]}")
        return response.headers, content
