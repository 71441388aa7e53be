"""The command line as a user meets it: help, errors, exit codes, completion; and that the documents are up to date.

DRAY is the binary, DRAY_SOURCE_DIR the project. UPDATE_GOLDEN=1 rewrites the generated parts of the documents.
"""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest

DRAY = os.environ.get("DRAY", "dray")
ROOT = pathlib.Path(os.environ.get("DRAY_SOURCE_DIR", pathlib.Path(__file__).resolve().parents[2]))
COMMANDS = ["sync", "plan", "status", "history", "rejects", "objects", "query", "init", "settings", "completion", "version", "help"]
REJECTS = ["list", "show", "retry"]
OBJECTS = ["list", "skip", "unskip"]
SECONDS_MAX = 300


class CliTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = pathlib.Path(temporary.name)

    def run_dray(self, *arguments, code=0, environment=None):
        done = subprocess.run(
            [DRAY, *arguments],
            cwd=self.directory,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
        )
        self.assertEqual(done.returncode, code, f"dray {arguments}\n{done.stdout}\n{done.stderr}")
        return done

    def error(self, *arguments, code=2, environment=None):
        done = self.run_dray(*arguments, code=code, environment=environment)
        self.assertEqual(done.stdout, "")
        return done.stderr

    def write_config(self, text):
        (self.directory / "dray.yaml").write_text(text, encoding="utf-8")


class OtherServers(CliTest):
    """What answers at the port is no PostgreSQL."""

    def told(self, greeting, answer, query):
        with socket.create_server(("127.0.0.1", 0)) as server:

            def serve():
                connection, _ = server.accept()
                with connection:
                    connection.sendall(greeting)
                    connection.recv(4096)
                    connection.sendall(answer)
                    if not greeting + answer:
                        connection.recv(4096)

            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            port = server.getsockname()[1]
            done = self.run_dray("status", "--warehouse", f"postgres://u:hush@127.0.0.1:{port}/d?{query}",
                                 code=2 if greeting + answer else 1)
            thread.join(timeout=SECONDS_MAX)
            self.assertNotIn("hush", done.stderr)
            return done.stderr

    def test_they_are_told_as_what_they_are(self):
        http = b"HTTP/1.1 400 Bad Request\r\n\r\n"
        mysql = b"J\0\0\0\x0a8.0.36\0" + b"x" * 60
        for mode in ("sslmode=disable", "sslmode=prefer"):
            with self.subTest(mode):
                self.assertIn("no PostgreSQL, perhaps an HTTP server\n  try: check host and port", self.told(b"", http, mode))
                self.assertIn("no PostgreSQL, perhaps MySQL", self.told(mysql, b"", mode))
        begun = time.monotonic()
        told = self.told(b"", b"", "sslmode=disable&connect_timeout=2")
        self.assertIn("that no other program listens there", told)
        self.assertLess(time.monotonic() - begun, 30)


class Help(CliTest):
    def test_every_command_has_help(self):
        root = self.run_dray("--help").stdout
        for command in COMMANDS:
            with self.subTest(command):
                self.assertRegex(root, rf"(?m)^  {command} ")
                text = self.run_dray(command, "--help").stdout
                self.assertIn(f"Usage: dray {command}", text)
                self.assertEqual(text, self.run_dray("help", command).stdout)
        for action in REJECTS:
            self.assertIn(f"Usage: dray rejects {action}", self.run_dray("rejects", action, "-h").stdout)
        for action in OBJECTS:
            self.assertIn(f"Usage: dray objects {action}", self.run_dray("objects", action, "-h").stdout)
        self.assertIn("Usage: dray objects skip KEY --reason TEXT [OPTIONS]\n", self.run_dray("help", "objects", "skip").stdout)

    def test_bare_dray_complains_with_its_help(self):
        self.assertEqual(self.error(), self.run_dray("help").stdout)

    def test_version(self):
        text = self.run_dray("--version").stdout
        self.assertRegex(text, r"^dray \d+\.\d+\.\d+\ncommit ([0-9a-f]{12}\+?|unknown)\nbuild  \w+, \w+ [\d.]+\n")
        self.assertRegex(text, r"\nDuckDB 1\.\d+\.\d+\nlibpq  \d+\.\d+\n$")
        self.assertEqual(self.run_dray("version").stdout, text)
        version = json.loads(self.run_dray("version", "--json").stdout)
        self.assertEqual(list(version), ["version", "commit", "build", "duckdb", "libpq"])
        self.assertTrue(text.startswith(f"dray {version['version']}\ncommit {version['commit']}\n"))


