#!/usr/bin/python3
"""The model's holds and reversals, with figures worked out by hand from domain.md."""

import dataclasses
import datetime
import unittest

from club_calendar import DAY_MS
from club_model import Member, Opening, Part, Program, Refused, Sale, Versions, enrol
from test_club_model import RETAIL, amount, at, club, refusal, told

DAY = datetime.date
HELD_LONG = {"hold_seconds": 400 * 86400, "value": {"points": 3, "money_minor": 100}}


def figures(done):
    """Of a reversal: its result, and what is not 0."""
    said = {name: value for name, value in dataclasses.asdict(done).items() if value}
    return {name: value for name, value in said.items() if name not in ("of", "lots")}


class Holds(unittest.TestCase):
    """A member with lots {300 to 2026-04-01, 400 to 2026-07-01}."""

    def setUp(self):
        self.anna = self.two_lots(club(redeem=HELD_LONG))

    def two_lots(self, versions):
        anna = Member(versions, at("2025-01-01"))
        anna.sale(at("2025-03-05"), amount(30000), "march")
        anna.sale(at("2025-06-20"), amount(40000), "june")
        return anna

    def tearDown(self):
        self.anna.check()

    def reserve(self, seconds=0, points=500):
        return self.anna.reserve(at("2026-03-01"), points, seconds, "hold")

    def test_reserve(self):
        hold = self.reserve()
        self.assertEqual(hold.lots, ((at("2026-04-01"), 300), (at("2026-07-01"), 200)))
        self.assertEqual((hold.value, hold.lapses_ms), (16666, at("2027-04-05")))
        look = self.anna.at(at("2026-06-30"))
        self.assertEqual((look.balance, look.held, look.expired), (200, 500, 0))
        self.assertEqual(refusal(self.anna.reserve, at("2026-03-01"), 201),
                         {"INSUFFICIENT_POINTS": (201, 200)})

    def test_part_captured_after_a_lot_ended(self):
        self.reserve()
        spent, freed = self.anna.capture(at("2026-05-02"), "hold", 350, "spent")
        self.assertEqual(spent.lots, ((at("2026-04-01"), 300), (at("2026-07-01"), 50)))
        self.assertEqual((spent.value, freed.points, freed.expired), (11666, 150, 0))
        self.assertEqual((self.anna.balance, self.anna.held, self.anna.redeemed), (350, 0, 350))
        for again in (self.anna.capture, self.anna.release):
            self.assertEqual(list(refusal(again, at("2026-05-03"), "hold")), ["HOLD_CAPTURED"])

    def test_little_captured_after_a_lot_ended(self):
        self.reserve()
        _, freed = self.anna.capture(at("2026-05-02"), "hold", 100)
        self.assertEqual((freed.points, freed.expired, self.anna.balance), (400, 200, 400))

    def test_released_after_a_lot_ended(self):
        self.reserve()
        freed = self.anna.release(at("2026-04-01"), "hold")
        self.assertEqual((freed.points, freed.expired, self.anna.balance), (500, 300, 400))
        self.assertEqual(list(refusal(self.anna.capture, at("2026-04-01"), "hold")),
                         ["HOLD_RELEASED"])

    def test_lapse(self):
        """At a lot's very end: what is spendable of it ends, and what the hold frees."""
        lapses = (at("2026-04-01") - at("2026-03-01")) // 1000
        self.reserve(lapses, 200)
        before = self.anna.at(at("2026-04-01") - 1)
        self.assertEqual((before.balance, before.held, before.due()),
                         (500, 200, at("2026-04-01")))
        self.assertEqual(before.capture(before.now_ms, "hold")[1].points, 0)
        self.assertEqual(list(refusal(self.anna.capture, at("2026-04-01"), "hold")),
                         ["HOLD_LAPSED"])
        self.assertEqual((self.anna.now_ms, self.anna.balance, self.anna.expired),
                         (at("2026-04-01"), 400, 300))
        self.assertEqual(figures(self.anna.reverse(at("2026-04-01"), "hold")),
                         {"result": "NOTHING_TO_REVERSE"})

    def test_refused(self):
        self.reserve()
        now = at("2026-03-02")
        self.anna.redeem(now, 100, "spent")
        self.assertEqual(refusal(self.anna.capture, now, "hold", 501),
                         {"HOLD_TOO_SMALL": (501, 500)})
        for command in (self.anna.capture, self.anna.release):
            for other in ("spent", "march", "never"):
                self.assertEqual(list(refusal(command, now, other)), ["HOLD_NOT_FOUND"])

    def test_day_limit(self):
        """Held points count at once, also those that were captured; freed ones count no more."""
        anna = self.two_lots(club(redeem={**HELD_LONG, "maximum_a_day": 500}))
        now = at("2026-03-01")
        anna.reserve(now, 300, 60, "first")
        anna.reserve(now, 150, 120, "second")
        self.assertEqual(refusal(anna.redeem, now, 51), {"DAY_LIMIT": (51, 50)})
        anna.capture(now, "first", 100, "spent")
        self.assertEqual(refusal(anna.redeem, now, 251), {"DAY_LIMIT": (251, 250)})
        self.assertEqual(refusal(anna.redeem, now + 120_000, 401), {"DAY_LIMIT": (401, 400)})
        anna.reverse(now + 120_000, "spent", Part(points=30))
        self.assertEqual(refusal(anna.redeem, now + 120_000, 431), {"DAY_LIMIT": (431, 430)})

    def test_reversed(self):
        """An open reservation is released whole; of a captured one the capture is reversed, by
        either id."""
        self.reserve(points=10)
        self.assertEqual(figures(self.anna.reverse(at("2026-03-01"), "hold", Part(points=3))),
                         {"result": "REVERSED", "points": 10})
        self.anna.reserve(at("2026-03-01"), 500, request="held")
        self.anna.capture(at("2026-03-01"), "held", 400, "spent")
        now = at("2026-05-02")
        self.assertEqual(figures(self.anna.reverse(now, "spent", Part(points=150))),
                         {"result": "REVERSED", "points": 150, "worth": 4999, "expired": 50})
        done = self.anna.reverse(now, "held", Part(points=1000))
        self.assertEqual(figures(done),
                         {"result": "REVERSED", "points": 250, "worth": 8334, "expired": 250})
        self.assertEqual(done.lots, ((at("2026-04-01"), 250),))
        for twice in ("held", "spent", "hold"):
            self.assertEqual(figures(self.anna.reverse(now, twice)),
                             {"result": "PREVIOUSLY_REVERSED"})


