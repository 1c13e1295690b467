#!/usr/bin/python3
"""Servers known by name, and completion in a real bash: what loyaltyctl knows before it connects.
"""

import json
import os
import shutil
import subprocess
import tempfile
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import scene

CTL = f"{frames.BIN}/loyaltyctl"
USAGE = 2
# Calls the function that bash would call, with the words of a line, and prints what it offers.
COMPLETE = """
source <("$LOYALTYCTL" completion bash)
COMP_WORDS=("$LOYALTYCTL" "$@")
COMP_CWORD=$#
_loyaltyctl
printf '%s\\n' "${COMPREPLY[@]}"
"""


class Shell(unittest.TestCase):
    """A folder of its own for what is configured."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="loyalty-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = f"{self.folder}/loyalty/contexts"
        clean = {name: value for name, value in os.environ.items()
                 if not name.startswith("LOYALTY_")}
        self.environment = {**clean, "XDG_CONFIG_HOME": self.folder, "LOYALTYCTL": CTL}

    def ctl(self, *arguments, code=0, **environment):
        run = subprocess.run([CTL, *arguments], capture_output=True, text=True, check=False,
                             env={**self.environment, **environment}, cwd=self.folder)
        self.assertEqual(run.returncode, code, run.stdout + run.stderr)
        return run

    def show(self, *arguments, **environment):
        tree = json.loads(self.ctl("context", "show", "-o", "json", *arguments,
                                   **environment).stdout)
        return {name: (row["value"], row["from"]) for name, row in tree.items()}

    def write(self, text):
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(text)

    def read(self):
        with open(self.path, encoding="utf-8") as file:
            return file.read()


class Contexts(Shell):
    """Set, used, shown and forgotten; who wins."""

    def test_option_over_environment_over_context_over_default(self):
        self.ctl("context", "set", "club", "--server", "club:1", "--tls", "/tls", "--as", "ann")
        self.assertEqual(self.show()["server"], (None, "nowhere"))
        self.ctl("context", "use", "club")
        self.assertEqual(self.show()["server"], ("club:1", "context club"))
        shown = self.show("--server", "other:2", LOYALTY_AS="ben", LOYALTY_SERVER="third:3")
        self.assertEqual(shown["server"], ("other:2", "option"))
        self.assertEqual(shown["as"], ("ben", "environment LOYALTY_AS"))
        self.assertEqual(shown["tls"], ("/tls", "context club"))
        self.assertEqual(shown["context"], ("club", "context use"))

    def test_which_context(self):
        for name in ("one", "two", "three"):
            self.ctl("context", "set", name, "--server", f"{name}:1")
        self.ctl("context", "use", "one")
        self.assertEqual(self.show()["server"][0], "one:1")
        self.assertEqual(self.show(LOYALTY_CONTEXT="two")["server"][0], "two:1")
        self.assertEqual(self.show("--context", "three", LOYALTY_CONTEXT="two")["server"][0],
                         "three:1")
        self.assertEqual(self.show("--context", "three")["context"], ("three", "option"))
        self.assertIn("there is no context 'four'",
                      self.ctl("--context", "four", "context", "show", code=USAGE).stderr)

    def test_files_of_a_context_do_not_mix_with_another_folder_or_name(self):
        self.ctl("context", "set", "club", "--tls", "/tls", "--as", "ann", "--ca", "/x/ca",
                 "--cert", "/x/cert", "--key", "/x/key")
        self.ctl("context", "use", "club")
        self.assertEqual(self.show()["cert"], ("/x/cert", "context club"))
        other = self.show("--as", "ben")
        self.assertEqual((other["ca"][0], other["cert"][0], other["key"][0]),
                         ("/x/ca", None, None))
        elsewhere = self.show(LOYALTY_TLS="/other")
        self.assertEqual(elsewhere["ca"][0], None)
        self.assertEqual(elsewhere["as"], ("admin", "default"))

    def test_changed_and_forgotten(self):
        self.ctl("context", "set", "club", "--server", "club:1", "--tls", "tls")
        self.ctl("context", "set", "club", "--server", "club:2", "--output", "json")
        self.ctl("context", "use", "club")
        self.assertEqual(self.show()["server"][0], "club:2")
        self.assertEqual(self.show()["tls"][0], os.path.realpath(self.folder) + "/tls")
        self.ctl("context", "set", "club", "--tls=")
        self.assertNotIn("tls", self.read())
        rows = json.loads(self.ctl("context", "list", "-o", "json").stdout)["contexts"]
        self.assertEqual(rows, [{"name": "club", "current": True, "server": "club:2",
                                 "output": "json"}])
        self.ctl("context", "delete", "club")
        self.assertNotIn("club", self.read())
        self.assertEqual(os.listdir(f"{self.folder}/loyalty"), ["contexts"])
        self.ctl("context", "delete", "club", code=USAGE)

    def test_bounds(self):
        for name in ("", "a b", "a/b", "x" * 64):
            self.ctl("context", "set", name, "--server", "a:1", code=USAGE)
        self.ctl("context", "set", "club", code=USAGE)
        for value in ("x" * 184, "a;b", "a\nb", " a"):
            self.ctl("context", "set", "club", "--server", value, code=USAGE)
        self.write("".join(f"[c{i}]\nserver = a:1\n" for i in range(64)))
        self.ctl("context", "set", "c64", "--server", "a:1", code=USAGE)
        self.ctl("context", "set", "c63", "--server", "a:2")

    def test_faults_are_told_with_file_and_line(self):
        for text, line, what in (
                ("[a]\nserver = x:1\nsever = y\n", 3, "there is no 'sever'"),
                ("server = x:1\n", 1, "before any [CONTEXT]"),
                ("[a]\nserver = x:1\nserver = y:1\n", 3, "given twice"),
                ("[a]\noutput = xml\n", 2, "neither table nor json"),
                ("[a b]\nserver = x:1\n", 2, "cannot name a context"),
                ("[a]\nserver\n", 2, "neither [CONTEXT] nor NAME = VALUE"),
                ("[a]\nserver = " + "x" * 300 + "\n", 2, "at most 198 bytes"),
                ("current = a\ncurrent = b\n", 2, "given twice"),
                ("[a]\nserver = x\x01\n", 2, "no text"),
                ("# long\n" * 10000, 9363, "longer than 64 KiB"),
                ("".join(f"[c{i}]\nserver = a:1\n" for i in range(65)), 130, "more than 64")):
            with self.subTest(what=what):
                self.write(text)
                for command in (("context", "show"), ("context", "list"), ("member", "get", "x")):
                    told = self.ctl(*command, code=USAGE).stderr
                    self.assertIn(f"{self.path}:{line}: ", told)
                    self.assertIn(what, told)

    def test_a_daemon_by_its_name(self):
        club = scene.Scene()
        self.ctl("context", "set", "club", "--server", f"127.0.0.1:{club.daemons[0].port}",
                 "--tls", club.world.tls, "--as", "backend", "--output", "json")
        enrolled = json.loads(self.ctl("--context", "club", "member", "enroll", "ann").stdout)
        self.assertEqual(enrolled["outcome"], "APPLIED")
        self.ctl("context", "use", "club")
        self.assertIn("ann", self.ctl("member", "get", "ann", "-o", "table").stdout)
        club.finish()


class Exits(Shell):
    """The exit codes that scripts rely on."""

    def test_each_says_what_became_of_it(self):
        club = scene.Scene()
        self.ctl("context", "set", "club", "--server", f"127.0.0.1:{club.daemons[0].port}",
                 "--tls", club.world.tls)
        self.ctl("context", "use", "club")
        self.ctl("member", "enroll", "ann", code=0)
        self.ctl("member", "enroll", "ann", code=1)
        self.ctl("redeem", "ann", "500", "--as", "till", code=1)
        self.ctl("member", "get", "ann", "--tls", f"{self.folder}/nothing", code=2)
        self.ctl("member", "got", "ann", code=2)
        self.ctl("--server", "127.0.0.1:1", "member", "get", "ann", code=3)
        with open("/dev/full", "w", encoding="ascii") as full:
            unseen = subprocess.run([CTL, "member", "get", "ann"], stdout=full, check=False,
                                    stderr=subprocess.PIPE, env=self.environment)
        self.assertEqual(unseen.returncode, 4, unseen.stderr)
        club.finish()


class Completion(Shell):
    """What bash is offered for the last of the words."""

    def offered(self, *words):
        run = subprocess.run(["bash", "-c", COMPLETE, "bash", *words], capture_output=True,
                             text=True, check=False, env=self.environment, cwd=self.folder)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        return run.stdout.split()

    def test_commands_word_by_word(self):
        self.assertIn("member", self.offered(""))
        self.assertEqual(self.offered("mem"), ["member"])
        self.assertEqual(self.offered("member", "identifier", ""), ["add", "replace", "remove"])
        self.assertEqual(self.offered("-o", "json", "member", "ex"), ["explain"])
        self.assertIn("check", self.offered("archive", ""))

    def test_options_of_a_command_and_common_ones(self):
        self.assertEqual(self.offered("member", "adjust", "ann", "--reason-"), ["--reason-code"])
        self.assertEqual(self.offered("member", "get", "--tl"), ["--tls"])
        self.assertEqual(self.offered("member", "get", "--reason"), [])

    def test_choices(self):
        for words in (("-o", ""), ("--output", ""), ("--output", "=", "")):
            self.assertEqual(self.offered(*words), ["table", "json"], words)
        self.assertEqual(self.offered("--output", "=", "j"), ["json"])
        self.assertEqual(self.offered("member", "status", "ann", "s"), ["suspended"])
        self.assertEqual(self.offered("member", "status", "card", ":", "12", "s"), ["suspended"])
        # of a command of its own it takes no value, of all others it does
        self.assertIn("--dns", self.offered("cert", "issue", "--server", "--d"))

    def test_files_folders_and_contexts(self):
        os.mkdir(f"{self.folder}/rules")
        for name in ("rules.yaml", "other.yaml"):
            with open(f"{self.folder}/{name}", "w", encoding="ascii"):
                pass
        self.assertEqual(sorted(self.offered("program", "check", "ru")), ["rules", "rules.yaml"])
        self.assertEqual(self.offered("--tls", "ru"), ["rules"])
        for name in ("home", "work"):
            self.ctl("context", "set", name, "--server", "a:1")
        self.assertEqual(self.offered("--context", "w"), ["work"])
        self.assertEqual(self.offered("context", "use", ""), ["home", "work"])

    def test_every_command_is_in_it(self):
        script = self.ctl("completion", "bash").stdout
        for command in json.loads(subprocess.run([CTL, "--describe"], capture_output=True,
                                                 text=True, check=False).stdout)["commands"]:
            self.assertIn(f"\n    '{command['words']}') ", script)
            for option in (command["takes"] or {"options": []})["options"]:
                row = script.split(f"\n    '{command['words']}') ")[1].split("\n")[0]
                self.assertIn(f"--{option['name']}", row)


if __name__ == "__main__":
    unittest.main()
