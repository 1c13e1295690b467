#!/usr/bin/python3
"""Receipts over real daemons and a real Redis: one receipt at two counters, a terminal's guard
under load, a daemon killed between the claim and the sale, and a day reconciled by loyaltyctl.
"""

import datetime
import itertools
import json
import threading
import time
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import scene
import tap
import world
from scene import now_ms

GUARD = 20000
SCENE = scene.Scene(daemons=2, publish=False)
with open(f"{frames.SOURCE}/programs/retail.yaml", encoding="utf-8") as plain, \
        open(f"{SCENE.world.folder}/guarded.yaml", "w", encoding="utf-8") as guarded:
    guarded.write(f"{plain.read()}\nguards: {{points_a_terminal_day: {GUARD}}}\n")
SCENE.world.ctl("program", "publish", f"{SCENE.world.folder}/guarded.yaml", "--effective-from",
                "1996-01-01T00:00:00Z", daemon=SCENE.daemons[0])
for each in SCENE.daemons:
    world.wait_for(lambda d=each: SCENE.knows_program(d), "the program to be known")
for number in (1, 2, 3, 4, 5):
    SCENE.world.certificate(f"till-{number}", f"pos/store-9/till-0{number}")
SCENE.world.certificate("store", "pos/store-9")

ZONE = datetime.timezone(datetime.timedelta(hours=8))
DAY = datetime.datetime.now(ZONE).date().isoformat()
AGAIN = ("RECEIPT_BUSY", "STORE_UNAVAILABLE", "NO_LEASE", "OVERLOADED", "TOO_MANY_CONFLICTS")
PATIENCE_S = 60


def sale(member, minor, receipt, deadline_ms=None):
    request = frames.award_request(
        member, minor, now_ms(),
        receipt=frames.common.ReceiptKey(number=receipt, business_date=DAY))
    if deadline_ms is not None:
        stamp = frames.stamp(now_ms() + deadline_ms)
        request.mutation.deadline.CopyFrom(type(request.mutation.deadline)(**stamp))
    return request


def end_of(reply):
    """"OK", "REPLAYED" or the reason of the no."""
    if reply.error is not None:
        return reply.error.reason
    return "REPLAYED" if reply.replayed else "OK"


def until_definite(client, method, request):
    end_s = time.monotonic() + PATIENCE_S
    while True:
        reply = client.call(method, request)
        again = end_of(reply) in AGAIN or scene.code(reply) in scene.OPEN_OUTCOMES
        if not again:
            return reply
        assert time.monotonic() < end_s, reply
        time.sleep(0.05)


def balance(member):
    return SCENE.get(member).standing.balance


