#!/usr/bin/python3
"""Nothing is written under a false time or stale rules: a daemon whose clock is ten minutes fast,
one stopped during a publish, and one cut off from Redis during it, whose writes arrive when the new
version is in force.
"""

import time
import unittest

import support  # noqa: F401 (finds the rest)
import cable
import frames
import scene
import world
from scene import must, now_ms

CLUB = scene.Scene(daemons=2)
LEAD_MS = 60_000     # a version takes effect at least so far ahead
STOPPED, CUT = 1, 2  # daemons, by number


def wait_until(instant_ms):
    time.sleep(max(0, instant_ms - now_ms()) / 1000)


class FastClock(unittest.TestCase):
    def test_writes_nothing(self):
        CLUB.enrol("swift")
        fast = CLUB.start_daemon("fast", "--clock-offset-ms", "600000")
        request = frames.award_request("swift", 10000, now_ms())
        with fast.client("till") as client:
            before = CLUB.digest()
            reasons = set()
            for _ in range(20):
                reply = client.call("Award", request)
                self.assertEqual(scene.code(reply), scene.UNAVAILABLE, reply)
                reasons.add(reply.error.reason)
            print(f"a clock 10 minutes fast: {sorted(reasons)}")
            self.assertIn("CLOCK_SKEW", reasons)
            self.assertEqual(CLUB.digest(), before)
        with fast.client("backend") as client:
            reply = client.call("Enroll", frames.enrol_request("early", now_ms()))
            self.assertEqual(scene.code(reply), scene.UNAVAILABLE)
            self.assertEqual(CLUB.digest(), before)
        with CLUB.client() as client:
            self.assertFalse(client.call("Award", request).replayed)
        self.assertEqual(fast.stop(), 0)


class CutOff(unittest.TestCase):
    """One publish of a version with double points; three daemons, of which one publishes."""

    def setUp(self):
        self.cable = cable.Cable(f"{CLUB.world.folder}/cable", CLUB.redis.path)
        CLUB.daemons.append(CLUB.start_daemon("cut", path=self.cable.path))
        world.wait_for(lambda: CLUB.knows_program(CLUB.daemons[CUT]), "the third daemon")
        CLUB.enrol("anna")

    def publish(self):
        """Gives when it takes effect."""
        with CLUB.client("admin") as client:
            current = client.ask("GetProgram", frames.programs.GetProgramRequest())
            request = frames.programs.PublishProgramRequest(
                mutation=frames.mutation(None, now_ms()), program=current.program,
                etag=current.etag)
            request.program.earn.rules[0].rate.points = 2
            effective_ms = now_ms() + LEAD_MS + 2000
            request.effective_from.FromMilliseconds(effective_ms)
            self.assertEqual(client.ask("PublishProgram", request).version, 2)
        return effective_ms

    def warm_up(self):
        """All daemons know anna, and have a fresh lease."""
        for number in range(3):
            with CLUB.client("till", number) as client:
                reply = must(client.call("Award", frames.award_request("anna", 100, now_ms())))
                self.assertEqual(reply.program_version, 1)

    def test_publish(self):
        self.warm_up()
        stopped = CLUB.client("till", STOPPED)
        cut = CLUB.client("till", CUT)
        CLUB.daemons[STOPPED].pause()
        self.cable.hold()

        # Into the daemon that is cut off: its write waits in the cable until the rules are others.
        held = frames.award_request("anna", 100_000, now_ms())
        reply = cut.call("Award", held)
        self.assertIn(scene.code(reply), scene.OPEN_OUTCOMES, reply)

        effective_ms = self.publish()
        self.wait_while_cut_off_refuses(cut, effective_ms)
        # Into the stopped one: requests wait in its socket.
        waiting = [frames.award_request("anna", 10_000, now_ms()) for _ in range(5)]
        for request in waiting:
            stopped.submit("Award", request)
        wait_until(effective_ms + 500)
        CLUB.daemons[STOPPED].go_on()
        for _ in waiting:
            self.check_by_new_rules(stopped.receive()[1], 10_000)
        self.cable.let_go()
        self.check_held_never_landed(held)
        self.check_retries(waiting, held)
        stopped.close()
        cut.close()

    def wait_while_cut_off_refuses(self, cut, effective_ms):
        """What is asked of the daemon without Redis is answered no, and when its lease is over, at
        once and without a doubt."""
        wait_until(effective_ms - 30_000)
        for _ in range(3):
            begun = time.monotonic()
            reply = cut.call("Award", frames.award_request("anna", 200_000, now_ms()))
            self.assertEqual(scene.code(reply), scene.UNAVAILABLE, reply)
            self.assertLess(time.monotonic() - begun, 2.5)

    def check_by_new_rules(self, reply, minor):
        if reply.error is None:
            self.assertEqual(reply.message.program_version, 2, "awarded by stale rules")
            self.assertEqual(reply.message.points, 2 * minor // 100)
        else:
            self.assertIn(scene.code(reply), (scene.UNAVAILABLE, *scene.OPEN_OUTCOMES))

    def check_held_never_landed(self, held):
        request = frames.points.GetOutcomeRequest(member=frames.member_ref("anna"),
                                                  request_id=held.mutation.request_id)
        # The cable empties first: its daemon serves again.
        world.wait_for(lambda: CLUB.knows_program(CLUB.daemons[CUT]), "the daemon that was cut off")
        for number in (0, CUT):
            with CLUB.client("till", number) as client:
                world.wait_for(lambda c=client: c.call("GetOutcome", request).error is None,
                               "an outcome")
                status = client.ask("GetOutcome", request).status
                self.assertEqual(status, frames.points.OUTCOME_STATUS_NOT_SEEN_YET,
                                 "a write of 60 seconds ago landed")

    def check_retries(self, waiting, held):
        """Everything repeated: once each, by the rules of now."""
        for request in (*waiting, held):
            with CLUB.client("till", CUT) as client:
                reply = must(client.call("Award", request))
                self.assertEqual(reply.program_version, 2)
        expected = 3 * 1 + 2 * (5 * 100 + 1000)
        for number in range(3):
            self.assertEqual(CLUB.get("anna", number).standing.balance, expected)


if __name__ == "__main__":

    scene.run_tests(CLUB)
