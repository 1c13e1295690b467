#!/usr/bin/python3
"""Points are spent once, taken back once, and by whom they may: two tills at one moment through two
daemons, reversals that race their originals, a store's concentrator, and loyaltyctl.
"""

import threading
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import scene
from scene import now_ms

SCENE = scene.Scene(daemons=2)
SCENE.world.certificate("other-till", "pos/store-0007/till-03")
SCENE.world.certificate("store", "pos/store-7")
SCENE.world.certificate("sibling", "pos/store-7/till-1")
ROUNDS = 60


def result(reply):
    return frames.points.ReverseResult.Name(scene.must(reply).result)


class Pair:
    """Two tills, each on its own daemon, that ask at the same moment."""

    def __init__(self):
        self.clients = [SCENE.client("till", 0), SCENE.client("other-till", 1)]

    def close(self):
        for client in self.clients:
            client.close()

    def ask(self, *asked):
        """`asked`: (method, request) for each; the two replies."""
        replies = [None, None]
        start = threading.Barrier(2)

        def run(number):
            method, request = asked[number]
            start.wait()
            while True:  # as a till does: until the answer is definite
                reply = self.clients[number].call(method, request)
                if scene.code(reply) not in (scene.UNAVAILABLE, *scene.OPEN_OUTCOMES):
                    replies[number] = reply
                    return

        threads = [threading.Thread(target=run, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return replies


class Moments(unittest.TestCase):
    def setUp(self):
        self.pair = Pair()
        self.addCleanup(self.pair.close)

    def new_member(self, name):
        """With 1,000 points; gives the sale."""
        SCENE.enrol(name)
        sale = frames.award_request(name, 100000, now_ms())
        scene.must(self.pair.clients[0].call("Award", sale))
        return sale

    def check_one(self, replies, reason):
        """One is a yes, the other a no for this reason; the index of the yes."""
        codes = [scene.code(reply) for reply in replies]
        self.assertEqual(codes.count(scene.SERVES), 1, replies)
        first = codes.index(scene.SERVES)
        self.assertEqual(replies[1 - first].error.reason, reason)
        return first

    def test_the_last_points_are_spent_once(self):
        firsts = []
        for number in range(ROUNDS):
            name = f"last-{number}"
            self.new_member(name)
            make = {"Redeem": frames.redeem_request, "Reserve": frames.reserve_request}
            methods = [("Redeem", "Redeem"), ("Redeem", "Reserve"),
                       ("Reserve", "Reserve")][number % 3]
            replies = self.pair.ask(*[(method, make[method](name, 600, now_ms()))
                                      for method in methods])
            firsts.append(self.check_one(replies, "INSUFFICIENT_POINTS"))
            for daemon in range(2):
                standing = SCENE.get(name, daemon).standing
                self.assertEqual(standing.balance, 400)
                held = methods[firsts[-1]] == "Reserve"
                self.assertEqual(standing.held, 600 if held else 0)
        print(f"the first daemon was first {firsts.count(0)} times of {ROUNDS}")

    def test_a_reservation_is_captured_once(self):
        for number in range(ROUNDS // 2):
            name = f"held-{number}"
            self.new_member(name)
            hold = frames.reserve_request(name, 500, now_ms())
            scene.must(self.pair.clients[0].call("Reserve", hold))
            reservation = hold.mutation.request_id
            make, method = [(frames.capture_request, "Capture"),
                            (frames.release_request, "Release")][number % 2]
            replies = self.pair.ask(
                ("Capture", frames.capture_request(name, reservation, now_ms())),
                (method, make(name, reservation, now_ms())))
            captured = scene.code(replies[0]) == scene.SERVES or method == "Capture"
            self.check_one(replies, "HOLD_CAPTURED" if captured else "HOLD_RELEASED")
            standing = SCENE.get(name, 1).standing
            self.assertEqual((standing.balance, standing.held), (500 if captured else 1000, 0))

    def test_a_reversal_races_its_original(self):
        seen = set()
        for number in range(ROUNDS):
            name = f"race-{number}"
            self.new_member(name)
            sale = frames.award_request(name, 50000, now_ms())
            back = frames.reverse_request(name, sale, now_ms())
            sold, reversed_ = self.pair.ask(("Award", sale), ("Reverse", back))
            seen.add(result(reversed_))
            if result(reversed_) == "REVERSE_RESULT_REVERSED":
                self.assertEqual(scene.must(sold).points, 500)
            else:
                self.assertEqual(result(reversed_), "REVERSE_RESULT_ORIGINAL_NOT_FOUND")
                self.assertEqual(sold.error.reason, "REVERSED_BEFORE")
            for daemon in range(2):
                self.assertEqual(SCENE.get(name, daemon).standing.balance, 1000)
            # Whoever asks again is told the same, by the other daemon too.
            again = self.pair.ask(("Reverse", back), ("Award", sale))
            self.assertTrue(again[0].replayed)
            self.assertEqual(again[0].message, reversed_.message)
            self.assertEqual(scene.code(again[1]), scene.code(sold))
        print(f"reversals found {sorted(seen)}")

    def test_returned_twice_at_one_moment(self):
        for number in range(ROUNDS // 2):
            name = f"twice-{number}"
            sale = self.new_member(name)
            replies = self.pair.ask(
                *[("Reverse", frames.reverse_request(name, sale, now_ms(), amount_minor=60000))
                  for _ in range(2)])
            taken = sorted(scene.must(reply).points_taken for reply in replies)
            self.assertEqual(taken, [400, 600])
            self.assertEqual(SCENE.get(name).standing.balance, 0)


class Concentrators(unittest.TestCase):
    """A store's certificate acts for the terminals below its unit, and for nobody else."""

    def requests(self, name, sale, hold, unit):
        yield "Award", frames.award_request(name, 100, now_ms(), unit=unit)
        redeem = frames.redeem_request(name, 1, now_ms())
        redeem.unit = unit
        yield "Redeem", redeem
        yield "Reserve", frames.reserve_request(name, 1, now_ms(), unit=unit)
        yield "Capture", frames.capture_request(name, hold.mutation.request_id, now_ms(), points=1,
                                                unit=unit)
        yield "Release", frames.release_request(name, hold.mutation.request_id, now_ms(), unit=unit)
        yield "Reverse", frames.reverse_request(name, sale, now_ms(), amount_minor=100, unit=unit)

    def test_units(self):
        cases = [("store", "store-7/till-2", True), ("store", "store-7", True),
                 ("store", "store-8", False), ("store", "store-8/till-2", False),
                 ("store", "store-77", False), ("sibling", "store-7/till-2", False),
                 ("sibling", "store-7", False), ("sibling", "store-7/till-1", True)]
        for number, (certificate, unit, may) in enumerate(cases):
            name = f"unit-{number}"
            SCENE.enrol(name)
            with SCENE.client(certificate) as client:
                sale = frames.award_request(name, 100000, now_ms())
                hold = frames.reserve_request(name, 10, now_ms())
                scene.must(client.call("Award", sale))
                scene.must(client.call("Reserve", hold))
                for method, request in self.requests(name, sale, hold, unit):
                    reply = client.call(method, request)
                    with self.subTest(certificate=certificate, unit=unit, method=method):
                        if not may:
                            self.assertEqual(reply.error.reason, "WRONG_UNIT")
                        elif method == "Release":
                            self.assertEqual(reply.error.reason, "HOLD_CAPTURED")
                        else:
                            self.assertIsNone(reply.error)


class Ctl(unittest.TestCase):
    """loyaltyctl as a till."""

    def ctl(self, *arguments, check=True):
        return SCENE.world.ctl("--as", "till", *arguments, daemon=SCENE.daemons[0], check=check)

    def json(self, *arguments):
        return SCENE.world.ctl_json("--as", "till", *arguments, daemon=SCENE.daemons[0])

    def test_a_day_by_hand(self):
        SCENE.enrol("hanna")
        sale, hold, back = frames.new_id(), frames.new_id(), frames.new_id()
        self.ctl("award", "hanna", "--amount", "600.00", "--amount", "400.00", "--currency", "CNY",
                 "--request-id", sale)
        said = self.ctl("reserve", "hanna", "500", "--for", "600", "--request-id", hold).stdout
        self.assertIn("held", said)
        self.assertEqual(self.json("member", "get", "hanna")["standing"]["held"], 500)
        capture = self.json("capture", "hanna", hold, "--points", "300")
        self.assertEqual((capture["points"], capture["freed"]), (300, 200))
        refused = self.ctl("release", "hanna", hold, check=False)
        self.assertEqual(refused.returncode, 1)
        for repeated in (False, True):
            taken = self.json("reverse", "hanna", sale, "--line", "2", "--reason", "returned",
                              "--request-id", back)
            self.assertEqual(taken["result"], "REVERSED")
            self.assertEqual(taken["points_taken"], 400)
            self.assertEqual(taken["outcome"], "DUPLICATE" if repeated else "APPLIED")
        self.assertEqual(self.json("reverse", "hanna", hold)["points_returned"], 300)
        unseen = frames.new_id()
        self.assertEqual(self.ctl("reverse", "hanna", unseen, check=False).returncode, 1)
        self.assertEqual(self.json("reverse", "hanna", unseen, "--created", "now-1m")["result"],
                         "ORIGINAL_NOT_FOUND")
        outcome = self.ctl("outcome", "hanna", unseen).stdout
        self.assertIn("REVERSED_BEFORE", outcome)
        said = SCENE.world.ctl("--as", "backend", "member", "log", "hanna",
                               daemon=SCENE.daemons[0]).stdout
        for kind in ("reserved", "captured", "reversed", "tombstone"):
            self.assertIn(kind, said)
        self.assertEqual(self.json("member", "get", "hanna")["standing"]["balance"], 600)


if __name__ == "__main__":
    scene.run_tests(SCENE)
