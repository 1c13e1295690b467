#!/usr/bin/python3
"""Programs: two publishes that race, versions that come too soon, documents that do not hold
together, successors that break what members have. One answer each, and nothing else changes.
"""

import copy
import unittest

import yaml

import support  # noqa: F401 (finds the rest)
import frames
import scene
from frames import common, programs
from scene import now_ms

CLUB = scene.Scene(daemons=2)
ROUNDS = 15


def current(daemon=0):
    with CLUB.client("admin", daemon) as client:
        return client.ask("GetProgram", programs.GetProgramRequest())


def publish_request(answer, ahead_ms=3_600_000, program=None, etag=None):
    request = programs.PublishProgramRequest(mutation=frames.mutation(None, now_ms()),
                                             program=program or answer.program,
                                             etag=answer.etag if etag is None else etag)
    request.effective_from.FromMilliseconds(now_ms() + ahead_ms)
    return request


class Publishing(unittest.TestCase):
    def test_races_have_one_winner(self):
        """On one daemon and on two, with the same etag: one is published, the others ABORTED."""
        admins = [CLUB.client("admin", i % 2) for i in range(4)]
        for number in range(ROUNDS):
            answer = current()
            versions = len(answer.versions)
            chosen = admins[:2] if number % 3 else admins
            ahead_ms = (number + 2) * 3_600_000
            requests = [publish_request(answer, ahead_ms) for _ in chosen]
            for client, request in zip(chosen, requests):
                client.submit("PublishProgram", request)
            replies = [client.receive()[1] for client in chosen]
            won = [reply for reply in replies if reply.error is None]
            lost = [reply.error for reply in replies if reply.error is not None]
            self.assertEqual(len(won), 1, replies)
            for error in lost:
                self.assertEqual(error.code, common.CODE_ABORTED, error)
            self.assertEqual(won[0].message.version, versions + 1)
            after = current(number % 2)
            self.assertEqual(len(after.versions), versions + 1)
            self.assertEqual(after.etag, won[0].message.etag)

    def test_retry_is_the_same_version(self):
        answer = current()
        request = publish_request(answer, 80 * 3_600_000)
        with CLUB.client("admin") as one, CLUB.client("admin", 1) as other:
            first = one.call("PublishProgram", request)
            again = other.call("PublishProgram", request)
        self.assertIsNone(first.error, first)
        self.assertEqual(again.message, first.message)
        self.assertTrue(again.replayed)
        self.assertEqual(len(current().versions), len(answer.versions) + 1)

    def refused(self, request, code=None):
        before = CLUB.digest()
        with CLUB.client("admin") as client:
            reply = client.call("PublishProgram", request)
        self.assertIsNotNone(reply.error)
        self.assertEqual(CLUB.digest(), before)
        if code is not None:
            self.assertEqual(common.Code.Name(reply.error.code), common.Code.Name(code),
                             reply.error)
        print(f"{reply.error.reason} {reply.error.field}: {reply.error.message}")
        return reply.error

    def test_too_soon(self):
        answer = current()
        for ahead_ms in (-86_400_000, 0, 30_000, 58_000):
            self.refused(publish_request(answer, ahead_ms))

    def test_stale_etag(self):
        self.refused(publish_request(current(), etag="0" * 32), common.CODE_ABORTED)
        self.refused(publish_request(current(), etag=""), common.CODE_ABORTED)

    def test_successors(self):
        """Id, zone, currency and tiers stay; tiers may be added."""
        answer = current()
        changes = {
            "id": lambda program: setattr(program, "id", "other"),
            "zone": lambda program: setattr(program, "zone", "Europe/Berlin"),
            "currency": lambda program: setattr(program, "currency", "EUR"),
            "a tier removed": lambda program: program.tiers.pop(1),
            "a tier renamed": lambda program: setattr(program.tiers[1], "id", "steel"),
            "tiers exchanged": lambda program: self.exchange(program.tiers[1], program.tiers[2]),
        }
        for what, change in changes.items():
            with self.subTest(what):
                program = copy.deepcopy(answer.program)
                change(program)
                self.refused(publish_request(answer, 200 * 3_600_000, program),
                             common.CODE_INVALID_ARGUMENT)

    @staticmethod
    def exchange(one, other):
        one.id, other.id = other.id, one.id


