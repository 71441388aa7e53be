"""The comparison itself: it must be silent when there is nothing to say, and must not be silent otherwise."""

import os
import stat
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import compare
import generate
import run

LINES = [
    b'{"type":"track","event":"A","messageId":"m1","userId":"u","receivedAt":"2024-03-01T00:00:00Z",'
    b'"properties":{"price":7}}\n',
    b"junk\n",
    b'{"type":"identify","messageId":"m2","userId":"u","receivedAt":"2024-03-01T00:00:00Z","traits":{"x":1.5}}\n',
]


class RunTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.program = Path(self.directory.name) / "dray"
        fake = Path(__file__).parent / "fake_dray.py"
        self.program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{fake}" "$@"\n')
        self.program.chmod(self.program.stat().st_mode | stat.S_IXUSR)

    def differences(self, syncs, bug=""):
        with mock.patch.dict(os.environ, {"FAKE_BUG": bug}):
            return run.differences_of(str(self.program), syncs, every_sync=True)

    def test_two_equal_implementations_do_not_differ(self):
        self.assertEqual(self.differences(generate.generate(3, 60)), [])

    def test_a_wrong_cell_is_named_with_its_place_and_both_values(self):
        found = self.differences([[("1.gz", b"".join(LINES))]], "cell")
        self.assertEqual(found, ["after sync 1: table a, id 'm1', column price: expected 7, found 8"])

    def test_a_wrong_count_is_named(self):
        found = self.differences([[("1.gz", b"".join(LINES))]], "count")
        self.assertEqual(found, ["sync 1, loaded lines: expected 2, found 3"])

    def test_a_missing_reject_is_named(self):
        found = self.differences([[("1.gz", b"".join(LINES))]], "reject")
        self.assertEqual(found, ["after sync 1: line reject '1.gz', 2 (not JSON): expected, not found"])

    def test_a_failing_program_is_a_difference(self):
        found = self.differences([[("1.gz", b"".join(LINES))]], "crash")
        self.assertEqual(len(found), 1)
        self.assertIn("exit code 1: out of hay", found[0])

    def test_shrinking_keeps_the_line_that_matters(self):
        syncs = [[("1.gz", LINES[1] * 3), ("2.gz", LINES[2] + LINES[0])], [("0.gz", LINES[2] * 2)]]
        self.assertEqual(run.shrink(syncs, lambda case: b'"m1"' in repr(case).encode()), [[("2.gz", LINES[0])]])


class CompareTest(unittest.TestCase):
    def picture(self, **columns):
        types = {name: type_ for name, (type_, _) in columns.items()}
        return {"t": {"columns": {"id": "varchar"} | types,
                      "rows": [{"id": "1"} | {name: value for name, (_, value) in columns.items()}]}}

    def test_a_column_of_nulls_equals_an_absent_one(self):
        self.assertEqual(compare.differences(self.picture(a=("bigint", None)), self.picture()), [])
        self.assertEqual(compare.differences(self.picture(), self.picture(a=("bigint", None))), [])

    def test_a_column_with_values_does_not(self):
        self.assertEqual(len(compare.differences(self.picture(a=("bigint", 1)), self.picture())), 2)

    def test_types_are_compared_even_where_all_is_null(self):
        found = compare.differences(self.picture(a=("bigint", None)), self.picture(a=("double", None)))
        self.assertEqual(found, ["table t, column a: expected bigint, found double"])

    def test_one_is_not_true(self):
        self.assertEqual(len(compare.differences(self.picture(a=("bigint", 1)), self.picture(a=("bigint", True)))), 1)

    def test_an_empty_table_equals_an_absent_one(self):
        self.assertEqual(compare.differences({"t": {"columns": {"id": "varchar"}, "rows": []}}, {}), [])

    def test_two_rows_with_one_id_are_named(self):
        twice = self.picture()
        twice["t"]["rows"] *= 2
        self.assertEqual(compare.differences(self.picture(), twice), ["table t, id '1': 2 rows with one id"])

    def test_timestamps_are_read_to_the_microsecond(self):
        self.assertEqual(run.micros_of("1970-01-01 00:00:01.5"), 1_500_000)
        self.assertEqual(run.micros_of("0001-01-01 00:00:00"), -62135596800000000)
        self.assertEqual(run.micros_of("1969-12-31 23:59:59.999999"), -1)
        self.assertEqual(run.micros_of("0044-03-15 (BC) 00:00:00"), "0044-03-15 (BC) 00:00:00")


class GenerateTest(unittest.TestCase):
    def test_the_same_seed_gives_the_same_bytes(self):
        self.assertEqual(generate.generate(11, 80), generate.generate(11, 80))
        self.assertNotEqual(generate.generate(11, 80), generate.generate(12, 80))

    def test_no_key_comes_twice(self):
        for seed in range(20):
            keys = [key for objects in generate.generate(seed, 40) for key, _ in objects]
            self.assertEqual(len(keys), len(set(keys)))


if __name__ == "__main__":
    unittest.main()
