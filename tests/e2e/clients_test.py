"""The sample's warehouse, asked by DuckDB's own clients: its Python package and its command line, of other versions too.

DRAY is the binary, DRAY_SOURCE_DIR the project. tools/test-python installs the clients.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

DRAY = os.environ["DRAY"]
ROOT = pathlib.Path(os.environ.get("DRAY_SOURCE_DIR", pathlib.Path(__file__).resolve().parents[2]))
SECONDS_MAX = 300
IN_PYTHON = """
import duckdb, json, sys
with duckdb.connect(sys.argv[1], read_only=True) as connection:
    print(json.dumps(connection.sql(sys.stdin.read()).fetchall(), default=str))
"""


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        made = subprocess.run([ROOT / "tools" / "test-python"], capture_output=True, text=True, timeout=600)
        if made.returncode != 0:
            raise RuntimeError(made.stderr)
        cls.packages = made.stdout.strip()
        cls.folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        for name in "dray.yaml", "shop-logs":
            source = ROOT / "examples" / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, pathlib.Path(cls.folder) / name)
        subprocess.run([DRAY, "sync", "-q"], cwd=cls.folder, check=True, timeout=SECONDS_MAX)
        config = (ROOT / "examples" / "dray.yaml").read_text(encoding="utf-8")
        (cls.file,) = re.findall(r"^warehouse: *\"?duckdb:([^\s\"]+)", config, re.M)

    def ask(self, command, sql):
        done = subprocess.run(
            [*command, self.file], input=sql, cwd=self.folder, env={**os.environ, "PYTHONPATH": self.packages},
            capture_output=True, text=True, timeout=SECONDS_MAX,
        )  # fmt: skip
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def queries(self):
        paths = sorted((ROOT / "examples" / "queries").glob("*.sql"))
        self.assertEqual(len(paths), 5)
        return {path.name: path.read_text(encoding="utf-8") for path in paths}

    def expected(self, sql):
        done = subprocess.run(
            [DRAY, "query", f"duckdb:{self.file}", sql, "--json"], cwd=self.folder, capture_output=True, text=True, timeout=SECONDS_MAX
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = json.loads(done.stdout)["rows"]
        self.assertTrue(rows)
        return rows

    def test_the_python_package(self):
        for name, sql in self.queries().items():
            with self.subTest(name):
                rows = json.loads(self.ask([sys.executable, "-c", IN_PYTHON], sql))
                self.assertEqual(len(rows), len(self.expected(sql)))

    def test_the_command_line(self):
        client = [sys.executable, "-m", "duckdb_cli", "-readonly", "-json"]
        for name, sql in self.queries().items():
            with self.subTest(name):
                rows = json.loads(self.ask(client, sql))
                self.assertEqual(len(rows), len(self.expected(sql)))


if __name__ == "__main__":
    unittest.main()