class Counters(unittest.TestCase):
    """Two counters that have the same till's receipts, at one moment, through two daemons."""

    ROUNDS = 100

    def run_counter(self, number, barrier):
        with SCENE.client("till-1", number) as client:
            for receipt in range(1, self.ROUNDS + 1):
                request = sale(f"counter-{number}", 100, receipt)
                barrier.wait()
                self.ends[number].append(end_of(until_definite(client, "Award", request)))

    def test_a_receipt_counts_once(self):
        SCENE.enrol("counter-0", "counter-1")
        self.ends = [[], []]
        barrier = threading.Barrier(2)
        threads = [threading.Thread(target=self.run_counter, args=(number, barrier))
                   for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for pair in zip(*self.ends):
            self.assertEqual(sorted(pair), ["OK", "RECEIPT_COUNTED"])
        self.assertEqual(balance("counter-0") + balance("counter-1"), self.ROUNDS)
        won = [ends.count("OK") for ends in self.ends]
        print(f"{won[0]} to {won[1]}")


class Guard(unittest.TestCase):
    """A terminal behind four connections sells more than it may."""

    SALES = 15  # a connection, of 500 points

    def run_lane(self, lane):
        with SCENE.client("till-2", lane % 2) as client:
            for number in range(self.SALES):
                request = sale(f"guarded-{lane}", 50000, 1000 * lane + number + 1)
                self.ends.append(end_of(until_definite(client, "Award", request)))

    def test_a_terminals_day_is_exact(self):
        members = [f"guarded-{lane}" for lane in range(4)]
        SCENE.enrol(*members)
        self.ends = []
        threads = [threading.Thread(target=self.run_lane, args=(lane,)) for lane in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.ends.count("OK"), GUARD // 500)
        self.assertEqual(self.ends.count("GUARD_TERMINAL_DAY"), 4 * self.SALES - GUARD // 500)
        self.assertEqual(sum(balance(member) for member in members), GUARD)

    def test_a_sale_needs_its_receipt(self):
        SCENE.enrol("without")
        with SCENE.client("till-2") as client:
            reply = client.call("Award", frames.award_request("without", 100, now_ms()))
        self.assertEqual((reply.error.reason, reply.error.field), ("MISSING", "sale.receipt"))


RECEIPTS = itertools.count(1)  # of till-3


def sell_and_die(case, member, moment, nth, deadline_ms=None):
    """Sells at till-3 through a daemon that is killed at a moment of its n-th append: the first is
    the claim, the second the sale. The request, and another's for the same receipt."""
    receipt = next(RECEIPTS)
    path = f"{SCENE.world.folder}/tap-{receipt}"
    line = tap.Tap(path, SCENE.redis.path)
    daemon = SCENE.start_daemon(f"tapped-{receipt}", path=path).wait_ready()
    world.wait_for(lambda: SCENE.knows_program(daemon), "the program to be known")
    SCENE.enrol(member, f"{member}-rival")
    trap = tap.Trap("append_if", moment, lambda owner: daemon.kill_now(), nth)
    request = sale(member, 5000, receipt, deadline_ms)
    client = daemon.client("till-3")
    line.trap = trap
    with case.assertRaises((frames.Closed, OSError)):
        client.call("Award", request)
    case.assertTrue(trap.sprung.wait(PATIENCE_S))
    return request, sale(f"{member}-rival", 3000, receipt)


class Crashes(unittest.TestCase):
    def test_a_claim_without_sale_is_taken_over(self):
        lost, rival = sell_and_die(self, "taken", tap.BEFORE, 2, deadline_ms=2000)
        with SCENE.client("till-3") as client:
            self.assertEqual(end_of(until_definite(client, "Award", rival)), "OK")
            lost.mutation.ClearField("deadline")
            self.assertEqual(end_of(client.call("Award", lost)), "RECEIPT_COUNTED")
        self.assertEqual((balance("taken"), balance("taken-rival")), (0, 30))

    def test_the_same_request_goes_on(self):
        lost, rival = sell_and_die(self, "same", tap.HELD, 1)
        with SCENE.client("till-3", 1) as client:
            self.assertEqual(end_of(until_definite(client, "Award", lost)), "OK")
            self.assertEqual(end_of(client.call("Award", rival)), "RECEIPT_COUNTED")
        self.assertEqual((balance("same"), balance("same-rival")), (50, 0))

    def test_a_sale_whose_answer_was_lost_has_its_receipt(self):
        lost, rival = sell_and_die(self, "late", tap.HELD, 2)
        with SCENE.client("till-3") as client:
            self.assertEqual(end_of(client.call("Award", rival)), "RECEIPT_COUNTED")
            self.assertEqual(end_of(client.call("Award", lost)), "REPLAYED")
        self.assertEqual((balance("late"), balance("late-rival")), (50, 0))

    def test_nothing_was_claimed(self):
        _, rival = sell_and_die(self, "free", tap.BEFORE, 1)
        with SCENE.client("till-3") as client:
            self.assertEqual(end_of(client.call("Award", rival)), "OK")
        self.assertEqual((balance("free"), balance("free-rival")), (0, 30))


class Days(unittest.TestCase):
    def ctl(self, *words, who="till-4"):
        """`till reconcile` of today: its exit code and what it says."""
        run = SCENE.world.ctl("--as", who, "-o", "json", "till", "reconcile", DAY, *words,
                              daemon=SCENE.daemons[0], check=False)
        return run.returncode, json.loads(run.stdout)

    def test_a_day_is_reconciled(self):
        SCENE.enrol("daily")
        sales = [sale("daily", 10000, receipt) for receipt in (1, 2, 3)]
        with SCENE.client("till-4") as client:
            for request in sales:
                client.ask("Award", request)
        book = ("--award", "2:200:200.00")
        ids = [request.mutation.request_id for request in sales]
        mine = frames.new_id()
        code, answer = self.ctl(*book, "--id", ids[0], "--id", ids[1], "--id", mine)
        self.assertEqual(code, 1)
        self.assertFalse(answer.get("in_balance"))
        found = {(item["side"], item["request_id"]) for item in answer["differences"]}
        self.assertEqual(found, {("SERVICE_ONLY", ids[2]), ("TILL_ONLY", mine)})
        code, answer = self.ctl("--award", "3:300:300.00", "--unit", "store-9/till-04", who="store")
        self.assertEqual(code, 0)
        self.assertTrue(answer["in_balance"] and answer["closed"])
        with SCENE.client("till-4") as client:
            client.ask("Award", sale("daily", 100, 4))
        code, answer = self.ctl("--award", "3:300:300.00")
        self.assertEqual((code, len(answer["differences"])), (1, 4))
        self.assertEqual(self.ctl("--award", "4:301:301.00")[0], 0)

    def test_a_crash_is_settled(self):
        lost, _ = sell_and_die(self, "settled", tap.HELD, 2)
        client = SCENE.client("till-3")
        request = frames.tills.ReconcileRequest(
            mutation=frames.mutation(None, now_ms()), business_date=DAY,
            request_ids=[lost.mutation.request_id])
        reply = until_definite(client, "Reconcile", request)
        self.assertNotIn(lost.mutation.request_id,
                         [item.request_id for item in scene.must(reply).differences])

    def test_terms(self):
        run = SCENE.world.ctl("--as", "till-4", "till", "terms", daemon=SCENE.daemons[0])
        self.assertIn("retail", run.stdout)
        self.assertIn("Asia/Shanghai", run.stdout)
        with SCENE.client("till-4") as client:
            terms = client.ask("GetTerms", frames.tills.GetTermsRequest())
        self.assertEqual((terms.program_version, terms.currency), (1, "CNY"))


class Verified(unittest.TestCase):
    def test_days_hold_together(self):
        """Runs last of all: members and days are verified alike."""
        self.assertGreater(SCENE.totals()["accounts"], 0)


if __name__ == "__main__":
    scene.run_tests(SCENE)