class Broken(unittest.TestCase):
    """Documents with a mistake: CheckProgram and `loyaltyctl program check` say where."""

    def good(self):
        return copy.deepcopy(current().program)

    def problems(self, program):
        with CLUB.client("admin") as client:
            answer = client.ask("CheckProgram", programs.CheckProgramRequest(program=program))
        return {problem.path: problem.reason for problem in answer.problems}

    def test_good_one_has_no_problem(self):
        self.assertEqual(self.problems(self.good()), {})

    def test_mistakes(self):
        def condition(program, **fields):
            rule = program.earn.rules.add(id="extra", bonus_points=1)
            for name, value in fields.items():
                getattr(rule.when, name).append(value)

        mistakes = [
            ("tiers[2].threshold", lambda p: setattr(p.tiers[2], "threshold", 1999)),
            ("tiers[2].threshold", lambda p: setattr(p.tiers[2], "threshold", 2000)),
            ("tiers[0].threshold", lambda p: setattr(p.tiers[0], "threshold", 1)),
            ("tiers[1].validity_months", lambda p: setattr(p.tiers[1], "validity_months", 0)),
            ("tiers[1].upgrade", lambda p: setattr(p.tiers[1], "upgrade", 0)),
            ("tiers[3].id", lambda p: setattr(p.tiers[3], "id", "silver")),
            ("tiers[3].id", lambda p: setattr(p.tiers[3], "id", "Diamond!")),
            ("tiers", lambda p: p.ClearField("tiers")),
            ("zone", lambda p: setattr(p, "zone", "Asia/Atlantis")),
            ("currency", lambda p: setattr(p, "currency", "yuan")),
            ("rescore[0]", lambda p: p.rescore.insert(0, "13-01")),
            ("rescore[0]", lambda p: p.rescore.insert(0, "02-29")),
            ("earn.rules[0].rate", lambda p: setattr(p.earn.rules[0].rate, "money_minor", 0)),
            ("earn.rules[1].when.tiers[0]", lambda p: condition(p, tiers="platinum")),
            ("earn.rules[1].id", lambda p: p.earn.rules.add(id="base", bonus_points=1)),
            ("earn.rules[1]", lambda p: p.earn.rules.add(id="nothing")),
            ("score", lambda p: p.ClearField("score")),
            ("points.expiry_months", lambda p: setattr(p.points, "expiry_months", 5000)),
            ("late_days", lambda p: setattr(p.late_days, "days", 500)),
            ("perks[0].tiers[0].tier_id",
             lambda p: p.perks.add(id="lounge").tiers.add(tier_id="platinum")),
        ]
        for path, change in mistakes:
            with self.subTest(path):
                program = self.good()
                change(program)
                problems = self.problems(program)
                self.assertTrue(any(found.startswith(path) for found in problems), problems)
                answer = current()
                request = publish_request(answer, 300 * 3_600_000, program)
                before = CLUB.digest()
                with CLUB.client("admin") as client:
                    reply = client.call("PublishProgram", request)
                self.assertEqual(reply.error.code, common.CODE_INVALID_ARGUMENT, reply)
                self.assertEqual(CLUB.digest(), before)

    def check_document(self, text):
        path = f"{CLUB.world.folder}/document.yaml"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return CLUB.world.ctl("program", "check", path, check=False)

    def test_documents(self):
        with open(f"{frames.SOURCE}/programs/retail.yaml", encoding="utf-8") as file:
            good = file.read()
        self.assertEqual(self.check_document(good).returncode, 0)
        cases = {
            "an unknown key": (good + "\ncolour: blue\n", "colour"),
            "an unknown key below": (good.replace("rolling_months:", "roling_months:"), "roling"),
            "a key twice": (good + "\nid: retail\n", "id"),
            "not YAML": ("id: [unclosed\n", ""),
            "no mapping": ("- 1\n- 2\n", ""),
            "nothing": ("", ""),
            "an anchor": ("id: &a retail\nzone: *a\n", ""),
        }
        for what, (text, part) in cases.items():
            with self.subTest(what):
                run = self.check_document(text)
                self.assertIn(run.returncode, (1, 2), run.stdout + run.stderr)
                self.assertIn(part, run.stdout + run.stderr)

    def test_every_mistake_at_once(self):
        document = yaml.safe_load("""
            id: Bad Id
            zone: Asia/Shanghai
            currency: dollars
            rescore: ["06-31"]
            tiers: [{id: a, threshold: 5}, {id: a, threshold: 2}]
            earn: {rules: [{id: r}]}
            """)
        text = yaml.safe_dump(document)
        run = self.check_document(text)
        for part in ("id", "currency", "rescore[0]", "tiers[0]", "tiers[1]",
                     "earn.rules[0]", "score"):
            self.assertIn(part, run.stdout + run.stderr)


if __name__ == "__main__":
    scene.run_tests(CLUB)
