#!/usr/bin/python3
"""A till and its queue while the service is away, and after: what was promised is done once, what
was refused never is, and at the end the day agrees."""

import os
import sqlite3
import unittest

import tool  # finds the rest
import frames
import scene
import wire
import world
from frames import utc_ms
from tool import Till

FLOOR = "  minimum_points: 100\n  offline_floor_points: 500\n"
START = utc_ms("2026-05-30T10:00:00+08:00")
DAY = "2026-05-30"
PATIENCE = 300

SCENE = scene.Scene(options=("--sandbox",), publish=False)


def set_clock(instant_ms):
    with SCENE.client("admin") as client:
        client.ask("SetClock", frames.clock.SetClockRequest(now=frames.stamp(instant_ms)))


def now_ms():
    with SCENE.client("admin") as client:
        return frames.instant_ms(client.ask("GetClock", frames.clock.GetClockRequest()).now)


def enrol(member):
    with SCENE.client("admin") as client:
        client.ask("Enroll", frames.enrol_request(
            member, now_ms(), enrolled_ms=utc_ms("2026-01-10T12:00:00+08:00")))


def balance(member):
    return SCENE.get(member).standing.balance


def publish():
    set_clock(START)
    with open(f"{frames.SOURCE}/programs/retail.yaml", encoding="utf-8") as file:
        text = file.read()
    path = f"{SCENE.world.folder}/floor.yaml"
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("redeem:\n", f"redeem:\n{FLOOR}"))
    SCENE.world.publish(SCENE.daemons[0], os.path.relpath(path, f"{frames.SOURCE}/programs"))
    world.wait_for(lambda: SCENE.knows_program(SCENE.daemons[0]), "the program to be known")


publish()


class Case(unittest.TestCase):
    """Each has a till, a certificate and a member of its own."""

    serial = 0

    def setUp(self):
        Case.serial += 1
        self.name = f"till-{Case.serial:02}"
        self.member = f"member-{Case.serial}"
        self.queue = f"{SCENE.world.folder}/{self.name}.queue"
        self.wire = wire.Wire(SCENE.daemons[0].port)
        SCENE.world.certificate(self.name, f"pos/store-0007/{self.name}")
        self.addCleanup(self.wire.close)
        enrol(self.member)

    def till(self, *options):
        return Till(SCENE.world, self.wire.port, self.queue, self.name, options)

    def online(self, till):
        self.assertEqual(till.online(ms=20000)["online"], 1)

    def drained(self, till):
        state = till.drain(ms=30000)
        self.assertEqual(state["open"], 0, state)
        return state

    def award(self, till, minor, **more):
        return till.award(member=self.member, minor=minor, patience=PATIENCE, **more)

    def redeem(self, till, points, **more):
        return till.redeem(member=self.member, points=points, patience=PATIENCE, **more)


