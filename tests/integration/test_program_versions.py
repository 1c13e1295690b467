#!/usr/bin/python3
"""Versions published, withdrawn and listed, by editors on two daemons: of those who race one wins,
a retry is answered as the first time, what is broken or comes from the wrong hands changes nothing,
and the history is the same after every restart.
"""

import datetime
import json
import os
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import scene
import world
from editor import Editor
from frames import common, programs
from scene import now_ms

CLUB = scene.Scene(daemons=2)
ROUNDS = 12
HOUR_MS = 3_600_000
LOG = "ly:{meta}:program"


def editor(daemon=0, name="admin"):
    return Editor(CLUB, now_ms, daemon, name)


def stored():
    """The bytes of the program's log."""
    return CLUB.redis.command("GET", LOG)


def until_known(etag):
    """Both daemons read what was written through one of them."""
    for daemon in range(2):
        reader = editor(daemon)
        world.wait_for(lambda r=reader: r.read().etag == etag, "the version to be known")
        reader.close()


class Case(unittest.TestCase):
    def setUp(self):
        self.editors = [editor(0), editor(1)]

    def tearDown(self):
        for each in self.editors:
            each.close()

    def latest_ms(self):
        standing = [version for version in self.editors[0].read().versions
                    if not version.HasField("withdrawn_at")]
        return frames.instant_ms(standing[-1].effective_from)

    def ahead_ms(self):
        """Behind the last version that stands."""
        return max(HOUR_MS, self.latest_ms() + 1000 - now_ms())

    def refused(self, request, reason, by=None):
        before = stored()
        reply = (by or self.editors[0]).send(request)
        self.assertIsNotNone(reply.error, reply)
        self.assertEqual(reply.error.reason, reason, reply.error)
        self.assertEqual(stored(), before)
        return reply.error


class Races(Case):
    def of_two(self, requests):
        """Both at once, each on its daemon; the one that was applied, and the other's error."""
        for each, request in zip(self.editors, requests):
            each.submit(request)
        replies = [each.client.receive()[1] for each in self.editors]
        won = [number for number, reply in enumerate(replies) if reply.error is None]
        self.assertEqual(len(won), 1, replies)
        lost = replies[1 - won[0]].error
        self.assertEqual((lost.code, lost.reason), (common.CODE_ABORTED, "ETAG_MISMATCH"))
        # Who has lost has read why.
        self.assertEqual([each.read().etag for each in self.editors],
                         2 * [replies[won[0]].message.etag])
        return won[0]

    def test_of_two_editors_one_wins(self):
        for number in range(ROUNDS):
            before = len(self.editors[0].read().versions)
            ahead_ms = self.ahead_ms()
            won = self.of_two([each.publishing(ahead_ms, rate=2 + i)
                               for i, each in enumerate(self.editors)])
            after = self.editors[number % 2].read()
            self.assertEqual(len(after.versions), before + 1)
            program = self.editors[0].read(before + 1).program
            self.assertEqual(program.earn.rules[0].rate.points, 2 + won)

    def test_a_withdrawal_and_a_publish(self):
        for number in range(ROUNDS):
            published = self.editors[0].publish(self.ahead_ms(), rate=3)
            requests = [self.editors[0].withdrawing(published.version, etag=published.etag),
                        self.editors[1].publishing(self.ahead_ms(), rate=4, etag=published.etag)]
            won = self.of_two(requests[::-1] if number % 2 else requests)
            withdrawn = won == number % 2
            after = self.editors[0].read()
            self.assertEqual(len(after.versions), published.version + (not withdrawn))
            self.assertEqual(after.versions[published.version - 1].HasField("withdrawn_at"),
                             withdrawn)

    def test_two_withdrawals(self):
        published = self.editors[0].publish(self.ahead_ms())
        self.of_two([each.withdrawing(published.version, etag=published.etag)
                     for each in self.editors])
        self.refused(self.editors[0].withdrawing(published.version), "WITHDRAWN")


class Retries(Case):
    def test_a_retry_is_answered_as_the_first_time(self):
        published = self.editors[0].publish(self.ahead_ms())
        until_known(published.etag)
        request = self.editors[0].withdrawing(published.version, reason="the wrong rate")
        first = self.editors[0].send(request)
        self.assertIsNone(first.error, first)
        self.assertFalse(first.replayed)
        self.editors[0].publish(self.ahead_ms())
        before = stored()
        for each in self.editors:
            again = each.send(request)
            self.assertTrue(again.replayed)
            self.assertEqual(again.message, first.message)
        request.reason = "another"
        self.refused(request, "ID_CONFLICT", self.editors[1])
        self.assertEqual(stored(), before)


