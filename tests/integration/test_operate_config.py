#!/usr/bin/python3
"""A wrong configuration never starts, and says where it is wrong and what would be right; a right
one is the same however it is given.
"""

import os
import re
import subprocess
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import world

WORLD = world.World()
TLS = WORLD.tls
GOOD = f"""# a comment
[listen]
listen = 127.0.0.1:0
tls-cert = {TLS}/server.pem
tls-key = {TLS}/server.key
tls-ca = {TLS}/ca.pem
[ledger]
embedded = {WORLD.folder}/ledger
"""
# Lines behind GOOD, and what is said of the last of them.
WRONG = [
    ("max-conections = 5", "max-conections: there is no such option"),
    ("max-connections = 5", "max-connections: it belongs into [listen], not [ledger]"),
    ("partitions = 0", "partitions: '0' is not a whole number from 1 to 16384"),
    ("partitions = 12x", "partitions: '12x' is not a whole number from 1 to 16384"),
    ("partitions = 99999999999999999999", "is not a whole number from 1 to 16384"),
    ("partitions =", "partitions: '' is not a whole number"),
    ("partitions = 8\npartitions = 9", "partitions: given more than 1 times"),
    ("durability = sometimes", "durability: 'sometimes' is not one of strict, relaxed"),
    ("[work]\nsweep = yes", "sweep: 'yes' is not one of on, off"),
    ("[work]\nsandbox = on", "sandbox: 'on' is not one of yes, no"),
    ("[listen]\nlisten = localhost:1", "listen: 'localhost:1' is not HOST:PORT"),
    ("[monitor]\nmonitor-listen = 0.0.0.0:9411", "of this machine alone"),
    ("[log]\nconfig = /etc/passwd", "config: there is no such option"),
    ("[nowhere]\nlog-level = info", "log-level: it belongs into [log], not [nowhere]"),
    ("code-key = a\ncode-key = b\ncode-key = c\ncode-key = d\ncode-key = e",
     "code-key: given more than 4 times"),
    ("what is this", "neither `[section]` nor `name = value`"),
    ("[ledger", "neither `[section]` nor `name = value`"),
    ("port-file = " + "x" * 300, "the line is longer than 198 characters"),
]


def write(name, text):
    path = f"{WORLD.folder}/{name}"
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def run(*arguments, environment=None):
    return subprocess.run([f"{frames.BIN}/loyaltyd", *arguments], capture_output=True, text=True,
                          check=False, timeout=30, env={**os.environ, **(environment or {})})