class Offline(Case):
    def test_z_a_sale_keeps_its_day(self):
        """E9: made offline on 30 May, it arrives on 4 June: silver from the re-scoring between.
        The last one here, for it moves the clock."""
        with self.till() as till:
            self.online(till)
            self.wire.cut()
            answer = self.award(till, 250000, receipt=1, date=DAY)
            self.assertEqual(answer["status"], "ACCEPTED_OFFLINE")
            self.assertIn("will follow", answer["note"])
            till.kill()
        set_clock(utc_ms("2026-06-04T09:00:00+08:00"))
        with self.till() as till:
            self.assertEqual(till.state()["open"], 1)
            self.wire.mend()
            self.drained(till)
            row = till.find(id=answer["id"])
            self.assertEqual((row["status"], row["points"]), ("APPLIED", 2500))
            self.assertEqual((row["occurred"], row["card"]), (START, "silver"))
            self.assertEqual(row["card_from"], utc_ms("2026-06-01T00:00:00+08:00"))
            self.assertTrue(till.reconcile(date=DAY)["closed"])

    def test_redemptions_up_to_the_floor(self):
        with self.till() as till:
            self.online(till)
            self.award(till, 100000)
            self.assertEqual(till.terms()["floor"], 500)
            self.wire.cut()
            accepted = self.redeem(till, 300)
            self.assertEqual(accepted["status"], "ACCEPTED_OFFLINE")
            self.assertEqual((accepted["points"], accepted["value"], accepted["currency"]),
                             (300, 300, "CNY"))
            over = self.redeem(till, 201)
            self.assertEqual((over["status"], over["reason"]), ("OFFLINE_REFUSED", "OVER_FLOOR"))
            self.assertEqual(self.redeem(till, 99)["reason"], "OFFLINE")  # below the minimum
            self.assertEqual(self.redeem(till, 200)["status"], "ACCEPTED_OFFLINE")
            self.assertEqual(self.redeem(till, 100)["reason"], "OVER_FLOOR")
            self.wire.mend()
            self.drained(till)
            self.assertEqual(balance(self.member), 500)
            self.assertEqual(till.state()["exceptions"], 0)
            self.assertEqual([row["status"] for row in till.rows()],
                             ["APPLIED", "APPLIED", "OFFLINE_REFUSED", "OFFLINE_REFUSED", "APPLIED",
                              "OFFLINE_REFUSED"])

    def test_without_terms_nothing_is_spent(self):
        self.wire.cut()
        with self.till() as till:
            answer = self.redeem(till, 100)
            self.assertEqual((answer["status"], answer["reason"]), ("OFFLINE_REFUSED", "OFFLINE"))
            self.assertEqual(self.award(till, 1000)["status"], "ACCEPTED_OFFLINE")
            reverse = till.reverse(member=self.member, of=frames.new_id(), created=START,
                                   patience=PATIENCE)
            self.assertEqual(reverse["status"], "ACCEPTED_OFFLINE")
            self.wire.mend()
            self.drained(till)
            self.assertEqual(till.rows()[-1]["result"],
                             frames.points.REVERSE_RESULT_ORIGINAL_NOT_FOUND)
        self.assertEqual(balance(self.member), 10)

    def test_what_is_refused_later_is_listed_until_it_is_dealt_with(self):
        with self.till() as till:
            self.online(till)
            self.wire.cut()
            risk = self.redeem(till, 400)
            self.assertEqual(risk["status"], "ACCEPTED_OFFLINE")
        self.wire.mend()
        with self.till() as till:
            self.assertEqual(self.drained(till)["exceptions"], 1)
            listed = till.rows("exceptions")
            self.assertEqual([(row["id"], row["status"], row["reason"]) for row in listed],
                             [(risk["id"], "REFUSED", "INSUFFICIENT_POINTS")])
            self.assertTrue(till.acknowledge(sequence=listed[0]["sequence"])["done"])
            self.assertFalse(till.acknowledge(sequence=listed[0]["sequence"])["done"])
            self.assertEqual(till.rows("exceptions"), [])
            self.assertEqual(till.find(id=risk["id"])["status"], "REFUSED")

    def test_order_is_kept(self):
        """Each spends what the one before it has given: in another order one would be refused."""
        with self.till() as till:
            self.online(till)
            self.wire.cut()
            for _ in range(5):
                self.award(till, 10000)
                self.redeem(till, 100)
            self.wire.mend()
            self.assertEqual(self.drained(till)["exceptions"], 0)
            self.assertEqual({row["status"] for row in till.rows()}, {"APPLIED"})
        account = SCENE.get(self.member)
        self.assertEqual((account.standing.balance, account.seq), (0, 11))

    def test_a_hold_over_a_cut(self):
        with self.till() as till:
            self.online(till)
            self.award(till, 100000)
            hold = till.reserve(member=self.member, points=300)
            self.assertEqual((hold["status"], hold["held"]), ("APPLIED", 300))
            self.wire.cut()
            capture = till.capture(member=self.member, of=hold["id"], patience=PATIENCE)
            self.assertEqual((capture["status"], capture["points"]), ("ACCEPTED_OFFLINE", 300))
            later = till.reserve(member=self.member, points=200, patience=PATIENCE)
            self.assertEqual(later["status"], "ACCEPTED_OFFLINE")
            free = till.release(member=self.member, of=later["id"], patience=PATIENCE)
            self.assertEqual(free["status"], "ACCEPTED_OFFLINE")
            self.wire.mend()
            self.drained(till)
            self.assertEqual(till.find(id=free["id"])["freed"], 200)
        standing = SCENE.get(self.member).standing
        self.assertEqual((standing.balance, standing.held), (700, 0))