class Sales(unittest.TestCase):
    def test_mixed_parts(self):
        """33.33 at 1.10 is 36 points, by line 11 + 22 + 3, and 33 score, 10 + 20 + 3."""
        earn = {**RETAIL["earn"], "points_paid_earns": True}
        anna = Member(club(earn=earn), at("2026-01-10"))
        anna.opening(at("2026-01-10"), Opening(card=("silver", None, DAY(2028, 1, 1))))
        now = at("2026-01-11")
        anna.sale(now, Sale([(1000, ""), (2000, ""), (333, "")], paid_with_points=500), "sale")
        steps = [
            # 100/3333: 1.08 points, 0.99 score, 15.0 of what was paid with points
            (Part(amount=100), {"points": 1, "amount": 100, "paid": 15, "lot": 1}),
            # 2100/3333: 315.03
            (Part(lines=(2,)), {"points": 22, "score": 20, "amount": 2000, "paid": 300, "lot": 22}),
            (Part(lines=(2,)), None),
            # 2600/3333: 28.08 points, 25.74 score, 390.03
            (Part(amount=500), {"points": 5, "score": 5, "amount": 500, "paid": 75, "lot": 5}),
            # 13.33 were asked, 7.33 are left
            (Part(lines=(1, 3)), {"points": 8, "score": 8, "amount": 733, "paid": 110, "lot": 8}),
            (Part(), None), (Part(amount=1), None), (Part(lines=(1,)), None),
        ]
        for part, expected in steps:
            done = figures(anna.reverse(now, "sale", part))
            expected = expected and {"result": "REVERSED", **expected}
            self.assertEqual(done, expected or {"result": "PREVIOUSLY_REVERSED"})
        self.assertEqual(told(anna, "2026-01-11")[:3], (0, 0, "silver"))
        self.assertEqual(refusal(anna.reverse, now, "sale", Part(lines=(4,))),
                         {"LINE_NOT_FOUND": (4, 3)})
        self.assertEqual(list(refusal(anna.reverse, now, "sale", Part(points=1))),
                         ["PART_DOES_NOT_FIT"])
        anna.check()

    def test_sale_of_nothing(self):
        anna = Member(club(), at("2026-01-10"))
        now = at("2026-01-11")
        anna.sale(now, amount(0), "sale")
        self.assertEqual(figures(anna.reverse(now, "sale", Part(amount=5))), {"result": "REVERSED"})
        self.assertEqual(figures(anna.reverse(now, "sale")), {"result": "PREVIOUSLY_REVERSED"})

    def test_where_points_come_from(self):
        """Fine print 8: 40 pending of its own; 30 and 20 in its lot; expired; others; deficit."""
        anna = Member(club(points={"expiry_months": 1, "pending_days": 5}), at("2026-01-10"))
        anna.opening(at("2026-01-10"), Opening([(70, DAY(2026, 9, 1)), (20, DAY(2026, 3, 1))]))
        anna.sale(at("2026-01-11"), amount(4000), "pending")
        done = anna.reverse(at("2026-01-15 23:59"), "pending", Part(amount=3000))
        self.assertEqual(figures(done), {"result": "REVERSED", "points": 30, "score": 30,
                                         "amount": 3000, "pending": 30})
        anna.sale(at("2026-01-20"), amount(3000), "own lot")
        now = at("2026-02-01")
        anna.redeem(now, 20)  # which leaves {40 to March, 70 to September}
        self.assertEqual(figures(anna.reverse(now, "own lot")),
                         {"result": "REVERSED", "points": 30, "score": 30, "amount": 3000,
                          "lot": 30})
        anna.sale(now, amount(10000), "spent")
        now = at("2026-02-20")
        anna.redeem(now, 150)  # which leaves {30 to September}
        self.assertEqual(figures(anna.reverse(now, "spent")),
                         {"result": "FURTHER_ACTIVITY", "points": 100, "score": 100,
                          "amount": 10000, "others": 30, "deficit": 70})
        self.assertEqual((anna.balance, anna.expired), (-70, 0))
        anna.sale(now, amount(5000))
        self.assertEqual((anna.balance, anna.pending_points), (-70, 50))
        self.assertEqual(told(anna, "2026-02-25")[0], -20)
        anna.check()

    def test_expired(self):
        """What of its lot has expired is taken first, before other lots."""
        anna = Member(club(), at("2025-01-01"))
        anna.sale(at("2025-03-05"), amount(30000), "march")
        anna.sale(at("2025-06-20"), amount(40000))
        anna.redeem(at("2025-07-01"), 100)
        self.assertEqual(anna.at(at("2026-04-01")).expired, 200)
        done = anna.reverse(at("2026-04-01"), "march")
        # Its score of 300 has ended on the same day.
        self.assertEqual(figures(done), {"result": "FURTHER_ACTIVITY", "points": 300,
                                         "amount": 30000, "expired": 200, "others": 100})
        self.assertEqual((anna.balance, anna.expired, anna.score), (300, 0, 400))
        anna.check()

    def test_held_points_are_not_taken(self):
        anna = Member(club(redeem=HELD_LONG), at("2026-01-10"))
        now = at("2026-01-11")
        anna.sale(now, amount(10000), "sale")
        anna.reserve(now, 80, 3600, "hold")
        self.assertEqual(anna.reverse(now, "sale").deficit, 80)
        self.assertEqual((anna.balance, anna.held), (-80, 80))
        look = anna.at(now + 3_600_000)
        self.assertEqual((look.balance, look.held, look.deficit), (0, 0, 0))
        spent, _ = anna.capture(now, "hold", 30)
        self.assertEqual((spent.points, anna.balance), (30, -30))
        anna.check()

    def test_clamp(self):
        """80 of 100 were spent: 20 are taken, 80 forgiven; the redemption, reversed, pays that."""
        anna = Member(club(negative_balance="CLAMP"), at("2026-01-10"))
        now = at("2026-01-11")
        anna.sale(now, amount(10000), "sale")
        anna.redeem(now, 80, "spent")
        self.assertEqual(figures(anna.reverse(now, "sale")),
                         {"result": "FURTHER_ACTIVITY", "points": 100, "score": 100,
                          "amount": 10000, "lot": 20, "forgiven": 80})
        anna.sale(now, amount(5000))
        self.assertEqual((anna.balance, anna.forgiven), (50, 80))
        self.assertEqual(figures(anna.reverse(now, "spent", Part(points=70))),
                         {"result": "REVERSED", "points": 70, "forgiven": 70})
        anna.check()
        anna.redeem(now, 50, "more")
        anna.reverse(now, "more")
        self.assertEqual((anna.balance, anna.forgiven), (40, 0))
        anna.check()

    def test_policy_in_force_now(self):
        versions = Versions([
            (at("2020-01-01"), Program(RETAIL)),
            (at("2026-03-01"), Program({**RETAIL, "negative_balance": "NEGATIVE_BALANCE_CLAMP"}))])
        for now, deficit, forgiven in (("2026-02-28", 100, 0), ("2026-03-01", 0, 100)):
            anna = Member(versions, at("2026-01-10"))
            anna.sale(at("2026-02-01"), amount(10000), "sale")
            anna.redeem(at("2026-02-02"), 100)
            anna.reverse(at(now), "sale")
            self.assertEqual((anna.deficit, anna.forgiven), (deficit, forgiven))

    def test_score_ends_now(self):
        """A re-scoring at the very instant still sees it; a replay of late score too."""
        anna = Member(club(), at("2026-01-10"))
        anna.sale(at("2026-02-01"), amount(300000), "sale")
        anna.reverse(at("2026-06-01"), "sale")
        self.assertEqual(told(anna, "2026-06-01")[:3], (0, 0, "silver"))
        bert = Member(club(), at("2026-01-10"))
        bert.sale(at("2026-05-20"), amount(190000), "sale")
        bert.reverse(at("2026-06-02"), "sale")
        bert.sale(at("2026-06-03"), Sale([(10000, "")], occurred_ms=at("2026-05-21")))
        self.assertEqual(told(bert, "2026-06-03")[1:4], (100, "silver", "2026-06-01 00:00:00"))

    def test_caps_and_guards_are_freed(self):
        rules = [{"id": "base", "rate": {"points": 1, "money_minor": 100}, "cap_day": 100}]
        anna = Member(club(earn={"rules": rules}, guards={"points_a_member_day": 120}),
                      at("2026-01-10"))
        now = at("2026-01-11")
        anna.sale(now, amount(9000), "sale")
        anna.reverse(now, "sale", Part(amount=5000))
        self.assertEqual(anna.sale(now, amount(9000)).points, 60)

    def test_archived(self):
        anna = Member(club(), at("2024-01-10"))
        anna.sale(at("2024-01-10"), amount(9000), "sale")
        now = at("2024-01-10") + 400 * DAY_MS
        self.assertEqual(list(refusal(anna.reverse, now + 1, "sale", Part(), at("2024-01-10"))),
                         ["ORIGINAL_ARCHIVED"])
        self.assertEqual(figures(anna.reverse(now, "sale", Part(), at("2024-01-10"))),
                         {"result": "REVERSED", "points": 90, "amount": 9000, "expired": 90})