class Usage(CliTest):
    def test_unknown_flags_are_named_with_the_nearest_right_one(self):
        self.assertEqual(
            self.error("sync", "--thread", "2"),
            'dray: error: sync: unknown option --thread; did you mean "--threads"?\n  try: dray sync --help\n',
        )
        for command in COMMANDS:
            self.assertIn("unknown option --bogus", self.error(command, "--bogus", code=2))

    def test_unknown_commands(self):
        self.assertIn('unknown command "snyc"; did you mean "sync"?', self.error("snyc"))

    def test_json_errors_are_objects(self):
        done = self.run_dray("sync", "--bogus", "--json", code=2)
        answer = json.loads(done.stdout)
        self.assertEqual((answer["status"], answer["exit_code"]), ("error", 2))
        self.assertEqual(answer["message"], "sync: unknown option --bogus")
        self.assertIn("unknown option --bogus", done.stderr)

    def test_what_this_build_cannot_do_is_said_without_the_password(self):
        message = self.error("sync", ".", "oracle://me:hunter2@host/db", "--source", "a")
        self.assertIn("oracle:// is no warehouse", message)
        self.assertNotIn("hunter2", message)

    def test_nothing_to_go_on_is_a_helpful_error(self):
        for command in ["sync"], ["plan"], ["status"], ["history"], ["rejects", "list"], ["rejects", "retry"]:
            with self.subTest(command):
                message = self.error(*command)
                self.assertIn("there is no dray.yaml here", message)
                self.assertIn("dray init", message)
                self.assertIn("dray sync ./logs duckdb:" if command[0] in ("sync", "plan") else "--warehouse", message)

    def test_a_warehouse_that_is_none(self):
        for address, said in {
            "postgress://me:hunter2@h/d": "did you mean postgres://?",
            "snowflake://me:hunter2@h/d": "snowflake:// is no warehouse",
            "sqlite:f.db": "sqlite: is no warehouse",
            "postgres://me:hunter2@h/d?sslmod=require": "unknown parameter, sslmod; did you mean sslmode?",
        }.items():
            for command in ["sync", ".", address], ["status", "--warehouse", address], ["query", address, "select 1"]:
                with self.subTest(command):
                    message = self.error(*command)
                    self.assertIn(said, message)
                    self.assertNotIn("hunter2", message)

    def test_an_option_without_its_value(self):
        self.assertIn("sync: --source needs a value: --source NAME", self.error("sync", "--source"))
        self.assertIn("sync: --memory needs a value: --memory SIZE", self.error("sync", "--memory"))

    def test_an_unknown_reason_is_told_with_the_list(self):
        message = self.error("rejects", "show", "--reason", "not_jsn")
        self.assertIn('did you mean "not_json"?; there are not_json, not_utf8, ', message)
        self.assertIn("row_too_wide", message)

    def test_without_a_source_no_warehouse_is_created(self):
        for command in "sync", "plan":
            self.assertIn("there is no such directory", self.error(command, "missing", "duckdb:x.duckdb"))
        self.assertEqual(list(self.directory.iterdir()), [])

    def test_reading_a_warehouse_that_is_not_there_creates_no_file(self):
        for command in ["status", "--warehouse"], ["history", "--warehouse"], ["query"]:
            arguments = [*command, "duckdb:none.duckdb"] + (["select 1"] if command == ["query"] else [])
            self.error(*arguments)
        self.assertEqual(list(self.directory.iterdir()), [])

    def test_a_full_disk_is_a_failure(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full here")
        with open("/dev/full", "wb") as full:
            done = subprocess.run([DRAY, "help"], stdout=full, stderr=subprocess.PIPE, timeout=SECONDS_MAX)
        self.assertEqual(done.returncode, 4)
        self.assertIn(b"cannot write to standard output: No space left on device", done.stderr)


class Config(CliTest):
    def test_init_writes_a_file_once(self):
        self.run_dray("init")
        self.assertEqual((self.directory / "dray.yaml").read_text(), self.run_dray("settings", "template").stdout)
        self.assertIn("is there already", self.error("init"))
        self.run_dray("init", "--force")

    def test_init_tells_what_it_could_not_do(self):
        self.assertIn("No such file or directory", self.error("init", "--config", "no/such/dray.yaml"))

    def test_problems_name_file_line_and_key(self):
        self.write_config("warehouse: duckdb:x\nmemory: lots\nsources:\n  - name: shop\n    locaton: logs\n")
        self.assertEqual(
            self.error("sync"),
            'dray: error: dray.yaml:2: memory: "lots" is not a size; write it like 512 MB or 1 GiB\n'
            "dray: error: dray.yaml:4: sources[0].location: is missing\n"
            'dray: error: dray.yaml:5: sources[0].locaton: unknown key; did you mean "location"?\n',
        )

    def test_secrets_are_not_shown(self):
        self.write_config("warehouse: ${SECRET}\nthreads: ${SECRET}\nsources: [{name: a, location: b}]\n")
        self.assertNotIn("hunter2", self.error("sync", environment={"SECRET": "hunter2"}))
        self.write_config("warehouse: ${SECRET}\nsources: [{name: a, location: .}]\n")
        address = "postgres://me:hunter2@127.0.0.1/db?sslmode=bogus"
        self.assertNotIn("hunter2", self.error("sync", environment={"SECRET": address}))

    def test_two_sources_of_one_schema(self):
        self.write_config("warehouse: duckdb:x\nsources: [{name: web shop, location: a}, {name: WebShop, location: b}]\n")
        self.assertIn("would share the schema web_shop", self.error("sync"))

    def test_tabs(self):
        for text in (
            "warehouse: duckdb:x\nsources:\n\t- name: a\n\t  location: b\n",
            "warehouse: duckdb:x\nsources:\n  - name: a\n\tlocation: b\n",
            "warehouse:\n\tduckdb: x\n",
        ):
            with self.subTest(text):
                self.write_config(text)
                line = next(i for i, each in enumerate(text.splitlines(), 1) if each.startswith("\t"))
                self.assertIn(f"dray.yaml:{line}: tabs are not allowed", self.error("sync"))

    def test_an_unknown_source(self):
        self.write_config("warehouse: duckdb:x\nsources: [{name: shop, location: a}]\n")
        self.assertIn('no source "shpo"; did you mean "shop"?', self.error("sync", "--source", "shpo"))


class Completion(CliTest):
    def test_the_shells_accept_their_scripts(self):
        for shell in "bash", "zsh", "fish":
            with self.subTest(shell):
                script = self.directory / shell
                script.write_text(self.run_dray("completion", shell).stdout)
                if shutil.which(shell):
                    done = subprocess.run([shell, "-n", script], capture_output=True, text=True, timeout=SECONDS_MAX)
                    self.assertEqual((done.returncode, done.stderr), (0, ""))

    def complete(self, *words):
        """What bash would offer for the last word."""
        script = self.directory / "bash"
        script.write_text(self.run_dray("completion", "bash").stdout)
        call = 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _dray 2>/dev/null; printf "%s\\n" "${COMPREPLY[@]}"'
        done = subprocess.run(
            ["bash", "-c", call, script, *words], capture_output=True, text=True, timeout=SECONDS_MAX, cwd=self.directory
        )
        return done.stdout.split()

    def test_bash_completes_commands_options_and_values(self):
        if not shutil.which("bash"):
            self.skipTest("no bash here")
        self.assertEqual(self.complete("dray", ""), COMMANDS)
        self.assertEqual(self.complete("dray", "rejects", ""), REJECTS)
        self.assertEqual(self.complete("dray", "sync", "--thr"), ["--threads"])
        self.assertEqual(self.complete("dray", "rejects", "show", "--rea"), ["--reason"])
        self.assertEqual(self.complete("dray", "completion", ""), ["bash", "zsh", "fish"])
        self.assertEqual(self.complete("dray", "sync", "--threads", ""), [])
        self.assertEqual(self.complete("dray", "help", ""), COMMANDS)
        self.assertEqual(self.complete("dray", "rejects", "show", "--reason", "not_a"), ["not_an_object"])
        (self.directory / "logs").mkdir()
        self.assertEqual(self.complete("dray", "sync", "lo"), ["logs"])

    def test_bash_completes_names_of_the_configuration_and_the_warehouse(self):
        if not shutil.which("bash"):
            self.skipTest("no bash here")
        self.assertEqual(self.complete(DRAY, "sync", "--source", ""), [])
        self.write_config("warehouse: duckdb:w.db\nsources: [{name: shop, location: logs}, {name: app, location: b}]\n")
        self.assertEqual(self.complete(DRAY, "sync", "--source", ""), ["shop", "app"])
        self.assertEqual(self.complete(DRAY, "history", ""), [])
        (self.directory / "logs").mkdir()
        (self.directory / "logs" / "a.json").write_text('{"type":"track","event":"E","userId":"u","receivedAt":"2026-01-01"}\n')
        run = json.loads(self.run_dray("sync", "--source", "shop", "--json").stdout)["run_id"]
        self.assertEqual(self.complete(DRAY, "history", ""), [run])
        self.assertEqual(self.complete(DRAY, "rejects", "list", "--run", ""), [run])


class Documents(CliTest):
    """Parts of the documents are generated from the program; here they are compared, or rewritten."""

    maxDiff = None

    def check(self, path, expected):
        if os.environ.get("UPDATE_GOLDEN"):
            path.write_text(expected, encoding="utf-8")
        actual = path.read_text(encoding="utf-8")
        self.assertEqual(actual, expected, f"{path.name} is out of date: run this test with UPDATE_GOLDEN=1")

    def check_part(self, name, part, content):
        path = ROOT / "docs" / name
        begin, end = f"<!-- begin: {part} -->\n", f"<!-- end: {part} -->\n"
        text = path.read_text(encoding="utf-8")
        pattern = re.escape(begin) + ".*?" + re.escape(end)
        self.assertEqual(len(re.findall(pattern, text, re.S)), 1)
        self.check(path, re.sub(pattern, lambda _: begin + content + end, text, flags=re.S))

    def test_settings(self):
        self.check_part("configuration.md", "settings", "\n" + self.run_dray("settings", "reference").stdout + "\n")

    def test_schema(self):
        text = self.run_dray("settings", "schema").stdout
        json.loads(text)
        self.check(ROOT / "docs" / "dray.schema.json", text)

    def test_help(self):
        paths = [[command] for command in COMMANDS]
        paths += [["rejects", action] for action in REJECTS] + [["objects", action] for action in OBJECTS]
        content = ""
        for path in sorted(paths, key=lambda path: COMMANDS.index(path[0])):
            content += f"\n### dray {' '.join(path)}\n\n```\n{self.run_dray('help', *path).stdout}```\n"
        self.check_part("cli.md", "help", content + "\n")


if __name__ == "__main__":
    unittest.main()