class LostAnswers(Case):
    def test_an_award_counts_once(self):
        with self.till() as till:
            self.online(till)
            self.wire.mute()
            answer = self.award(till, 5000, receipt=1, date=DAY)
            self.assertEqual(answer["status"], "ACCEPTED_OFFLINE")
            world.wait_for(lambda: balance(self.member) == 50, "the award to be posted")
            self.wire.mend()
            self.drained(till)
            self.assertEqual(till.find(id=answer["id"])["status"], "DUPLICATE")
            self.assertEqual(till.totals(date=DAY)["till"][0], [1, 50, 5000])
        self.assertEqual(balance(self.member), 50)

    def test_a_redemption_refused_here_is_spent_nowhere(self):
        """It was done there; the cashier was told that it was not."""
        with self.till() as till:
            self.online(till)
            self.award(till, 100000, receipt=1, date=DAY)
            self.wire.mute()
            answer = self.redeem(till, 600, receipt=2, date=DAY)
            self.assertEqual((answer["status"], answer["reason"]),
                             ("OFFLINE_REFUSED", "OVER_FLOOR"))
            world.wait_for(lambda: balance(self.member) == 400, "the redemption to be posted")
            self.wire.mend()
            self.drained(till)
            rows = till.rows()
            self.assertEqual([row["status"] for row in rows],
                             ["APPLIED", "OFFLINE_REFUSED", "APPLIED"])
            self.assertEqual((rows[2]["kind"], rows[2]["returned"]), (6, 600))
            self.assertEqual(balance(self.member), 1000)
            day = till.reconcile(date=DAY)
            self.assertTrue(day["in_balance"] and day["closed"], day)
            self.assertEqual(day["till"][1], [1, 600, 0])

    def half_a_redemption(self, request_id):
        """The power goes while its answer is under way."""
        with self.till() as till:
            self.online(till)
            self.award(till, 100000)
            self.wire.mute()
            till.tell(f"submit redeem member {self.member} points 600 id {request_id}")
            till.drain(ms=100)
            world.wait_for(lambda: balance(self.member) == 400, "the redemption to be posted")
            till.kill()
        self.wire.mend()

    def test_handed_in_again_after_a_power_cut(self):
        request_id = frames.new_id()
        self.half_a_redemption(request_id)
        with self.till() as till:
            again = till.redeem(member=self.member, points=600, id=request_id, patience=20000)
            self.assertEqual((again["status"], again["points"]), ("DUPLICATE", 600))
            self.assertEqual(len(till.rows()), 2)
        self.assertEqual(balance(self.member), 400)

    def test_not_handed_in_again_after_a_power_cut(self):
        request_id = frames.new_id()
        self.half_a_redemption(request_id)
        with self.till() as till:
            self.online(till)
            self.drained(till)
            late = till.redeem(member=self.member, points=600, id=request_id, patience=20000)
            self.assertEqual((late["status"], late["reason"]), ("OFFLINE_REFUSED", "VOIDED"))
        self.assertEqual(balance(self.member), 1000)

    def test_a_redemption_that_comes_behind_its_reversal_is_refused(self):
        with self.till() as till:
            self.online(till)
            self.award(till, 100000)
            SCENE.daemons[0].pause()
            answer = self.redeem(till, 600)
            self.assertEqual(answer["status"], "OFFLINE_REFUSED")
            self.wire.cut()
            SCENE.daemons[0].go_on()
            self.wire.mend()
            self.drained(till)
        with SCENE.client(self.name) as client:
            again = client.call("Redeem", frames.redeem_request(self.member, 600, START,
                                                                answer["id"]))
            self.assertIn(again.error.reason if again.error else "replayed",
                          ("REVERSED_BEFORE", "replayed"))
        self.assertEqual(balance(self.member), 1000)


