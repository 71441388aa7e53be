"""tools/check-layers on small trees."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools" / "check-layers"
LAYERS = "# who\nbase:\nmodel: base\nstage: base model\nload: base model # not stage\n"


class CheckLayers(unittest.TestCase):
    def check(self, files, layers=LAYERS):
        with tempfile.TemporaryDirectory() as folder:
            src = pathlib.Path(folder)
            (src / "layers.txt").write_text(layers)
            for name, text in files.items():
                (src / name).parent.mkdir(parents=True, exist_ok=True)
                (src / name).write_text(text)
            done = subprocess.run([sys.executable, TOOL, folder], capture_output=True, text=True, check=False)
            return done.returncode, (done.stdout + done.stderr).replace(folder + "/", "")

    def test_lets_a_folder_include_itself_and_what_is_allowed(self):
        text = '#include "stage/part.h"\n#include "base/result.h"\n#include <load/x.h>\n// #include "load/x.h"\n'
        self.assertEqual(self.check({"stage/part.cpp": text}), (0, ""))

    def test_names_file_line_and_rule_of_a_neighbour(self):
        code, out = self.check({"load/copy.cpp": '\n#  include "stage/part.h"\n'})
        self.assertEqual(code, 1)
        self.assertEqual(out, 'load/copy.cpp:2: "stage/part.h": load may include base, model; not stage\n')

    def test_refuses_what_lies_above(self):
        code, out = self.check({"base/result.h": '#include "model/row.h"'})
        self.assertEqual((code, out), (1, 'base/result.h:1: "model/row.h": base may include nothing; not model\n'))

    def test_looks_into_sub_folders(self):
        self.assertEqual(self.check({"load/redshift/sql.cpp": '#include "stage/part.h"'})[0], 1)

    def test_refuses_a_folder_that_is_not_listed(self):
        code, out = self.check({"extra/x.h": ""})
        self.assertEqual((code, out), (1, "extra: folder is not in layers.txt\n"))

    def test_refuses_a_relative_include(self):
        self.assertEqual(self.check({"load/a.cpp": '#include "a.h"'})[0], 1)
        self.assertEqual(self.check({"load/a.cpp": '#include "../base/a.h"'})[0], 1)

    def test_refuses_a_file_outside_of_a_folder(self):
        self.assertEqual(self.check({"main.cpp": ""})[0], 1)

    def test_refuses_the_ledger_s_tables_elsewhere(self):
        layers = LAYERS + "ledger: base\ncli: base\n"
        sql = 'const char* a = "x";\nauto sql = "select 1 from _dray.runs";\n// "_dray.runs"\n'
        code, out = self.check({"load/a.cpp": sql}, layers)
        self.assertEqual(code, 1)
        self.assertIn("load/a.cpp:2: a table of the ledger", out)
        self.assertEqual(len(out.splitlines()), 1)
        self.assertEqual(self.check({"ledger/a.cpp": sql, "cli/a.cpp": sql}, layers), (0, ""))

    def test_refuses_a_circle_in_the_rules(self):
        code, out = self.check({}, "base: model\nmodel: base\n")
        self.assertEqual(code, 2)
        self.assertIn("layers.txt:1: base names model", out)

    def test_refuses_a_folder_listed_twice(self):
        self.assertEqual(self.check({}, "base:\nbase:\n")[0], 2)


if __name__ == "__main__":
    unittest.main()
