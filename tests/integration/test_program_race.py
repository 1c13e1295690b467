#!/usr/bin/python3
"""Rules that change while the shops are open: awards stream to two daemons of a sandbox while its
clock crosses one `effective_from` after the other, and versions are published and withdrawn. Every
award is under exactly one version, the one that its time says, and has the points of that one.
"""

import random
import threading
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import scene
import world
from editor import Editor

SCENE = scene.Scene(daemons=2, options=("--sandbox",), publish=False)
MEMBERS = [f"m{number}" for number in range(8)]
TILLS = 4
ROUNDS = 14
WINDOW = 6
BEGAN_MS = frames.utc_ms("2026-03-01T10:00:00+08:00")
MINUTE_MS = 60_000
RULES = """
id: race
zone: Asia/Shanghai
currency: CNY
tiers: [{id: member}]
earn: {rules: [{id: base, rate: {points: 1, money_minor: 100}}]}
score: {rolling_months: 12}
redeem: {value: {points: 1, money_minor: 1}}
late_days: {days: 45}
"""


class Till(threading.Thread):
    """Awards until told to stop: now, or some time ago, at and beside instants at which a version
    took effect, or would have."""

    def __init__(self, number, day):
        super().__init__()
        self.random = random.Random(number)
        self.client = SCENE.client("till", number % 2)
        self.day = day
        self.answers = []
        self.wrong = None

    def make(self):
        sale = {}
        now_ms = self.day.now_ms
        if self.random.random() < 0.5:
            choices = [at_ms + beside for at_ms in self.day.instants for beside in (-1, 0, 1)
                       if at_ms + beside <= now_ms]
            at_ms = self.random.choice(choices or [now_ms])
            sale["occurred_at"] = frames.stamp(at_ms)
        return frames.award_request(self.random.choice(MEMBERS),
                                    100 * self.random.randint(1, 500), now_ms, **sale)

    def run(self):
        try:
            waiting = {}
            while waiting or not self.day.over:
                while len(waiting) < WINDOW and not self.day.over:
                    request = self.make()
                    waiting[self.client.submit("Award", request)] = request
                correlation, reply = self.client.receive()
                request = waiting.pop(correlation)
                assert reply.error is None or reply.error.code == scene.UNAVAILABLE, reply.error
                if reply.error is None:
                    self.answers.append((request, reply.message))
        except Exception as error:  # pylint: disable=broad-except
            self.wrong = error


class Day:
    """The clock and who edits the program, one after the other; tills look at it."""

    def __init__(self):
        self.over = False
        self.instants = []
        self.to(BEGAN_MS)
        path = f"{SCENE.world.folder}/race.yaml"
        with open(path, "w", encoding="utf-8") as file:
            file.write(RULES)
        SCENE.world.ctl("program", "publish", path, "--effective-from", "2020-01-01T00:00:00Z",
                        daemon=SCENE.daemons[0])
        for daemon in SCENE.daemons:
            world.wait_for(lambda d=daemon: SCENE.knows_program(d), "the program to be known")
        self.editors = [Editor(SCENE, lambda: self.now_ms, daemon) for daemon in range(2)]
        self.random = random.Random(8)

    def to(self, at_ms):
        with SCENE.client("admin") as client:
            request = frames.clock.SetClockRequest()
            request.now.FromMilliseconds(at_ms)
            client.ask("SetClock", request)
        self.now_ms = at_ms

    def publish(self, ahead_ms):
        rate = 2 + len(self.instants)
        answer = self.editors[self.random.randrange(2)].publish(ahead_ms, rate=rate)
        self.instants.append(frames.instant_ms(answer.effective_from))
        return answer.version

    def round(self):
        """Two or three versions; one may be withdrawn; then the clock crosses them."""
        first = MINUTE_MS + self.random.randint(0, 2000)
        numbers = [self.publish(first + 500 * i) for i in range(self.random.randint(2, 3))]
        if self.random.random() < 0.7:
            self.editors[self.random.randrange(2)].withdraw(self.random.choice(numbers))
        for at_ms in self.instants[-len(numbers):]:
            for beside in (-1, 0, 1, 200):
                self.to(at_ms + beside)
        self.to(self.now_ms + 1000)

    def run(self):
        for _ in range(ROUNDS):
            self.round()
        self.over = True


class Race(unittest.TestCase):
    def setUp(self):
        self.day = Day()
        with SCENE.client("backend") as client:
            for member in MEMBERS:
                client.ask("Enroll", frames.enrol_request(member, self.day.now_ms))

    def run_all(self):
        tills = [Till(number, self.day) for number in range(TILLS)]
        for till in tills:
            till.start()
        try:
            self.day.run()
        finally:
            self.day.over = True
            for till in tills:
                till.join()
        for till in tills:
            self.assertIsNone(till.wrong, till.wrong)
        return [answer for till in tills for answer in till.answers]

    def version_at(self, at_ms):
        """By the program as it is in the end: nothing that was in force is ever withdrawn."""
        found = None
        for version in self.versions:
            stands = not version.HasField("withdrawn_at")
            if stands and frames.instant_ms(version.effective_from) <= at_ms:
                found = version.version
        return found

    def test_every_award_is_under_the_version_of_its_time(self):
        answers = self.run_all()
        current = self.day.editors[1].read()
        self.versions = current.versions
        rates = {version.version:
                 self.day.editors[0].read(version.version).program.earn.rules[0].rate.points
                 for version in self.versions}
        seen = set()
        for request, award in answers:
            at_ms = frames.instant_ms(award.occurred_at)
            if request.sale.HasField("occurred_at"):
                self.assertEqual(at_ms, frames.instant_ms(request.sale.occurred_at))
            else:
                self.assertGreaterEqual(at_ms, frames.instant_ms(request.mutation.created_at))
                self.assertLessEqual(at_ms, frames.instant_ms(award.recorded_at))
            self.assertEqual(award.program_version, self.version_at(at_ms), award)
            yuan = request.sale.lines[0].amount_minor // 100
            self.assertEqual(award.points, yuan * rates[award.program_version])
            seen.add(award.program_version)
        withdrawn = [version.version for version in self.versions
                     if version.HasField("withdrawn_at")]
        print(f"{len(answers)} awards under {len(seen)} of {len(self.versions)} versions, "
              f"{len(withdrawn)} withdrawn")
        self.assertTrue(withdrawn)
        self.assertFalse(seen & set(withdrawn))
        self.assertGreater(len(seen), ROUNDS // 2)
        listed = SCENE.world.ctl_json("program", "list", daemon=SCENE.daemons[0])["versions"]
        states = {version["version"]: version["state"] for version in listed}
        self.assertEqual([number for number in states if states[number] == "withdrawn"], withdrawn)
        self.assertEqual([number for number in states if states[number] == "in force"],
                         [self.version_at(self.day.now_ms)])
        self.assertNotIn("to come", states.values())
        SCENE.totals()


if __name__ == "__main__":
    scene.run_tests(SCENE)