class Repeats(Case):
    def test_an_intent_is_in_the_queue_once(self):
        request_id = frames.new_id()
        with self.till() as till:
            first = self.award(till, 5000, id=request_id)
            again = self.award(till, 5000, id=request_id.upper())
            self.assertEqual((first["status"], first), ("APPLIED", again))
            other = self.award(till, 5001, id=request_id)
            self.assertEqual((other["status"], other["reason"]), ("REFUSED", "ID_CONFLICT"))
            self.wire.cut()
            till.disconnect()
            second = frames.new_id()
            for _ in range(2):
                self.assertEqual(self.award(till, 700, id=second)["status"], "ACCEPTED_OFFLINE")
            self.wire.mend()
            self.drained(till)
            self.assertEqual(len(till.rows()), 2)
        self.assertEqual(balance(self.member), 57)

    def test_what_cannot_be_said_is_not_stored(self):
        with self.till() as till:
            for bad in (self.award(till, 1, id="no-uuid"), self.award(till, 1, lines=257),
                        self.award(till, 1, receipt=1), self.award(till, 1, receipt=1, date="May"),
                        till.award(member="m" * 80, minor=1), till.award(minor=1)):
                self.assertEqual((bad["status"], bad["reason"]), ("REFUSED", "BAD_REQUEST"))
            self.assertEqual(till.rows(), [])

    def test_the_queue_is_bounded(self):
        self.wire.cut()
        with self.till("--open-max", "3") as till:
            for _ in range(3):
                self.assertEqual(self.award(till, 100)["status"], "ACCEPTED_OFFLINE")
            full = self.award(till, 100)
            self.assertEqual((full["status"], full["reason"]), ("RETRY_LATER", "QUEUE_FULL"))
            self.wire.mend()
            self.drained(till)
            self.assertEqual(self.award(till, 100, id=full["id"])["status"], "APPLIED")
        self.assertEqual(balance(self.member), 4)

    def test_answers_come_without_waiting(self):
        with self.till() as till:
            self.online(till)
            self.assertTrue(till.tell(f"submit award member {self.member} minor 900")["stored"])
            self.assertEqual(till.drain(ms=20000)["status"], "APPLIED")
            self.assertEqual(till.next_answer()["open"], 0)


class Disk(Case):
    def test_a_full_disk_refuses_and_loses_nothing(self):
        with self.till() as till:
            self.online(till)
            self.award(till, 100000)
            till.full(on=1)
            full = self.award(till, 5000)
            self.assertEqual((full["status"], full["reason"]), ("RETRY_LATER", "LOCAL_STORE"))
            self.assertEqual(self.redeem(till, 100)["reason"], "LOCAL_STORE")
            till.drain(ms=200)
            self.assertEqual(balance(self.member), 1000)
            till.full(on=0)
            self.assertEqual(self.award(till, 5000, id=full["id"])["status"], "APPLIED")
            self.assertEqual(len(till.rows()), 2)
        self.assertEqual(balance(self.member), 1050)

    def test_a_file_that_may_not_grow(self):
        with self.till() as till:
            self.online(till)
            size = os.stat(f"{self.queue}-wal").st_size
            till.limit(bytes=size + 20000)
            stored, refused = 0, 0
            for _ in range(12):
                status = self.award(till, 100)["status"]
                stored += status in ("APPLIED", "ACCEPTED_OFFLINE")
                refused += status == "RETRY_LATER"
            self.assertGreater(refused, 0)
            till.limit(bytes=-1)
            self.drained(till)
            self.assertEqual(len(till.rows()), stored)
            self.assertEqual(self.award(till, 100)["status"], "APPLIED")
        self.assertEqual(balance(self.member), stored + 1)

    def test_full_between_the_request_and_its_answer(self):
        """What was done there cannot be noted here: the award is promised, the redemption refused,
        and both come true when there is room again."""
        with self.till() as till:
            self.online(till)
            self.award(till, 100000)
            SCENE.daemons[0].pause()
            till.tell(f"submit award member {self.member} minor 5000 patience 100")
            till.full(on=1)
            SCENE.daemons[0].go_on()
            answer = till.drain(ms=500)
            self.assertEqual(answer["status"], "ACCEPTED_OFFLINE")
            self.assertEqual(till.next_answer()["open"], 1)
            till.full(on=0)
            self.drained(till)
            self.assertEqual(balance(self.member), 1050)
            SCENE.daemons[0].pause()
            till.tell(f"submit redeem member {self.member} points 600 patience 100")
            till.full(on=1)
            SCENE.daemons[0].go_on()
            answer = till.drain(ms=500)
            self.assertEqual(answer["status"], "OFFLINE_REFUSED")
            till.next_answer()
            world.wait_for(lambda: balance(self.member) == 450, "the redemption to be posted")
            till.full(on=0)
            self.drained(till)
        self.assertEqual(balance(self.member), 1050)

    def test_whose_file_it_is(self):
        with self.till() as till:
            self.award(till, 100)
            self.assertIn("another process",
                          tool.refused_at_open(SCENE.world, self.wire.port, self.queue, self.name))
        self.assertIn("another certificate",
                      tool.refused_at_open(SCENE.world, self.wire.port, self.queue, "till"))
        self.assertIn("another unit",
                      tool.refused_at_open(SCENE.world, self.wire.port, self.queue, self.name,
                                           ("--unit", "store-0007/till-99")))
        self.assertIn("no till",
                      tool.refused_at_open(SCENE.world, self.wire.port, self.queue, "server"))
        self.assertEqual(os.stat(self.queue).st_mode & 0o777, 0o600)
        with open(self.queue, "r+b") as file:
            file.seek(4096)
            file.write(os.urandom(200))
        self.assertIn(".queue: ",
                      tool.refused_at_open(SCENE.world, self.wire.port, self.queue, self.name))


