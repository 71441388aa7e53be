"""Sources whose schema an engine would not take, in DuckDB: refused before anything is read."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

DRAY = os.environ["DRAY"]
CASES = pathlib.Path(__file__).resolve().parent.parent / "cases"
SECONDS_MAX = 300


class SchemaNames(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name)

    def dray(self, *arguments, code=0):
        done = subprocess.run(
            [DRAY, *arguments], cwd=self.directory, capture_output=True, text=True, timeout=SECONDS_MAX, check=False
        )
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def test_a_folder_that_is_called_like_a_schema_of_duckdb(self):
        for name in "temp", "memory", "main", "information_schema", "pg_catalog":
            with self.subTest(name=name):
                shutil.copytree(CASES / "duckdb-source-temp" / "in", self.directory / name)
                for command in "plan", "sync":
                    told = self.dray(command, f"./{name}", f"duckdb:{name}.duckdb", code=2)
                    self.assertIn(f"a source cannot have the schema {name}", told)
                    self.assertIn("--source NAME", told)
                self.dray("sync", f"./{name}", f"duckdb:{name}.duckdb", "--source", "shop")
                self.assertIn("1", self.dray("query", f"duckdb:{name}.duckdb", "select n from shop.seen", "--csv"))

    def test_sources_of_one_configuration_that_would_share_a_schema(self):
        pairs = ("Shop", "shop"), ("web shop", "WebShop"), ("user", "_user"), ("7up", "_7up"), ("shop", "shop\u00e9"), ("a-b", "a b")
        for one, other in pairs:
            with self.subTest(one=one, other=other):
                (self.directory / "dray.yaml").write_text(
                    "warehouse: duckdb:w.duckdb\nsources:\n"
                    f"  - {{name: '{one}', location: a}}\n  - {{name: '{other}', location: b}}\n",
                    encoding="utf-8",
                )
                self.assertIn("would share the schema", self.dray("sync", code=2))

    def test_a_name_that_leaves_nothing(self):
        (self.directory / "\u2603").mkdir()
        self.assertIn("--source NAME", self.dray("sync", "./\u2603", "duckdb:w.duckdb", code=2))


if __name__ == "__main__":
    unittest.main()
