#!/usr/bin/python3
"""The power goes at every step of a till: before each write to its file, in the middle of it,
before and after each send. What it had told its cashier holds, and nothing happens twice.

Each run has a member of its own, so that its balance is the sum of what that run did. Every other
step is taken, here the odd and there the even ones; LOYALTY_ALL_STEPS=1 takes all of them.
"""

import os
import unittest

import tool  # finds the rest
import frames
import scene
import wire
from scene import now_ms
from tool import DONE, Killed, Till

SCENE = scene.Scene()
SCENE.world.certificate("store", "pos/store-0007")
DAY = "2026-01-02"
START_POINTS = 5000
STEPS_MAX = 400


class Shift:
    """What a cashier does, with ids from a journal of his own."""

    def __init__(self, unit):
        self.member = unit
        self.unit = f"store-0007/{unit}"
        self.path = f"{SCENE.world.folder}/{unit}.queue"
        self.ids = [frames.new_id() for _ in range(6)]
        self.created = {}
        self.told = {}

    def work(self, till):
        """Raises Killed where the power goes."""
        award, redeem, part, hold, capture, last = self.ids
        self.do(till, "award", award, minor=20000, receipt=1, date=DAY)
        self.do(till, "redeem", redeem, points=300, receipt=2, date=DAY)
        self.do(till, "reverse", part, of=award, created=self.created[award], amount=5000,
                receipt=3, date=DAY)
        self.do(till, "reserve", hold, points=400)
        self.do(till, "capture", capture, of=hold, points=250, receipt=4, date=DAY)
        self.do(till, "award", last, minor=700, receipt=5, date=DAY)

    def do(self, till, command, request_id, **words):
        answer = getattr(till, command)(member=self.member, id=request_id, patience=20000, **words)
        self.told[request_id] = answer["status"]
        self.created[request_id] = answer["created"]

    def till(self, *options):
        return Till(SCENE.world, SCENE.daemons[0].port, self.path, "store",
                    ("--unit", self.unit, *options))

    def run(self, *options):
        """Whether it came to its end."""
        try:
            with self.till(*options) as till:
                till.online(ms=20000)
                self.work(till)
            return True
        except Killed:
            return False


def effect(row):
    """What a row has done to the balance."""
    if row["status"] not in DONE:
        return 0
    kind = tool.KINDS[row["kind"]]
    if kind == "award":
        return row["points"]
    if kind == "reverse":
        return row["returned"] - row["taken"]
    return -row["points"] if kind == "redeem" else 0


def hold_effect(rows):
    """Of a reservation and its capture together: (spent, still held)."""
    done = {tool.KINDS[row["kind"]]: row for row in rows if row["status"] in DONE}
    if "capture" in done:
        return done["capture"]["points"], 0
    # Reversed because nobody was told, a capture that was done has freed the rest.
    captured = any(row["status"] == "OFFLINE_REFUSED" and tool.KINDS[row["kind"]] == "capture"
                   for row in rows) and rows[-1].get("returned", 0) > 0
    return 0, done["reserve"]["points"] if "reserve" in done and not captured else 0


class Kills(unittest.TestCase):
    def check(self, shift, step):
        """The next day: the till starts again and its queue is emptied."""
        with shift.till() as till:
            unsure = [row["id"] for row in till.rows() if row["status"] == "OUTCOME_UNKNOWN"
                      and tool.KINDS[row["kind"]] in ("redeem", "reserve", "capture")]
            till.online(ms=20000)
            state = till.drain(ms=30000)
            self.assertEqual(state["open"], 0, (step, state))
            rows = till.rows()
            by_id = {row["id"]: row for row in rows}
            for request_id, status in shift.told.items():
                self.assertEqual(by_id[request_id]["status"], status, (step, by_id[request_id]))
            withdrawn = [row["id"] for row in rows if row["status"] == "OFFLINE_REFUSED"
                         and row["reason"] == "VOIDED"]
            self.assertEqual(withdrawn, unsure, (step, rows))
            ours = [row for row in rows if row["id"] in shift.ids]
            voids = [row for row in rows if row["id"] not in shift.ids]
            self.assertEqual(len(voids), len(withdrawn), (step, rows))
            spent, held = hold_effect(rows)
            expected = START_POINTS + sum(map(effect, ours)) - spent - held
            standing = SCENE.get(shift.member).standing
            self.assertEqual((standing.balance, standing.held), (expected, held), (step, rows))
            day = till.reconcile(date=DAY)
            self.assertTrue(day["in_balance"] and day["closed"], (step, day))

    def every_step(self, first, *options):
        every = 1 if os.environ.get("LOYALTY_ALL_STEPS") else 2
        for step in range(first, STEPS_MAX, every):
            unit = f"till-{len(options)}-{step}"
            SCENE.enrol(unit)
            with SCENE.client() as client:
                client.ask("Award", frames.award_request(unit, START_POINTS * 100, now_ms()))
            shift = Shift(unit)
            ended = shift.run("--kill-at", str(step), *options)
            self.check(shift, step)
            if ended:
                self.assertGreater(step, 50)
                return
        self.fail("it never came to its end")

    def test_before_a_step(self):
        self.every_step(1)

    def test_in_the_middle_of_a_write(self):
        self.every_step(2, "--torn")


class Clocks(unittest.TestCase):
    """Of a machine whose clock is ahead by a day, or was set while it was off."""

    def setUp(self):
        self.member = self.id().rsplit(".", 1)[1]
        self.path = f"{SCENE.world.folder}/{self.member}.queue"
        self.wire = wire.Wire(SCENE.daemons[0].port)
        self.addCleanup(self.wire.close)
        SCENE.enrol(self.member)

    def till(self, ahead_ms):
        return Till(SCENE.world, self.wire.port, self.path, "till",
                    ("--clock-ahead", str(ahead_ms)))

    def near(self, instant_ms, other_ms):
        self.assertLess(abs(instant_ms - other_ms), 60000)

    def test_a_wrong_clock_is_found_and_not_used(self):
        with self.till(86400000) as till:
            state = till.online(ms=20000)
            self.assertEqual(state["wrong"], 1)
            self.near(state["clock_error"], 86400000)
            self.near(state["now"], now_ms())
            self.wire.cut()
            till.disconnect()
            sale = till.award(member=self.member, minor=100, patience=100)
            self.assertEqual(sale["status"], "ACCEPTED_OFFLINE")
            self.near(sale["created"], now_ms())
        with self.till(86400000) as till:
            self.assertEqual(till.state()["wrong"], 1)
            self.near(till.state()["now"], now_ms())
        with self.till(-999999999) as till:
            learned = till.state()["learned"]
            self.assertEqual(till.state()["now"], learned)  # never before what was learned
            self.wire.mend()
            self.assertEqual(till.drain(ms=20000)["open"], 0)
            self.near(till.find(id=sale["id"])["occurred"], sale["created"])

    def test_before_the_first_connect(self):
        self.wire.cut()
        with self.till(86400000) as till:
            sale = till.award(member=self.member, minor=100, patience=100)
            back = till.reverse(member=self.member, of=sale["id"], created=sale["created"],
                                patience=100)
            self.near(sale["created"] - 86400000, now_ms())
            self.wire.mend()
            self.assertEqual(till.drain(ms=20000)["open"], 0)
            row = till.find(id=sale["id"])
            self.assertEqual(row["status"], "APPLIED")
            self.near(row["created"], now_ms())
            self.near(row["occurred"], now_ms())
            self.assertEqual(till.find(id=back["id"])["taken"], 1)


if __name__ == "__main__":
    scene.run_tests(SCENE)
