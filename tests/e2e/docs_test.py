"""What the documents tell people to type works: commands, flags, targets, scripts, SQL, configuration.

DRAY is the binary, DRAY_SOURCE_DIR the project.
"""

import gzip
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

DRAY = os.environ.get("DRAY", "dray")
ROOT = pathlib.Path(os.environ.get("DRAY_SOURCE_DIR", pathlib.Path(__file__).resolve().parents[2]))
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "examples" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# Their SQL is for servers that DuckDB is not.
OF_SERVERS = {"postgres.md", "redshift.md"}
SECONDS_MAX = 300


def blocks(document, language=None):
    """The fenced blocks of a document, of one language or all."""
    found = re.findall(r"^```(\w*)\n(.*?)^```", document.read_text(encoding="utf-8"), re.S | re.M)
    return [body for said, body in found if language is None or said == language]


def commands(document):
    """The lines of its blocks that run dray; sourcing a completion script comes down to printing it."""
    for body in blocks(document):
        for line in body.splitlines():
            line = re.sub(r"^source <\((.*?)\)", r"\1 >/dev/null", line.strip())
            if re.match(r"dray [a-z]", line):
                yield line


def inline_commands(document):
    text = re.sub(r"^```.*?^```", "", document.read_text(encoding="utf-8"), flags=re.S | re.M)
    return [code.split() for code in re.findall(r"`(dray [a-z][^`]*)`", text)]


class DocsTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name)
        (self.directory / "bin").mkdir()
        (self.directory / "bin" / "dray").symlink_to(pathlib.Path(DRAY).resolve())
        (self.directory / ".config" / "fish" / "completions").mkdir(parents=True)
        self.work = self.directory / "work"
        self.work.mkdir()

    def shell(self, line, code=0):
        path = f"{self.directory / 'bin'}:{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=self.work,
            env={**os.environ, "PATH": path, "HOME": str(self.directory)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
        )
        self.assertEqual(done.returncode, code, f"{line}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def run_all(self, document):
        lines = list(commands(document))
        self.assertTrue(lines)
        for line in lines:
            # Those that need servers: redshift_test.py runs them.
            if "s3://bucket/" in line:
                continue
            with self.subTest(line):
                self.shell(line)

    def use_sample(self):
        shutil.copytree(ROOT / "examples", self.work, dirs_exist_ok=True)


class Commands(DocsTest):
    def use_logs(self):
        """What readers have: logs, and the configuration that docs/configuration.md calls the least that works."""
        shutil.copytree(ROOT / "examples" / "shop-logs" / "segment-logs" / "kWebShop01", self.work / "logs")
        (self.work / "dray.yaml").write_text(blocks(ROOT / "docs" / "configuration.md", "yaml")[0], encoding="utf-8")

    def test_readme(self):
        self.use_logs()
        self.run_all(ROOT / "README.md")

    def test_the_lines_that_the_readme_shows_are_all_loaded_and_each_needs_what_it_says(self):
        (lines,) = blocks(ROOT / "README.md", "json")
        (self.work / "logs").mkdir()

        def sync(name, text):
            (self.work / "logs" / name).write_text(text, encoding="utf-8")
            report = json.loads(self.shell("dray sync logs duckdb:warehouse.duckdb --json"))
            return report["loaded"], report["rejected"], report["notices"]

        events = [json.loads(line) for line in lines.splitlines()]
        self.assertEqual(sync("a.ndjson", lines), (len(events), 0, []))
        self.assertLessEqual(len(events), 6)
        lacking = [{key: value for key, value in event.items() if key not in lost} for event in events for lost in
                   ({"type"}, {"userId", "anonymousId"}, {"receivedAt"}, {"event"}, {"groupId"}) if lost & event.keys()]
        text = "".join(json.dumps(event) + "\n" for event in lacking)
        loaded, rejected, _ = sync("b.ndjson", text)
        self.assertEqual((loaded, rejected), (0, len(lacking)))

    def test_command_line(self):
        self.use_logs()
        # The object that its examples are about.
        (self.work / "logs" / "2026-01-31").mkdir()
        (self.work / "logs" / "2026-01-31" / "a.gz").write_bytes(gzip.compress(b"no JSON\n"))
        self.run_all(ROOT / "docs" / "cli.md")

    def test_sample(self):
        self.use_sample()
        self.run_all(ROOT / "examples" / "README.md")

    def test_inline_ones_have_words_and_flags_that_exist(self):
        helps = {}
        for document in DOCUMENTS:
            for words in inline_commands(document):
                with self.subTest(document=document.name, words=words):
                    names = [word for word in words[1:3] if re.fullmatch("[a-z]+", word)]
                    if names[:1] == ["settings"]:  # for those who write the documents
                        continue
                    said = helps.get(tuple(names)) or self.shell("dray help " + " ".join(names))
                    helps[tuple(names)] = said
                    for flag in words:
                        if flag.startswith("--"):
                            self.assertIn(f" {flag.split('=')[0]} ", said)


class Sql(DocsTest):
    def query(self, sql):
        (self.work / "asked.sql").write_text(sql, encoding="utf-8")
        return json.loads(self.shell('dray query duckdb:kestrel.duckdb "$(cat asked.sql)" --json'))["rows"]

    def setUp(self):
        super().setUp()
        self.use_sample()
        self.shell("dray sync -q")

    def test_of_the_documents(self):
        for document in DOCUMENTS:
            if document.name in OF_SERVERS:
                continue
            for body in blocks(document, "sql"):
                for statement in filter(str.strip, body.split(";")):
                    with self.subTest(document=document.name, statement=statement):
                        self.query(statement)

    def test_the_one_about_lost_lines_finds_none(self):
        (statement,) = re.findall(r"-- Does every line have its one end\?.*?;", (ROOT / "docs" / "warehouse-tables.md").read_text(), re.S)
        self.assertEqual(self.query(statement), [])

    def test_of_the_sample(self):
        for path in sorted((ROOT / "examples" / "queries").glob("*.sql")):
            with self.subTest(path.name):
                self.assertTrue(self.query(path.read_text(encoding="utf-8")))


class Names(unittest.TestCase):
    """Of what takes too long to run: that it is there."""

    def words(self, pattern):
        return {found for document in DOCUMENTS for found in re.findall(pattern, document.read_text(encoding="utf-8"))}

    def test_make_targets(self):
        targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
        self.assertEqual(self.words(r"(?:^|`)make ([a-z]+)") - targets, set())

    def test_presets(self):
        presets = {preset["name"] for preset in json.loads((ROOT / "CMakePresets.json").read_text())["workflowPresets"]}
        self.assertEqual(self.words(r"cmake --workflow --preset ([a-z]+)") - presets, set())

    def test_scripts_and_files(self):
        for path in self.words(r"(?:^|[` ])((?:tools|bench|examples|\.ci|src)/[\w./-]*\w)"):
            with self.subTest(path):
                self.assertTrue((ROOT / path).exists())

    def test_links(self):
        for document in DOCUMENTS:
            for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
                with self.subTest(document=document.name, target=target):
                    self.assertTrue((document.parent / target).exists())

    def test_anchors(self):
        def anchors(document):
            titles = re.findall(r"^#+ (.*)$", document.read_text(encoding="utf-8"), re.M)
            return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}

        for document in DOCUMENTS:
            for target, anchor in re.findall(r"\]\(([^)#:]*)#([^)]*)\)", document.read_text(encoding="utf-8")):
                with self.subTest(document=document.name, anchor=anchor):
                    self.assertIn(anchor, anchors(document.parent / target if target else document))


if __name__ == "__main__":
    unittest.main()