class Wrong(unittest.TestCase):
    def refused(self, done, words):
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(words, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertFalse(os.path.exists(f"{WORLD.folder}/ledger"))

    def test_files(self):
        for lines, words in WRONG:
            path = write("wrong.conf", f"{GOOD}{lines}\n")
            number = len(f"{GOOD}{lines}".splitlines())
            for more in ((), ("--check-config",)):
                done = run("--config", path, *more)
                self.refused(done, words)
                self.assertIn(f"{path}:{number}: ", done.stderr)

    def test_all_mistakes_are_told(self):
        path = write("many.conf", GOOD + "\n".join(f"wrong-{n} = 1" for n in range(30)) + "\n")
        done = run("--config", path)
        self.refused(done, "there is no such option")
        self.assertEqual(len(done.stderr.splitlines()), 21)
        self.assertIn("and 10 more", done.stderr)

    def test_a_mistake_that_is_overridden(self):
        path = write("hidden.conf", f"{GOOD}partitions = none\n")
        self.refused(run("--config", path, "--partitions", "8"), "partitions: 'none' is not")

    def test_lines(self):
        for line, words in ((("--partitions", "0"), "--partitions: '0' is not a whole number"),
                            (("--redis", "somewhere"), "--redis: 'somewhere' is not unix:PATH"),
                            (("--no-such",), "unrecognized option"),
                            (("stray",), "'stray' is no option"),
                            (("--config", "/nowhere"), "/nowhere: No such file or directory"),
                            ((), "--tls-cert: it is required")):
            self.refused(run(*line), words)
        path = write("both.conf", GOOD)
        self.refused(run("--config", path, "--redis", "unix:/x"),
                     "give either --redis or --embedded")

    def test_files_that_options_name(self):
        other = f"{WORLD.folder}/other"
        WORLD.ctl("cert", "ca", other)
        WORLD.ctl("cert", "issue", other, "server", "--server", "--ip", "127.0.0.1")
        empty, wrong = write("empty", ""), write("wrong", "no key\n")
        config = write("files.conf", GOOD)
        for name, path, words in (
                ("tls-key", f"{other}/server.key", "TLS: "),
                ("tls-key", "/nowhere", "TLS: "),
                ("tls-cert", wrong, "TLS: "),
                ("tls-ca", empty, "TLS: "),
                ("tls-crl", wrong, "TLS: "),
                ("identifier-key-file", wrong, f"{wrong}: it holds 64 hex digits"),
                ("profile-key", wrong, f"{wrong}: it holds 64 hex digits"),
                ("code-key", wrong, f"{wrong}: it is a private Ed25519 key"),
                ("code-key", "/nowhere", "/nowhere: No such file"),
                ("redis-password-file", empty, f"{empty}: its first line is the password"),
                ("embedded", wrong, f"{wrong}: it is no folder")):
            done = run("--config", config, f"--{name}", path, "--check-config")
            self.refused(done, words)


class Right(unittest.TestCase):
    def test_checked(self):
        done = run("--config", write("good.conf", GOOD), "--check-config")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "good\n", ""))
        self.assertFalse(os.path.exists(f"{WORLD.folder}/ledger"))

    def dump(self, *arguments, environment=None):
        done = run(*arguments, "--dump-config", environment=environment)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_a_dump_can_be_fed_back(self):
        first = self.dump("--config", write("good.conf", GOOD), "--partitions", "8", "--sandbox",
                          "--code-key", "/a", "--code-key", "/b", "--slow-ms=7")
        again = self.dump("--config", write("fed.conf", first))

        def values(text):
            return [line for line in text.splitlines() if not line.startswith("# ")]

        self.assertEqual(values(again), values(first))
        self.assertIn("# command line\npartitions = 8\n", first)
        self.assertIn("code-key = /a\ncode-key = /b\n", first)
        self.assertRegex(first, r"# \S+good\.conf:3\nlisten = 127\.0\.0\.1:0\n")
        self.assertIn("# default\nlog-level = info\n", first)

    def test_the_line_wins_over_the_file_over_credentials(self):
        folder = f"{WORLD.folder}/credentials"
        os.mkdir(folder)
        for name in ("redis-password", "tls-key", "identifier-key"):
            write(f"credentials/{name}", "x\n")
        given = {"CREDENTIALS_DIRECTORY": folder}
        text = self.dump("--config", write("good.conf", GOOD), "--identifier-key-file", "/mine",
                         environment=given)
        self.assertIn(f"# credential redis-password\nredis-password-file = {folder}/redis-password",
                      text)
        self.assertIn(f"tls-key = {TLS}/server.key", text)
        self.assertIn("# command line\nidentifier-key-file = /mine", text)

    def test_help_names_every_option(self):
        said = run("--help").stdout
        for name in re.findall(r"^#?([a-z-]+) =", self.dump(), re.M):
            if name != "clock-offset-ms":  # of tests
                self.assertIn(f"--{name}", said)


class Documents(unittest.TestCase):
    def test_the_reference_is_the_tables(self):
        with open(f"{frames.SOURCE}/doc/reference/options.md", encoding="utf-8") as file:
            text = file.read()
        self.assertIn(run("--dump-reference", "markdown").stdout.strip(), text)

    def test_the_example_has_every_default(self):
        with open(f"{frames.SOURCE}/systemd/loyaltyd.conf", encoding="utf-8") as file:
            example = file.read()
        dump = run("--dump-config").stdout
        section = ""
        for line in dump.splitlines():
            section = line if line.startswith("[") else section
            match = re.fullmatch(r"#?([a-z-]+) =(.*)", line)
            if match and match.group(1) not in ("clock-offset-ms",):
                self.assertRegex(example, rf"(?m)^#?{match.group(1)} ={re.escape(match.group(2))}"
                                 if match.group(2) else rf"(?m)^#?{match.group(1)} =")
        done = run("--config", f"{frames.SOURCE}/systemd/loyaltyd.conf", "--dump-config")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_the_manual_has_every_option(self):
        with open(f"{frames.SOURCE}/doc/man/loyaltyd.conf.5.scd", encoding="utf-8") as file:
            self.assertIn(run("--dump-reference", "scdoc").stdout.strip(), file.read())


if __name__ == "__main__":
    unittest.main()
