#!/usr/bin/python3
"""What is written down is true: manual pages, completion, the catalogue of errors and the guides
against the programs and the code.
"""

import datetime
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

import support  # noqa: F401 (finds the rest)
import command_lines
import frames
import perk_club
import scene
import world

sys.path.append(f"{frames.SOURCE}/doc")
sys.path.append(f"{frames.SOURCE}/doc/man")
import errors  # noqa: E402
import pages  # noqa: E402

CLUB_ZONE = datetime.timezone(datetime.timedelta(hours=8))
PROGRAMS = command_lines.Programs(frames.BIN)
GUIDES = sorted([*glob.glob(f"{frames.SOURCE}/doc/*.md"),
                 f"{frames.SOURCE}/clients/examples/README.md"])


def run(*line, **how):
    return subprocess.run(line, capture_output=True, text=True, check=False, **how)


class Pages(unittest.TestCase):
    """Pages as the build makes them."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="loyalty-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        pages.main(cls.folder, f"{frames.BIN}/loyaltyctl", f"{frames.BIN}/loyalty-till")

    def page(self, name, section=1):
        shown = run("man", "--local-file", f"{self.folder}/man{section}/{name}.{section}",
                    env={**os.environ, "MANWIDTH": "400", "LC_ALL": "C.UTF-8"})
        self.assertEqual(shown.returncode, 0, shown.stderr)
        return re.sub(r"\s+", " ", re.sub(".\b", "", shown.stdout))

    def test_every_command_comes_to_its_parser(self):
        self.assertEqual(PROGRAMS.coming, set())

    def test_every_command_has_a_page_with_all_its_options(self):
        for command in PROGRAMS.ctl["commands"]:
            text = self.page(pages.page_name(command["words"]))
            for option in (command["takes"] or {"options": []})["options"]:
                self.assertIn(f"--{option['name']}", text, command["words"])
            for row in PROGRAMS.ctl["exits"]:
                self.assertIn(f"{row['code']} {row['meaning']}", text)

    def test_loyaltyctl_lists_commands_and_common_options(self):
        text = self.page("loyaltyctl")
        for command in PROGRAMS.ctl["commands"]:
            self.assertIn(pages.page_name(command["words"]), text)
        for option in PROGRAMS.ctl["globals"]["options"]:
            self.assertIn(f"--{option['name']}", text)

    def test_lint_minds_nothing(self):
        found = sorted(glob.glob(f"{self.folder}/man*/*"))
        lint = run("mandoc", "-T", "lint", "-W", "warning", *found)
        self.assertEqual(lint.stdout, "")

    def test_man_finds_a_page_by_its_name(self):
        found = run("man", "-w", "loyaltyctl-member-get", env={**os.environ,
                                                              "MANPATH": self.folder})
        self.assertEqual(found.stdout.strip(),
                         f"{self.folder}/man1/loyaltyctl-member-get.1", found.stderr)

    def test_every_command_has_a_part_and_every_part_a_command(self):
        commands = {each["words"] for each in PROGRAMS.ctl["commands"]}
        parts = pages.read_parts()
        self.assertEqual(commands - set(parts), set())
        self.assertEqual(set(parts) - commands, {"loyaltyctl", "loyalty-till"})
        for words, part in parts.items():
            self.assertEqual(set(part.also) - commands, set(), words)
            self.assertTrue(part.examples, words)


class Lines(unittest.TestCase):
    """Every line of loyaltyctl, loyaltyd and loyalty-till that is written anywhere."""

    def judge(self, where, lines):
        for line in lines:
            with self.subTest(where=where, line=line):
                self.assertIsNone(PROGRAMS.judge(line))

    def test_guides(self):
        for path in GUIDES:
            with open(path, encoding="utf-8") as file:
                self.judge(os.path.relpath(path, frames.SOURCE),
                           command_lines.lines_of(file.read()))

    def test_examples_of_pages(self):
        for words, part in pages.read_parts().items():
            lines = [re.sub("^until ", "", text) for mark, text in part.examples
                     if mark in pages.EXAMPLE_MARKS]
            self.judge(words, lines)
            self.assertTrue(words in re.sub(r" --as \S+", "", lines[-1]) or words == "loyaltyctl",
                            words)

    def test_wrong_lines_are_found(self):
        for line in ("loyaltyctl member got anna", "loyaltyctl member get anna --fast",
                     "loyaltyctl member get anna bob", "loyaltyctl redeem anna",
                     "loyaltyd --listen", "loyaltyctl --tsl x member get anna",
                     "loyaltyd --no-such-option"):
            self.assertIsNotNone(PROGRAMS.judge(line), line)


class Runbook(unittest.TestCase):
    """What the runbook says one sees: the code has it."""

    @classmethod
    def setUpClass(cls):
        with open(f"{frames.SOURCE}/doc/runbook.md", encoding="utf-8") as file:
            cls.text = file.read()
        cls.code = ""
        for path in [*glob.glob(f"{frames.SOURCE}/daemon/*/*.c"),
                     *glob.glob(f"{frames.SOURCE}/clients/ctl/doctor*.c")]:
            with open(path, encoding="utf-8") as file:
                cls.code += file.read()

    def test_codes_and_reasons(self):
        prose = re.sub(r"`[^`]*`|^ {4,}.*$", "", self.text, flags=re.M)
        words = set(re.findall(r"\b[A-Z]{4,}(?:_[A-Z]+)*\b", prose))
        reasons = errors.Catalogue().reasons
        others = {"DATA_LOSS", "MISCONF", "SIGABRT", "CERTIFICATE", "STORE"}
        for word in sorted(words - others):
            self.assertTrue(word in reasons or f'"{word}"' in self.code, word)

    def test_every_code_of_doctor_is_in_it(self):
        for path in [*glob.glob(f"{frames.SOURCE}/daemon/service/diagnose*.c"),
                     *glob.glob(f"{frames.SOURCE}/daemon/app/findings*.c"),
                     *glob.glob(f"{frames.SOURCE}/clients/ctl/doctor*.c")]:
            with open(path, encoding="utf-8") as file:
                found = errors.strings(errors.without_comments(file.read()))
            codes = set(filter(re.compile("[A-Z]+(_[A-Z]+)+").fullmatch, found))
            known = set(re.findall(r"\b[A-Z_]+\b", self.text))
            self.assertEqual(codes - known, set(), f"{path}: add it to the runbook's table")

    def test_events_and_options(self):
        options = PROGRAMS.daemon().values
        words = set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", self.text)) - {"redis-check-aof"}
        for word in sorted(words):
            self.assertTrue(f'"{word}"' in self.code or f"--{word}" in options, word)

    def test_where_alerts_send_one_is_a_heading(self):
        headings = {each.lower().replace(" ", "-")
                    for each in re.findall(r"^## (.*)$", self.text, re.M)}
        self.assertGreater(len(headings), 10)
        for path in glob.glob(f"{frames.SOURCE}/doc/monitoring/*.yml"):
            with open(path, encoding="utf-8") as file:
                for place in re.findall(r"runbook\.md#([\w-]+)", file.read()):
                    self.assertIn(place, headings, path)


class Errors(unittest.TestCase):
    """The catalogue of errors."""

    def test_it_is_as_the_code_has_it(self):
        self.assertEqual(errors.check(errors.Catalogue()), [])

    def test_what_the_service_answers_is_in_it(self):
        reasons = errors.Catalogue().reasons
        for name, code in (("INSUFFICIENT_POINTS", "FAILED_PRECONDITION"),
                           ("ID_CONFLICT", "ALREADY_EXISTS"), ("STORE_UNAVAILABLE", "UNAVAILABLE"),
                           ("NOT_A_UUID", "INVALID_ARGUMENT"), ("PERK_USED_UP", None)):
            self.assertIn(name, reasons)
            self.assertIn(code, (None, reasons[name].code))

    def test_a_new_reason_is_missed(self):
        folder = tempfile.mkdtemp(prefix="loyalty-")
        self.addCleanup(shutil.rmtree, folder)
        for part in ("daemon", "proto"):
            shutil.copytree(f"{frames.SOURCE}/{part}", f"{folder}/{part}")
        with open(f"{folder}/daemon/service/points.c", "a", encoding="utf-8") as file:
            file.write('\nstatic const char *const fresh = "QUITE_NEW";\n')
        kept, errors.SOURCE = errors.SOURCE, folder
        try:
            self.assertEqual(errors.Catalogue().unnamed(), ["QUITE_NEW"])
        finally:
            errors.SOURCE = kept


class Examples(unittest.TestCase):
    """The examples of the pages, played in their order on one service."""

    def test_each_is_done(self):
        club = scene.Scene(publish=False)
        folder = f"{club.world.folder}/examples"
        os.mkdir(folder)
        os.symlink(f"{frames.SOURCE}/programs", f"{folder}/programs")
        environment = {**os.environ, "PATH": f"{frames.BIN}:{os.environ['PATH']}",
                       "LOYALTY_SERVER": f"127.0.0.1:{club.daemons[0].port}",
                       "LOYALTY_TLS": club.world.tls, "XDG_CONFIG_HOME": f"{folder}/config"}
        for words, part in pages.read_parts().items():
            for mark, line in part.examples:
                if mark == "$":
                    done = run("bash", "-c", line, cwd=folder, env=environment, timeout=60)
                    with self.subTest(command=words, line=line):
                        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        club.finish()


class Partner(unittest.TestCase):
    """The lines of the partners' guide, played in their order on a club with perks."""

    def test_each_is_done(self):
        club = perk_club.Club()
        club.to(datetime.datetime.now(CLUB_ZONE).isoformat()[:19])
        club.enrol("chen", phone="+8613800000001")
        daemon, tls = club.scene.daemons[0], club.scene.world.tls
        with open(f"{frames.SOURCE}/doc/partner.md", encoding="utf-8") as file:
            lines = re.sub(r"\\\n\s*", "", file.read())
        blocks = re.findall(r"^    (?=\S)(.*(?:\n {5,}\S.*)*)", lines, re.M)
        self.assertGreater(len(blocks), 8)
        for block in blocks:
            code = run(f"{frames.BIN}/loyaltyctl", "--server", f"127.0.0.1:{daemon.port}", "--tls",
                       tls, "--as", "backend", "-o", "json", "perk", "code", "chen")
            block = block.replace("LY1...", json.loads(code.stdout)["code"])
            if "cert issue" in block:
                block += " --replace"
            done = run("bash", "-c", block, cwd=os.path.dirname(tls),
                       env={**os.environ, "PATH": f"{frames.BIN}:{os.environ['PATH']}",
                            "LOYALTY_SERVER": f"127.0.0.1:{daemon.port}", "LOYALTY_TLS": tls,
                            "XDG_CONFIG_HOME": os.path.dirname(tls)})
            with self.subTest(line=block):
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertNotIn('"code":', done.stdout)  # Connect's errors
        club.close()
        club.scene.finish()


class Certificates(unittest.TestCase):
    """"A certificate has expired" of the runbook: a new one, and a reload, while a client stays."""

    def serial(self, daemon):
        with daemon.client("backend") as client:
            return client.socket.getpeercert()["serialNumber"]

    def test_a_new_certificate_is_taken_without_dropping_anyone(self):
        club = scene.Scene()
        daemon, before = club.daemons[0], None
        with club.client("backend") as stays:
            stays.ask("Enroll", frames.enrol_request("ann", scene.now_ms()))
            before = self.serial(daemon)
            club.world.ctl("cert", "issue", club.world.tls, "server", "--server", "--ip",
                           "127.0.0.1", "--replace")
            daemon.signal(signal.SIGHUP)
            world.wait_for(lambda: self.serial(daemon) != before, "the new certificate")
            stays.ask("GetMember", frames.get_member_request("ann"))
        self.assertIn("reloaded", daemon.output())
        club.finish()


if __name__ == "__main__":
    unittest.main()