class Days(Case):
    def test_a_day_agrees(self):
        with self.till() as till:
            sale = self.award(till, 100000, receipt=1, date=DAY)
            spent = self.redeem(till, 300, receipt=2, date=DAY)
            till.reverse(member=self.member, of=sale["id"], created=sale["created"], amount=1000,
                         receipt=3, date=DAY)
            till.reverse(member=self.member, of=spent["id"], created=spent["created"], points=100,
                         receipt=4, date=DAY)
            self.award(till, 700, receipt=5, date=DAY, training=1)
            day = till.reconcile(date=DAY)
            self.assertEqual(day["till"], [[1, 1000, 100000], [1, 300, 0], [1, 10, 1000],
                                           [1, 100, 0]])
            self.assertEqual(day["service"], day["till"])
            self.assertTrue(day["in_balance"] and day["closed"])

    def test_differences_on_either_side(self):
        with self.till() as till:
            self.award(till, 100000, receipt=1, date=DAY)
            stray = self.stray(9)
            with SCENE.client(self.name) as client:
                client.ask("Award", stray)
            self.wire.cut()
            till.disconnect()
            self.award(till, 100)
            self.assertEqual(till.reconcile(date=DAY)["reason"], "QUEUE_NOT_EMPTY")
            self.wire.mend()
            self.drained(till)
            day = till.reconcile(date=DAY)
            self.assertEqual((day["status"], day["in_balance"], day["closed"]),
                             ("APPLIED", False, False))
            self.assertEqual([(each["side"], each["id"], each["receipt"], each["service"])
                              for each in day["differences"]],
                             [(1, stray.mutation.request_id, 9, [1, 100])])

    def stray(self, number):
        """A sale under this terminal's receipt that its till knows nothing of."""
        request = frames.award_request(self.member, 100, START)
        request.sale.receipt.number = number
        request.sale.receipt.business_date = DAY
        return request

    def test_many_differences(self):
        """More than a page of them."""
        count = 210
        with SCENE.client(self.name) as client:
            for _, reply in client.each((i, "Award", self.stray(i + 1)) for i in range(count)):
                self.assertIsNone(reply.error)
        with self.till() as till:
            self.online(till)
            day = till.reconcile(date=DAY)
            self.assertEqual(day["service"][0], [count, count, count * 100])
            self.assertEqual(sorted(each["receipt"] for each in day["differences"]),
                             list(range(1, count + 1)))

    def test_a_book_that_is_wrong_is_found_out(self):
        with self.till() as till:
            more = self.award(till, 100000, receipt=1, date=DAY)["id"]
            other = self.award(till, 500, receipt=2, date="2026-05-29")["id"]
        with sqlite3.connect(self.queue) as file:
            file.execute("UPDATE queue SET posted_points = 1001 WHERE request_id = ?", (more,))
            file.execute("UPDATE queue SET business_date = ? WHERE request_id = ?", (DAY, other))
        file.close()
        with self.till() as till:
            self.online(till)
            day = till.reconcile(date=DAY)
            self.assertEqual([(each["side"], each["id"], each["service"], each["till"])
                              for each in day["differences"]],
                             [(3, more, [1000, 100000], [1001, 100000]),
                              (2, other, [0, 0], [5, 500])])

    def test_a_stores_certificate_for_its_terminals(self):
        SCENE.world.certificate("store", "pos/store-0007")
        unit = "store-0007/till-90"
        with Till(SCENE.world, self.wire.port, self.queue, "store", ("--unit", unit)) as till:
            self.assertEqual(self.award(till, 5000, receipt=1, date=DAY)["status"], "APPLIED")
            self.assertTrue(till.reconcile(date=DAY)["closed"])
        self.assertEqual(balance(self.member), 50)


if __name__ == "__main__":
    scene.run_tests(SCENE)