class BeforeItCame(unittest.TestCase):
    def test_tombstone(self):
        anna = enrol(club(), at("2026-01-10"), at("2026-01-10"), request="enrolment")
        now = at("2026-01-11")
        for original in ("sale", "sale", "redemption", "reversal"):
            self.assertEqual(anna.reverse(now, original).result, "ORIGINAL_NOT_FOUND")
        for command, *arguments in ((anna.sale, amount(100), "sale"),
                                    (anna.redeem, 5, "redemption"),
                                    (anna.reverse, "sale", Part(), None, "reversal")):
            self.assertEqual(list(refusal(command, now, *arguments)), ["REVERSED_BEFORE"])

    def test_what_cannot_be_reversed(self):
        anna = enrol(club(), at("2026-01-10"), at("2026-01-10"), request="enrolment")
        now = at("2026-01-11")
        with self.assertRaises(Refused):
            anna.redeem(now, 5, "refused")
        anna.opening(now, Opening([(5, None)]), "opening")
        anna.reverse(now, "enrolment", request="reversal")
        for original in ("enrolment", "refused", "opening", "reversal"):
            self.assertEqual(anna.reverse(now, original).result, "NOTHING_TO_REVERSE")

    def test_attached(self):
        """A sale claimed afterwards has days of its own."""
        anna = Member(club(attach_days={"days": 10}, late_days={"days": 2}), at("2026-01-10"))
        sale = Sale([(10000, "")], occurred_ms=at("2026-02-01 23:59"), attached=True)
        self.assertEqual(anna.sale(at("2026-02-11"), sale).points, 100)
        self.assertEqual(refusal(anna.sale, at("2026-02-12"), sale), {"SALE_TOO_OLD": (None, 10)})
        sale.attached = False
        self.assertEqual(refusal(anna.sale, at("2026-02-11"), sale), {"SALE_TOO_OLD": (None, 2)})


if __name__ == "__main__":
    unittest.main()
