"""A secret in any wrong place is never repeated: every argument of every command, every key of the configuration.

DRAY is the binary. The kinds of what may be repeated are in src/base/quotable.h.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

DRAY = os.environ["DRAY"]
SECONDS_MAX = 300
MARK = "hUnter2Mark"
EVENT = {"type": "track", "event": "Sold", "messageId": "m", "userId": "u", "receivedAt": "2026-01-01T00:00:00Z"}

# Shapes in which a secret gets into a wrong place.
SHAPES = [
    MARK, f"postgres://me:{MARK}@127.0.0.1:1/db", f"postgres:me:{MARK}@127.0.0.1:1/db", f"me:{MARK}@host",
    f"redshift://me:{MARK}@127.0.0.1:1/db?staging=s3://bucket/x", f"mysql://me:{MARK}@host/db", f"{MARK}://host",
    f"postgres://me@127.0.0.1:1/db?password={MARK}&sslmode={MARK}", f"postgres://me@127.0.0.1:1/db?pasword={MARK}",
    f"postgres://me:a/{MARK}@127.0.0.1:1/db", f"redshift://me@127.0.0.1:1/db?connections={MARK}",
    f"redshift://me@127.0.0.1:1/db?staging_compression={MARK}", f"redshift://me@127.0.0.1:1/db?staging={MARK}",
    f"redshift://me@127.0.0.1:1/db?staging=s3://b/x&staging_endpoint={MARK}", f"s3://me:{MARK}@bucket/prefix",
    f"duckdb:{MARK}/w.db", f"duckdb://me:{MARK}@host/db", f"duckdb:postgres://me:{MARK}@host/db", f"--{MARK}", f"-p{MARK}", f"--password={MARK}",
]  # fmt: skip
VALUE_OPTIONS = ["--source", "--config", "--since", "--until", "--threads", "--memory", "--warehouse", "--limit"]
REJECT_OPTIONS = ["--run", "--reason", "--table", "--object"]


def calls(secret):
    """Every position of every command with `secret` in it, the rest as it should be."""
    for command in "sync", "plan":
        yield [command, secret, "duckdb:new.db"]
        yield [command, "logs", secret]
        yield [command, secret]
        yield [command, "logs", "duckdb:w.db", secret]
        yield [command, "logs", "duckdb:w.db", "--json", secret]
        yield [command, secret, "logs"]
        for option in VALUE_OPTIONS:
            if option != "--source":  # its name: it is what the schema is called
                yield [command, "logs", "duckdb:w.db", option, secret]
        yield [command, "logs", "duckdb:w.db", f"--quiet={secret}"]
    for command in ["status"], ["history"], ["rejects"], ["rejects", "list"], ["rejects", "show"], ["rejects", "retry"]:
        yield [*command, secret]
        yield [*command, secret, "--json"]
        yield [*command, "--warehouse", secret]
        yield [*command, "--warehouse", secret, "--json"]
        yield [*command, "--warehouse", "duckdb:w.db", secret]
        options = VALUE_OPTIONS + (REJECT_OPTIONS if command[0] == "rejects" else [])
        for option in options:
            yield [*command, "--warehouse", "duckdb:w.db", option, secret]
            yield [*command, "--warehouse", "duckdb:w.db", f"{option}={secret}"]
    yield ["query", secret]
    yield ["query", secret, "select 1"]
    yield ["query", "select 1", secret]
    yield ["query", "duckdb:w.db", secret]
    yield ["query", "duckdb:w.db", "select 1", secret]
    yield ["query", "--config", secret, "select 1"]
    yield ["init", secret]
    yield ["init", "--config", f"{secret}/x/y"]
    for command in "completion", "settings", "version", "help":
        yield [command, secret]
        yield [command, secret, secret]
    yield [secret]
    yield [secret, "sync"]


class Secrets(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name)
        (self.directory / "logs").mkdir()
        (self.directory / "logs" / "a.json").write_text(json.dumps(EVENT) + "\n")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PG"))}
        self.environment.update(HOME=temporary.name, AWS_EC2_METADATA_DISABLED="true")
        self.run_dray(["sync", "logs", "duckdb:w.db", "--source", "shop"])

    def run_dray(self, arguments, **more):
        done = subprocess.run(
            [DRAY, *arguments], cwd=self.directory, env={**self.environment, **more}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=SECONDS_MAX,
        )  # fmt: skip
        return done.stdout + done.stderr

    def test_arguments(self):
        # Every position with the plain word, the other shapes in turn.
        all_calls = list(calls(MARK))
        for number, shape in enumerate(SHAPES[1:]):
            all_calls += list(calls(shape))[number :: len(SHAPES) - 6]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            told = dict()
            for call, output in zip(all_calls, pool.map(self.run_dray, all_calls)):
                if MARK.lower() in output.lower():
                    told[" ".join(call)] = output.strip()
        self.assertEqual(told, {}, f"{len(told)} of {len(all_calls)}")

    def test_substitutions(self):
        listed = self.run_dray(["settings", "reference"])
        keys = sorted(set(re.findall(r"^\| `([a-z_0-9]+)`", listed, re.M)))
        self.assertIn("warehouse", keys)
        told = {}
        for number, shape in enumerate(SHAPES):
            for key in keys if number == 0 else ("warehouse", "location"):
                # The path of a file that is a warehouse is shown: it is its name.
                if shape.startswith("duckdb:"):
                    continue
                if key in ("name", "sources", "redshift_tables"):  # names are what things are called
                    continue
                base = {"warehouse": "duckdb:w.db"}
                source = {"name": "shop", "location": "logs"}
                target = source if key in ("location",) else base
                target[key] = "${SECRET}"
                text = "".join(f"{name}: {json.dumps(value)}\n" for name, value in base.items())
                text += "sources:\n  - " + json.dumps(source) + "\n"
                (self.directory / "dray.yaml").write_text(text)
                for command in ["plan"], ["status", "--json"]:
                    output = self.run_dray(command, SECRET=shape)
                    if MARK.lower() in output.lower():
                        told[f"{key}: {shape} {command}"] = output.strip()
        self.assertEqual(told, {})


if __name__ == "__main__":
    unittest.main()
