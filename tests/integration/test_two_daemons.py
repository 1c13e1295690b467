#!/usr/bin/python3
"""Two daemons on one Redis, hammering the same members, while logs are compacted all the time: no
record lost, none twice, no endless retries; reads stay whole.
"""

import collections
import random
import threading
import time
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import scene
from scene import now_ms

SCENE = scene.Scene(daemons=2, options=("--compact-bytes", "1500"))
MEMBERS = [f"m{number}" for number in range(6)]
THREADS = 6
REQUESTS = 2000  # a thread
WINDOW = 8
ATTEMPTS_MAX = 60


class Hammer(threading.Thread):
    """A till that sends awards and redemptions, each until it has a definite answer."""

    def __init__(self, number):
        super().__init__()
        self.random = random.Random(number)
        self.client = SCENE.client("till", number % 2)
        self.journal = []  # (member, +points or -points)
        self.seqs = []     # (member, seq)
        self.attempts = collections.Counter()
        self.wrong = None

    def make(self):
        member = self.random.choice(MEMBERS)
        if self.random.random() < 0.2:
            return member, "Redeem", frames.redeem_request(member, self.random.randint(1, 3),
                                                           now_ms())
        return member, "Award", frames.award_request(member, self.random.randrange(100, 5000),
                                                     now_ms())

    def take(self, request, reply):
        """Whether this was its definite answer."""
        member, method, _ = request
        if reply.error is None:
            points = reply.message.points
            self.journal.append((member, points if method == "Award" else -points))
            self.seqs.append((member, reply.message.seq))
            return True
        if reply.error.code == scene.UNAVAILABLE or reply.error.code in scene.OPEN_OUTCOMES:
            return False
        assert reply.error.reason == "INSUFFICIENT_POINTS", reply.error
        return True

    def run(self):
        try:
            todo = [self.make() for _ in range(REQUESTS)]
            waiting = {}
            while todo or waiting:
                while todo and len(waiting) < WINDOW:
                    request = todo.pop()
                    waiting[self.client.submit(request[1], request[2])] = request
                correlation, reply = self.client.receive()
                request = waiting.pop(correlation)
                self.attempts[request[2].mutation.request_id] += 1
                if not self.take(request, reply):
                    todo.append(request)
        except Exception as error:  # pylint: disable=broad-except
            self.wrong = error


class Hammering(unittest.TestCase):
    def test_nothing_is_lost_or_doubled(self):
        SCENE.enrol(*MEMBERS)
        begun = time.monotonic()
        hammers = [Hammer(number) for number in range(THREADS)]
        for hammer in hammers:
            hammer.start()
        for hammer in hammers:
            hammer.join()
        seconds = time.monotonic() - begun
        for hammer in hammers:
            if hammer.wrong is not None:
                raise hammer.wrong
        attempts = collections.Counter()
        for hammer in hammers:
            attempts.update(hammer.attempts)
        repeated = sum(attempts.values()) - len(attempts)
        print(f"{len(attempts)} requests in {seconds:.1f} s, {repeated} repeated by the client, "
              f"at most {max(attempts.values())} times")
        self.assertLess(max(attempts.values()), ATTEMPTS_MAX)
        self.assertLess(repeated, len(attempts) / 4)
        self.check_figures([entry for hammer in hammers for entry in hammer.journal])
        seqs = [seq for hammer in hammers for seq in hammer.seqs]
        self.assertEqual(len(seqs), len(set(seqs)), "two answers claim one record")
        self.check_retries(hammers[0])

    def check_figures(self, journal):
        balances = collections.Counter()
        awarded = 0
        for member, points in journal:
            balances[member] += points
            awarded += max(points, 0)
        for member in MEMBERS:
            for daemon in range(2):
                self.assertEqual(SCENE.get(member, daemon).standing.balance, balances[member])
        for daemon in range(2):
            totals = SCENE.totals(daemon)
            self.assertEqual(totals["points_awarded"], awarded)
            self.assertEqual(totals["balance"], sum(balances.values()))
            self.assertEqual(totals["accounts"], len(MEMBERS))

    def check_retries(self, hammer):
        """Answers from before many compactions are still given, by either daemon."""
        archived = sum(SCENE.redis.command("XLEN", f"ly:{{{partition}}}:arch")
                       for partition in range(16))
        print(f"{archived} compactions")
        self.assertGreater(archived, len(MEMBERS))
        status = frames.points.OutcomeStatus.Value
        definite = {status("OUTCOME_STATUS_APPLIED"), status("OUTCOME_STATUS_REFUSED")}
        for number, request_id in enumerate(list(hammer.attempts)[:50]):
            found = set()
            with SCENE.client("till", number % 2) as client:
                for member in MEMBERS:
                    request = frames.points.GetOutcomeRequest(member=frames.member_ref(member),
                                                              request_id=request_id)
                    found.add(client.ask("GetOutcome", request).status)
            self.assertTrue(found & definite, found)


if __name__ == "__main__":
    scene.run_tests(SCENE)