class Refused(Case):
    def test_what_may_not_be_withdrawn(self):
        self.refused(self.editors[0].withdrawing(1), "TOO_LATE")
        self.refused(self.editors[0].withdrawing(10_000), "UNKNOWN_VERSION")
        published = self.editors[0].publish(self.ahead_ms())
        self.refused(self.editors[0].withdrawing(published.version, etag="0" * 32),
                     "ETAG_MISMATCH")

    def test_roles(self):
        published = self.editors[0].publish(self.ahead_ms())
        requests = [self.editors[0].publishing(self.ahead_ms()),
                    self.editors[0].withdrawing(published.version)]
        CLUB.world.certificate("night", "job/nightly")
        CLUB.world.certificate("lounge", "partner/lounge")
        before = stored()
        for name in ("till", "backend", "night", "lounge"):
            other = editor(0, name)
            for request in requests:
                reply = other.send(request)
                self.assertEqual(reply.error.code, common.CODE_PERMISSION_DENIED, (name, reply))
            other.close()
        self.assertEqual(stored(), before)

    def test_the_next_one_after_the_last_that_stands(self):
        """A version may begin before one that was withdrawn, and need not have its tiers."""
        far_ms = self.ahead_ms() + HOUR_MS
        program = self.editors[0].read().program
        program.tiers.add(id=f"tier-{os.getpid()}", threshold=10 ** 9, upgrade=1,
                          validity_months=12)
        published = self.editors[0].publish(far_ms, program=program)
        nearer = self.editors[0].publishing(far_ms - HOUR_MS // 2)
        self.refused(nearer, "INVALID_PROGRAM")
        nearer = self.editors[0].publishing(far_ms - HOUR_MS // 2, program=program)
        self.refused(nearer, "NOT_THE_LATEST")
        self.editors[0].withdraw(published.version)
        again = self.editors[0].publish(far_ms - HOUR_MS // 2)
        self.assertEqual(again.version, published.version + 1)


class Broken(Case):
    """By loyaltyctl: nothing is sent, and all that is wrong is told with its line."""

    def publish(self, text, *more, daemon=0):
        path = f"{CLUB.world.folder}/broken.yaml"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        before = stored()
        run = CLUB.world.ctl("program", "publish", path, "--effective-from", "now+1h", *more,
                             daemon=None if daemon is None else CLUB.daemons[daemon], check=False)
        self.assertEqual(run.returncode, 1, run)
        self.assertEqual(stored(), before)
        return run.stderr

    def test_mistakes_of_both_kinds_at_once(self):
        """A value that is none, and rules that do not hold together, each with its line."""
        with open(f"{frames.SOURCE}/programs/retail.yaml", encoding="utf-8") as file:
            lines = file.read().split("\n")
        broken = []
        for line in lines:
            if "rolling_months:" in line:
                line = line.split(":")[0] + ": twelve"
            elif line.startswith("currency:"):
                line = "currency: yuan"
            elif line.startswith("zone:"):
                line = "zone: Asia/Atlantis"
            broken.append(line)
        told = self.publish("\n".join(broken), daemon=None)
        for path in ("score.rolling_months", "currency", "zone"):
            number = next(i for i, line in enumerate(broken, 1)
                          if line.strip().startswith(path.rsplit(".", maxsplit=1)[-1] + ":"))
            self.assertIn(f"broken.yaml:{number}: {path}: ", told)
        self.assertIn("3 mistakes", told)
        told = self.publish("\n".join(broken), "--effective-from", "tomorrow", daemon=None)
        self.assertIn("tomorrow is no instant", told)
        self.assertIn("3 mistakes", told)

    def test_a_document_that_may_not_follow(self):
        with open(f"{frames.SOURCE}/programs/retail.yaml", encoding="utf-8") as file:
            text = file.read()
        number = next(i for i, line in enumerate(text.split("\n"), 1) if line.startswith("tiers"))
        told = self.publish(text.replace("id: silver", "id: steel").replace("Asia/Shanghai",
                                                                            "Asia/Tokyo"))
        self.assertIn(f"broken.yaml:{number}: tiers: 'silver' is missing", told)
        self.assertIn(": zone: ", told)
        path = f"{CLUB.world.folder}/broken.yaml"
        alone = CLUB.world.ctl("program", "check", path)
        self.assertIn("no mistakes", alone.stdout)
        behind = CLUB.world.ctl("program", "check", "--successor", path, daemon=CLUB.daemons[1],
                                check=False)
        self.assertEqual(behind.returncode, 1)
        self.assertIn("'silver' is missing", behind.stderr)

    def test_when(self):
        with open(f"{frames.SOURCE}/programs/retail.yaml", encoding="utf-8") as file:
            text = file.read()
        self.assertIn("TOO_SOON", self.publish(text, "--effective-from", "now+50s"))
        published = self.editors[0].publish(self.ahead_ms() + HOUR_MS)
        until_known(published.etag)
        self.assertIn("NOT_THE_LATEST", self.publish(text, "--effective-from", "now+2m"))
        self.assertIn("ETAG_MISMATCH",
                      self.publish(text, "--effective-from", "2099-01-01T00:00:00Z", "--etag",
                                   "0" * 32))


class History(Case):
    def ctl(self, *arguments, daemon=0, **more):
        return CLUB.world.ctl(*arguments, daemon=CLUB.daemons[daemon], **more)

    def list(self, daemon=0):
        return json.loads(self.ctl("-o", "json", "program", "list", daemon=daemon).stdout)

    def test_1_list_show_and_withdraw(self):
        path = f"{CLUB.world.folder}/next.yaml"
        with open(f"{frames.SOURCE}/programs/retail.yaml", encoding="utf-8") as file, \
                open(path, "w", encoding="utf-8") as changed:
            changed.write(file.read().replace("threshold: 2000", "threshold: 3000", 1))
        self.ctl("program", "publish", path, "--effective-from",
                 f"now+{self.ahead_ms() // 1000 + 2}s", "--reason", "silver is too common")
        until_known(self.editors[0].read().etag)
        versions = self.list()["versions"]
        number = str(versions[-1]["version"])
        self.assertEqual(versions[-1]["state"], "to come")
        self.assertEqual(versions[0]["state"], "in force")
        self.assertEqual(versions[-1]["published_by"], "admin/anna")
        shown = self.ctl("program", "show", "--version", number).stdout
        self.assertIn("admin/anna: silver is too common", shown)
        self.assertIn("threshold: 3000", shown)
        self.assertEqual(self.ctl("program", "check", "-", check=False).returncode, 1)

        diff = self.ctl("program", "diff", check=False)
        self.assertEqual(diff.returncode, 1)
        self.assertRegex(diff.stdout, r"tiers\[silver\]\.threshold: +2000 +-> +3000\n")
        self.assertEqual(self.ctl("program", "diff", number, number).returncode, 0)
        self.assertEqual(self.ctl("program", "diff", number, "--file", path).returncode, 0)

        self.ctl("program", "withdraw", number, "--reason", "a slip")
        until_known(self.editors[0].read().etag)
        last = self.list(1)["versions"][-1]
        self.assertEqual((last["state"], last["withdrawn_by"], last["withdraw_reason"]),
                         ("withdrawn", "admin/anna", "a slip"))
        self.assertIn("a slip", self.ctl("program", "list").stdout)
        again = self.ctl("program", "withdraw", number, "--reason", "a slip", check=False)
        self.assertEqual(again.returncode, 1)
        self.assertIn("WITHDRAWN", again.stderr)

    def test_2_diff(self):
        """What was added, taken and moved, by ids; as JSON too."""
        path = f"{frames.SOURCE}/programs/retail.yaml"
        sets = ("--set", 'earn={"rules": [{"id": "extra", "bonus_points": 5}, '
                '{"id": "base", "rate": {"points": 2, "money_minor": 100}}]}',
                "--set", 'rescore=["06-01", "12-24"]')
        run = self.ctl("-o", "json", "program", "diff", "1", "--file", path, *sets, check=False)
        self.assertEqual(run.returncode, 1, run)
        found = {(change["path"], json.dumps(change["old"]), json.dumps(change["new"]))
                 for change in json.loads(run.stdout)["differences"]}
        for change in (("earn.rules[base].rate.points", "1", "2"),
                       ("earn.rules[extra]", "null", '{"id": "extra", "bonus_points": 5}'),
                       ("rescore[]", '"12-01"', "null"), ("rescore[]", "null", '"12-24"')):
            self.assertIn(change, found)

    def test_3_a_lost_answer(self):
        """Repeated with the same id, etag and instant: the version that was published then."""
        path = f"{frames.SOURCE}/programs/retail.yaml"
        instant = datetime.datetime.fromtimestamp((now_ms() + self.ahead_ms()) // 1000 + 5,
                                                  datetime.timezone.utc).isoformat()
        line = ["program", "publish", path, "--effective-from", instant, "--etag",
                self.editors[0].read().etag, "--request-id", frames.new_id()]
        first = json.loads(self.ctl("-o", "json", *line).stdout)
        again = json.loads(self.ctl("-o", "json", *line, daemon=1).stdout)
        self.assertEqual((first.pop("outcome"), again.pop("outcome")), ("APPLIED", "DUPLICATE"))
        self.assertEqual(first, again)

    def test_4_after_a_restart(self):
        before = self.list()
        self.assertIn("withdrawn", [version["state"] for version in before["versions"]])
        CLUB.daemons[1].stop()
        CLUB.redis.kill()
        CLUB.restart_redis()
        CLUB.daemons[1] = CLUB.start_daemon("daemon-again")
        for daemon in CLUB.daemons:
            daemon.wait_ready()
            world.wait_for(lambda d=daemon: CLUB.knows_program(d), "the program to be known")
        self.assertEqual(self.list(0), before)
        self.assertEqual(self.list(1), before)
        answer = editor(1).read(before["versions"][-1]["version"])
        self.assertIsInstance(answer, programs.GetProgramResponse)
        self.assertEqual(answer.etag, before["etag"])


if __name__ == "__main__":
    scene.run_tests(CLUB)
