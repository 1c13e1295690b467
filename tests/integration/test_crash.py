#!/usr/bin/python3
"""SIGKILL of daemons and of Redis at random moments, with clients that repeat what has no definite
answer: every request took effect once, totals are exact, and what was acknowledged before Redis was
killed stands in its append-only file.

The oracle is the clients' own journal. LOYALTY_SEED and LOYALTY_KILLS choose the kills.
"""

import collections
import os
import random
import threading
import time
import unittest
import uuid

import support  # noqa: F401 (finds the rest)
import frames
import scene
from scene import now_ms

SEED = int(os.environ.get("LOYALTY_SEED") or random.randrange(10**9))
KILLS = int(os.environ.get("LOYALTY_KILLS") or 12)
print(f"LOYALTY_SEED={SEED}", flush=True)
MEMBERS = [f"m{number}" for number in range(4)]
CLIENTS = 4
WINDOW = 6
CLUB = scene.Scene(daemons=2, options=("--compact-bytes", "3000"))


class Till(threading.Thread):
    """Sends awards and redemptions through whichever daemon is there, until told to end; keeps a
    journal of what was acknowledged."""

    def __init__(self, number):
        super().__init__()
        self.random = random.Random(f"{SEED}/{number}")
        self.daemon_number = number % 2
        self.client = None
        self.ending = threading.Event()
        self.acknowledged = {}  # request id -> (member, points, seq)
        self.refused = set()
        self.lock = threading.Lock()
        self.repeated = 0
        self.wrong = None

    def make(self):
        member = self.random.choice(MEMBERS)
        if self.random.random() < 0.2:
            return member, "Redeem", frames.redeem_request(member, self.random.randint(1, 3),
                                                           now_ms())
        return member, "Award", frames.award_request(member, self.random.randrange(100, 5000),
                                                     now_ms())

    def take(self, request, reply):
        member, method, message = request
        if reply.error is None:
            points = reply.message.points * (1 if method == "Award" else -1)
            with self.lock:
                self.acknowledged[message.mutation.request_id] = (member, points,
                                                                  reply.message.seq)
            return True
        if reply.error.code == scene.UNAVAILABLE or reply.error.code in scene.OPEN_OUTCOMES:
            return False
        assert reply.error.reason == "INSUFFICIENT_POINTS", reply.error
        self.refused.add(message.mutation.request_id)
        return True

    def connect(self):
        while self.client is None:
            try:
                self.client = CLUB.client("till", self.daemon_number)
            except OSError:
                self.daemon_number = 1 - self.daemon_number
                time.sleep(0.02)

    def run(self):
        todo = []
        try:
            while todo or not self.ending.is_set():
                self.connect()
                todo = self.send_some(todo)
        except Exception as error:  # pylint: disable=broad-except
            self.wrong = error

    def send_some(self, todo):
        """A round of pipelined requests; what is left without a definite answer."""
        while len(todo) < WINDOW and not self.ending.is_set():
            todo.append(self.make())
        waiting = {}
        left = []
        try:
            for request in todo:
                waiting[self.client.submit(request[1], request[2])] = request
            while waiting:
                correlation, reply = self.client.receive()
                request = waiting.pop(correlation)
                if not self.take(request, reply):
                    left.append(request)
        except frames.Closed:
            self.client = None
            left += [request for request in todo if request not in left
                     and request[2].mutation.request_id not in self.acknowledged
                     and request[2].mutation.request_id not in self.refused]
        if left:
            self.repeated += len(left)
            time.sleep(0.01)
        return left


class Crashes(unittest.TestCase):
    def setUp(self):
        self.random = random.Random(SEED)
        self.in_file = set()
        self.file_bytes = 0

    def appended(self):
        """All bytes of Redis's append-only files."""
        data = b""
        folder = f"{CLUB.redis.folder}/appendonlydir"
        for name in sorted(os.listdir(folder)):
            if name.endswith((".aof", ".rdb")):
                with open(f"{folder}/{name}", "rb") as file:
                    data += file.read()
        return data

    def check_in_file(self, tills):
        """Redis is dead: what was acknowledged so far must be on disk."""
        known = set()
        for till in tills:
            with till.lock:
                known.update(till.acknowledged)
        data = self.appended()
        fresh = data[self.file_bytes:]  # most of what is new since the last look is here
        for request_id in known - self.in_file:
            wanted = uuid.UUID(request_id).bytes
            self.assertTrue(wanted in fresh or wanted in data, "acknowledged, but not on disk")
        self.in_file = known
        self.file_bytes = len(data)

    def kill_something(self, tills, number):
        what = self.random.choice(["daemon", "redis", "both", "all"])
        victims = [self.random.randrange(2)] if what in ("daemon", "both") else []
        victims = [0, 1] if what == "all" else victims
        for victim in victims:
            CLUB.daemons[victim].kill()
        if what != "daemon":
            CLUB.redis.kill()
            self.check_in_file(tills)
            CLUB.restart_redis()
        for victim in victims:
            CLUB.daemons[victim] = CLUB.start_daemon(f"daemon-{victim}-{number}")
        for daemon in CLUB.daemons:
            daemon.wait_ready()

    def test_kills(self):
        CLUB.enrol(*MEMBERS)
        tills = [Till(number) for number in range(CLIENTS)]
        for till in tills:
            till.start()
        for number in range(KILLS):
            # Until some more was acknowledged, and then a random while.
            goal = sum(len(till.acknowledged) for till in tills) + self.random.randrange(1, 600)
            scene.world.wait_for(lambda g=goal: sum(len(t.acknowledged) for t in tills) >= g
                                 or any(t.wrong for t in tills), "tills to get on", 120)
            time.sleep(self.random.random() / 20)
            self.kill_something(tills, number)
        for till in tills:
            till.ending.set()
        for till in tills:
            till.join()
            if till.wrong is not None:
                raise till.wrong
        self.check(tills)

    def check(self, tills):
        acknowledged = {}
        for till in tills:
            acknowledged.update(till.acknowledged)
        print(f"{KILLS} kills, {len(acknowledged)} acknowledged, "
              f"{sum(till.repeated for till in tills)} repeated, {len(self.in_file)} found on disk")
        balances = collections.Counter()
        awarded = 0
        places = set()
        for member, points, seq in acknowledged.values():
            balances[member] += points
            awarded += max(points, 0)
            places.add((member, seq))
        self.assertEqual(len(places), len(acknowledged), "two answers claim one record")
        for daemon in range(2):
            totals = CLUB.totals(daemon)
            self.assertEqual(totals["points_awarded"], awarded)
            self.assertEqual(totals["balance"], sum(balances.values()))
            for member in MEMBERS:
                self.assertEqual(CLUB.get(member, daemon).standing.balance, balances[member])


if __name__ == "__main__":
    scene.run_tests(CLUB)
