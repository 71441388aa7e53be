"""Servers for the tests of this folder: each starts on free loopback ports and is ended by what stops it."""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
START = HERE.parent / "servers"


def read_env(path):
    """The variables of an env file, KEY=VALUE a line."""
    lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]}: {done.stdout}{done.stderr}")


def start_postgres(case, *options):
    """A PostgreSQL of the test class's own, from its setUpClass; ended, and its folder removed, with the class. Returns
    what its clients want in their environment. `options`: start-postgres has them."""
    folder = tempfile.mkdtemp(prefix="dray-pg-", dir="/tmp")  # short: its socket lies there
    case.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
    case.addClassCleanup(run, START / "start-postgres", "--stop", folder)
    started = subprocess.run([START / "start-postgres", *options, folder], capture_output=True, text=True, check=False)
    if started.returncode != 0:
        raise RuntimeError(started.stderr)
    return dict(line.split("=", 1) for line in started.stdout.splitlines())


def s3_client(environment, code):
    """What `code` prints, which finds in s3 a client that is not ours: Debian's own Python has one."""
    prelude = (
        "import os, botocore.session\n"
        "s3 = botocore.session.get_session().create_client('s3', endpoint_url=os.environ.get('AWS_ENDPOINT_URL'),"
        " region_name=os.environ.get('AWS_REGION'))\n"
    )
    done = subprocess.run(
        ["/usr/bin/python3", "-c", prelude + code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return done.stdout


def keys_in(environment, bucket, prefix):
    code = (
        f"for page in s3.get_paginator('list_objects_v2').paginate(Bucket={bucket!r}, Prefix={prefix!r}):\n"
        "    for item in page.get('Contents', []):\n"
        "        print(item['Key'])\n"
    )
    return s3_client(environment, code).splitlines()


class Server:
    """One that a script of tests/servers starts in `directory`, with its env file read into `env`."""

    def __init__(self, script, directory, *options):
        self.script = START / script
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        run(self.script, *options, self.directory)
        self.env = read_env(self.directory / "env")

    def stop(self):
        run(self.script, "--stop", self.directory)


class S3(Server):
    """The Ceph gateway."""

    def __init__(self, directory):
        super().__init__("start-rgw", directory)

    def client_environment(self):
        """What an AWS client reads."""
        return {
            "AWS_ACCESS_KEY_ID": self.env["S3_ACCESS_KEY_ID"],
            "AWS_SECRET_ACCESS_KEY": self.env["S3_SECRET_ACCESS_KEY"],
            "AWS_ENDPOINT_URL": self.env["S3_ENDPOINT"],
            "AWS_REGION": "us-east-1",
        }

    def _python(self, code):
        return s3_client(self.client_environment(), code)

    def make_bucket(self, name):
        self._python(f"s3.create_bucket(Bucket={name!r})")

    def keys(self, bucket, prefix=""):
        return keys_in(self.client_environment(), bucket, prefix)

    def put(self, bucket, key, body):
        self._python(f"s3.put_object(Bucket={bucket!r}, Key={key!r}, Body={body!r})")

    def get(self, bucket, key):
        code = f"import sys; sys.stdout.write(s3.get_object(Bucket={bucket!r}, Key={key!r})['Body'].read().hex())"
        return bytes.fromhex(self._python(code))

    def remove(self, bucket, key):
        self._python(f"s3.delete_object(Bucket={bucket!r}, Key={key!r})")


class Redshift(Server):
    """The stand-in of tests/standin."""

    def __init__(self, directory, s3, *options):
        super().__init__("start-standin", directory, "--s3", s3.directory / "env", *options)
        self.port = int(self.env["REDSHIFT_CONTROL_PORT"])

    def control(self, command):
        """One command of tests/standin/redshift/faults.py, and its answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            stream = connection.makefile("rw", encoding="utf-8")
            stream.write(command + "\n")
            stream.flush()
            answer = stream.readline().strip()
        if answer.startswith("error"):
            raise RuntimeError(f"{command}: {answer}")
        return answer

    def statements(self, since=0):
        """What has ended, in that order, but for so many."""
        return [json.loads(line)["sql"] for line in self.log()[since:]]

    def log(self):
        return pathlib.Path(self.env["REDSHIFT_LOG"]).read_text(encoding="utf-8").splitlines()

    def run_sql(self, *statements, user="USER"):
        """As the loader, ADMIN_USER or OTHER_USER, through a client that is not ours."""
        env = self.env
        login = {
            "host": env["REDSHIFT_HOST"],
            "port": env["REDSHIFT_PORT"],
            "dbname": env["REDSHIFT_DATABASE"],
            "user": env[f"REDSHIFT_{user}"],
            "password": env[f"REDSHIFT_{user.replace('USER', 'PASSWORD')}"],
            "sslmode": "verify-full",
            "sslrootcert": env["REDSHIFT_CA_FILE"],
        }
        code = f"import psycopg2\nconnection = psycopg2.connect(**{login!r})\nconnection.autocommit = True\n"
        code += f"for sql in {statements!r}:\n    connection.cursor().execute(sql)\n"
        run("/usr/bin/python3", "-c", code)

    def address(self, staging, database="dev", **more):
        env = self.env
        options = {
            "sslrootcert": env["REDSHIFT_CA_FILE"],
            "staging": staging,
            "iam_role": env["REDSHIFT_IAM_ROLE"],
            **more,
        }
        query = "&".join(f"{name}={value}" for name, value in options.items() if value is not None)
        user = f"{env['REDSHIFT_USER']}:{env['REDSHIFT_PASSWORD']}"
        return f"redshift://{user}@{env['REDSHIFT_HOST']}:{env['REDSHIFT_PORT']}/{database}?{query}"
