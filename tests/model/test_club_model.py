#!/usr/bin/python3
"""The model against the worked examples of domain.md, so that it may judge others.

Not here: E5, a retry, which is no matter of the rules. More of holds and reversals is in
test_club_reversal.py.
"""

import copy
import datetime
import unittest

from club_calendar import DAY_MS, NEVER, Zone, add_months, period_end
from club_model import Member, Opening, Program, Refused, Sale, Versions, enrol

RETAIL = {
    "id": "retail", "zone": "Asia/Shanghai", "currency": "CNY", "rescore": ["06-01", "12-01"],
    "tiers": [
        {"id": "member"},
        {"id": "silver", "threshold": 2000, "upgrade": "AT_RESCORE", "validity_months": 24,
         "multiplier_bp": 11000},
        {"id": "gold", "threshold": 10000, "upgrade": "AT_RESCORE", "validity_months": 24,
         "multiplier_bp": 12500},
        {"id": "diamond", "threshold": 50000, "upgrade": "IMMEDIATE", "validity_months": 24,
         "multiplier_bp": 15000},
    ],
    "earn": {"rules": [{"id": "base", "rate": {"points": 1, "money_minor": 100}}]},
    "score": {"rolling_months": 12},
    "points": {"expiry_months": 12, "expiry_to_end_of": "MONTH"},
}
SHANGHAI = Zone("Asia/Shanghai")
at = SHANGHAI.at


def club(**changes):
    return Versions([(at("2020-01-01"), Program({**copy.deepcopy(RETAIL), **changes}))])


def amount(minor):
    return Sale([(minor, "")])


def told(member, now):
    """Balance, score, tier and the card's interval, local."""
    look = member.at(at(now))
    until = look.card.until_ms
    return (look.balance, look.score, look.tier, str(SHANGHAI.local(look.card.from_ms)),
            None if until == NEVER else str(SHANGHAI.local(until)))


class Calendar(unittest.TestCase):
    def test_months_clamp(self):
        day = datetime.date
        self.assertEqual(add_months(day(2026, 1, 31), 1), day(2026, 2, 28))
        self.assertEqual(add_months(day(2024, 1, 31), 1), day(2024, 2, 29))
        self.assertEqual(add_months(day(2024, 2, 29), 12), day(2025, 2, 28))
        self.assertEqual(period_end(day(2026, 6, 30), "HALF_YEAR"), day(2026, 7, 1))
        self.assertEqual(period_end(day(2026, 7, 1), "HALF_YEAR"), day(2027, 1, 1))

    def test_gap_and_overlap(self):
        berlin = Zone("Europe/Berlin")
        self.assertEqual(berlin.at("2026-03-29 02:30"), berlin.at("2026-03-29 03:00"))
        self.assertEqual(berlin.at("2026-03-29 03:00") - berlin.at("2026-03-29 01:59"), 60_000)
        autumn = berlin.at("2026-10-25 02:30")
        self.assertEqual(autumn - berlin.at("2026-10-25 01:30"), 3_600_000)
        # Sao Paulo's clocks once went from 23:59:59 to 01:00.
        paulo = Zone("America/Sao_Paulo")
        start = paulo.day_start(datetime.date(2017, 10, 15))
        self.assertEqual(str(paulo.local(start)), "2017-10-15 01:00:00")


class Examples(unittest.TestCase):
    def story(self, until):
        """E1 to E3, as far as asked."""
        anna = Member(club(), at("2026-01-10"))
        steps = [("2026-02-01 12:00", 123456, 1234), ("2026-03-05 12:00", 90000, 900),
                 ("2026-06-10 12:00", 10000, 110), ("2026-07-15 10:00", 6000000, 66000)]
        for when, minor, points in steps:
            if when <= until:
                self.assertEqual(anna.sale(at(when), amount(minor), when).points, points)
        return anna

    def test_e1(self):
        anna = self.story("2026-03-31")
        self.assertEqual(told(anna, "2026-05-31 23:59"),
                         (2134, 2134, "member", "2026-01-10 00:00:00", None))
        self.assertEqual(told(anna, "2026-06-01"),
                         (2134, 2134, "silver", "2026-06-01 00:00:00", "2028-06-01 00:00:00"))
        self.assertEqual(at("2026-06-01"), 1780243200000)  # 2026-05-31T16:00:00Z
        self.assertEqual(anna.at(at("2026-06-02")).missing_to_next, 10000 - 2134)

    def test_e2_e3(self):
        self.assertEqual(told(self.story("2026-06-30"), "2026-06-30")[:3], (2244, 2234, "silver"))
        anna = self.story("2026-12-31")
        self.assertEqual(told(anna, "2026-07-15 10:00"),
                         (68244, 62234, "diamond", "2026-07-15 10:00:00", "2028-07-15 10:00:00"))
        # The card ends by the score of that instant, which by then is gone.
        self.assertEqual(told(anna, "2028-07-15 09:59")[2], "diamond")
        self.assertEqual(told(anna, "2028-07-15 10:00"),
                         (0, 0, "member", "2028-07-15 10:00:00", None))

    def test_e4(self):
        anna = self.story("2026-12-31")
        done = anna.reverse(at("2026-07-20"), "2026-07-15 10:00")
        self.assertEqual((done.result, done.points, done.score, done.lot, done.amount),
                         ("REVERSED", 66000, 60000, 66000, 6000000))
        until = ("2026-07-15 10:00:00", "2028-07-15 10:00:00")
        self.assertEqual(told(anna, "2026-07-20"), (2244, 2234, "diamond", *until))
        self.assertEqual(told(anna, "2028-07-15 09:59"), (0, 0, "diamond", *until))
        self.assertEqual(told(anna, "2028-07-15 10:00")[1:3], (0, "member"))

    def test_e6(self):
        anna = self.story("2026-03-31")
        self.assertEqual(anna.at(at("2026-06-02")).tier, "silver")
        self.assertEqual(anna.due(), at("2026-06-01"))
        anna.job(at("2026-06-03"))
        self.assertEqual((anna.now_ms, anna.tier), (at("2026-06-01"), "silver"))
        self.assertEqual(anna.card.from_ms, at("2026-06-01"))
        self.assertEqual(anna.due(), at("2027-03-01"))  # when the points of February 2026 end

    def test_rounding(self):
        silver = Member(club(), at("2026-01-10"))
        silver.opening(at("2026-01-11"), Opening(card=("silver", None, datetime.date(2028, 1, 1))))
        earned = silver.sale(at("2026-01-12"), amount(9999))
        self.assertEqual((earned.points, earned.score), (109, 99))

    def test_e7(self):
        anna = Member(club(), at("2025-01-01"))
        anna.sale(at("2025-03-05"), amount(30000))
        anna.sale(at("2025-06-20"), amount(40000))
        self.assertEqual(anna.redeem(at("2025-07-01"), 500, "spent"),
                         [(at("2026-04-01"), 300), (at("2026-07-01"), 200)])
        self.assertEqual(told(anna, "2026-05-01")[0], 200)
        done = anna.reverse(at("2026-05-02"), "spent")
        self.assertEqual((done.result, done.points, done.expired), ("REVERSED", 500, 300))
        self.assertEqual(done.lots, ((at("2026-07-01"), 200), (at("2026-04-01"), 300)))
        self.assertEqual(told(anna, "2026-06-30 23:59")[0], 400)
        self.assertEqual(told(anna, "2026-07-01")[0], 0)
        anna.check()
        bert = Member(club(), at("2025-01-01"))
        bert.sale(at("2025-03-05"), amount(30000))
        self.assertEqual(told(bert, "2026-03-31 23:59")[0], 300)
        self.assertEqual(told(bert, "2026-04-01")[0], 0)
        with self.assertRaises(Refused) as refused:
            bert.redeem(at("2026-04-01"), 300)
        self.assertEqual(set(refused.exception.reasons), {"INSUFFICIENT_POINTS"})

    def test_e8(self):
        day = datetime.date
        score = (12000, day(2024, 5, 1), day(2026, 6, 1))
        anna = Member(club(score={"in_force": {}}), at("2025-02-01"))
        anna.opening(at("2025-02-01"), Opening(scores=[score]))
        self.assertEqual(told(anna, "2025-05-31")[1:3], (12000, "member"))
        self.assertEqual(told(anna, "2026-06-01")[1:],
                         (0, "gold", "2025-06-01 00:00:00", "2027-06-01 00:00:00"))
        bert = Member(club(score={"in_force": {}}), at("2024-04-01"))
        bert.opening(at("2024-04-01"), Opening(scores=[score]))
        self.assertEqual(told(bert, "2026-05-31")[2:],
                         ("gold", "2024-06-01 00:00:00", "2026-06-01 00:00:00"))
        self.assertEqual(told(bert, "2026-06-01")[1:3], (0, "member"))

    def test_e9(self):
        anna = Member(club(), at("2026-01-10"))
        offline = Sale([(250000, "")], occurred_ms=at("2026-05-30 15:00"))
        self.assertEqual(anna.sale(at("2026-06-04"), offline).points, 2500)
        self.assertEqual(told(anna, "2026-06-04"),
                         (2500, 2500, "silver", "2026-06-01 00:00:00", "2028-06-01 00:00:00"))


def refusal(command, *arguments):
    """{reason: figures} of a command that is refused."""
    try:
        command(*arguments)
    except Refused as refused:
        return refused.reasons
    raise AssertionError("not refused")


class Refusals(unittest.TestCase):
    def setUp(self):
        redeem = {"minimum_points": 100, "step_points": 50, "maximum_a_day": 500,
                  "value": {"points": 1, "money_minor": 10**6}}
        self.anna = Member(club(redeem=redeem, guards={"points_a_sale": 10_000}),
                           at("2026-01-10"))

    def test_figures(self):
        now = at("2026-01-11")
        self.assertEqual(refusal(self.anna.redeem, now, 120),
                         {"NOT_A_STEP": (120, 50), "INSUFFICIENT_POINTS": (120, 0)})
        self.anna.sale(now, amount(100_000))
        self.anna.redeem(now, 400)
        self.assertEqual(refusal(self.anna.redeem, now, 150), {"DAY_LIMIT": (150, 100)})
        self.assertEqual(refusal(self.anna.sale, now, amount(1_000_100)),
                         {"GUARD_SALE": (10_001, 10_000)})
        self.assertEqual(self.anna.at(now).balance, 600)

    def test_bounds_of_a_record(self):
        now = at("2026-01-11")
        out_of_bounds = {"FIGURE_OUT_OF_BOUNDS": (None, None)}
        self.assertEqual(refusal(self.anna.opening, now, Opening([(10**12, None), (1, None)])),
                         out_of_bounds)
        self.assertEqual(refusal(self.anna.sale, now, amount(-1)), out_of_bounds)
        self.anna.opening(now, Opening([(10**12, None)]))
        self.assertIn("FIGURE_OUT_OF_BOUNDS", refusal(self.anna.redeem, now, 1_000_050))

    def test_bounds_of_a_balance(self):
        now = at("2026-01-11")
        for _ in range(1000):
            self.anna.opening(now, Opening([(10**12, None)]))
        self.assertEqual(list(refusal(self.anna.opening, now, Opening([(1, None)]))),
                         ["FIGURE_OUT_OF_BOUNDS"])

    def test_enrolment(self):
        self.assertEqual(list(refusal(enrol, club(), at("2019-12-31"), at("2020-01-01"))),
                         ["BAD_INTERVAL"])
        self.assertEqual(list(refusal(enrol, club(), at("2026-01-01"), at("2019-12-31"))),
                         ["NO_PROGRAM"])

    def test_without_effect(self):
        """A quote and training earn nothing, and are refused where the sale would be."""
        now = at("2026-01-11")
        earned, after = self.anna.quote(now, amount(50_000))
        self.assertEqual((earned.points, after.balance, self.anna.at(now).balance), (500, 500, 0))
        self.anna.sale(now, Sale([(50_000, "")], training=True))
        self.assertEqual(self.anna.at(now).balance, 0)
        self.assertEqual(list(refusal(self.anna.quote, now, amount(1_000_100))), ["GUARD_SALE"])


class Details(unittest.TestCase):
    def test_sale_at_rescore_does_not_count(self):
        anna = Member(club(), at("2026-01-10"))
        anna.sale(at("2026-06-01"), amount(300000))
        self.assertEqual(told(anna, "2026-11-30")[2], "member")
        self.assertEqual(told(anna, "2026-12-01")[2], "silver")
        late = Member(club(), at("2026-01-10"))
        late.sale(at("2026-06-04"), Sale([(300000, "")], occurred_ms=at("2026-06-01")))
        self.assertEqual(told(late, "2026-06-04")[2], "member")

    def test_late_days(self):
        anna = Member(club(), at("2026-01-10"))
        offline = Sale([(100, "")], occurred_ms=at("2026-03-01 23:59"))
        anna.sale(at("2026-04-15 00:00"), offline)
        with self.assertRaises(Refused) as refused:
            anna.sale(at("2026-04-16 00:00"), offline)
        self.assertEqual(set(refused.exception.reasons), {"SALE_TOO_OLD"})
        self.assertEqual(told(anna, "2026-04-16")[0], 1)

    def test_pending(self):
        anna = Member(club(points={"expiry_months": 12, "pending_days": 7}), at("2026-01-10"))
        anna.sale(at("2026-02-01 23:59"), amount(10000))
        look = anna.at(at("2026-02-07 23:59"))
        self.assertEqual((look.balance, look.pending_points, look.score), (0, 100, 100))
        self.assertEqual(told(anna, "2026-02-08")[0], 100)

    def test_keep(self):
        """From the base tier KEEP is RESTART."""
        anna = Member(club(validity_on_upgrade="KEEP"), at("2026-01-10"))
        anna.sale(at("2026-02-01"), amount(300_000))
        anna.sale(at("2026-07-01"), amount(6_000_000))
        self.assertEqual(told(anna, "2026-07-01")[2:],
                         ("diamond", "2026-07-01 00:00:00", "2028-06-01 00:00:00"))

    def test_a_day_that_a_zone_skipped(self):
        """Samoa had no 30 December 2011: its midnight is the first instant after."""
        apia = Zone("Pacific/Apia")
        document = {**copy.deepcopy(RETAIL), "zone": apia.name, "rescore": ["12-30"]}
        samoan = Versions([(apia.at("2011-01-01"), Program(document))])
        self.assertEqual(samoan.rescores(apia.at("2011-12-01"), apia.at("2012-06-01")),
                         [apia.at("2011-12-31")])
        anna = Member(samoan, apia.at("2011-06-01"))
        anna.sale(apia.at("2011-06-02"), amount(300_000))
        self.assertEqual(anna.at(apia.at("2011-12-31")).tier, "silver")

    def test_dates_without_a_time(self):
        anna = Member(club(), at("2026-01-10 15:00"))
        for now, date, occurred in (("2026-01-10 16:00", (2026, 1, 10), "2026-01-10 15:00"),
                                    ("2026-01-12 09:00", (2026, 1, 12), "2026-01-12 09:00"),
                                    ("2026-01-12 16:00", (2026, 1, 12), "2026-01-12 12:00"),
                                    ("2026-01-13 09:00", (2026, 1, 12), "2026-01-12 12:00")):
            earned = anna.sale(at(now), Sale([(100, "")], date=datetime.date(*date)))
            self.assertEqual(earned.occurred_ms, at(occurred))

    def test_late_score_brings_no_lower_card(self):
        """What was given at once did happen: the replay goes on with the higher card."""
        anna = Member(club(), at("2026-01-10"))
        anna.sale(at("2026-05-20"), amount(6_000_000))
        anna.sale(at("2026-06-20"), Sale([(300_000, "")], occurred_ms=at("2026-05-10")))
        self.assertEqual(told(anna, "2026-06-20")[2:4], ("diamond", "2026-05-20 00:00:00"))

    def test_the_replay_goes_back_400_days(self):
        old = Opening(scores=[(2000, datetime.date(2025, 1, 1), None)])
        for now, card_from in (("2026-07-05", "2025-06-01"), ("2026-07-06", "2025-12-01")):
            anna = Member(club(score={"in_force": {}}), at("2024-01-10"))
            anna.opening(at(now), old)
            self.assertEqual(told(anna, now)[2:4], ("silver", f"{card_from} 00:00:00"))

    def test_claims(self):
        anna = enrol(club(), at("2026-01-10"), at("2026-01-10"), identifiers=2)
        self.assertTrue(anna.end_claim(at("2026-01-11"), 1, lost=False))
        self.assertFalse(anna.end_claim(at("2026-01-12"), 1, lost=True))
        self.assertTrue(anna.end_claim(at("2026-01-12"), 2, lost=True))
        self.assertEqual((anna.claiming, anna.bound, anna.now_ms),
                         (set(), {1}, at("2026-01-12")))

    def test_one_down(self):
        day = datetime.date
        anna = Member(club(on_card_end="ONE_DOWN"), at("2026-01-10"))
        anna.opening(at("2026-01-11"), Opening(card=("diamond", None, day(2026, 3, 1))))
        self.assertEqual(told(anna, "2026-03-01")[2:],
                         ("gold", "2026-03-01 00:00:00", "2028-03-01 00:00:00"))

    def test_caps_and_stacking(self):
        rules = [{"id": "base", "rate": {"points": 1, "money_minor": 100}},
                 {"id": "double", "when": {"categories": ["wine"]}, "multiplier_bp": 20000,
                  "cap_month": 50},
                 {"id": "bonus", "when": {"minimum_spend_minor": 20000}, "bonus_points": 7}]
        anna = Member(club(earn={"rules": rules}), at("2026-01-10"))
        first = anna.sale(at("2026-02-01"), Sale([(4000, "wine"), (9900, "")]))
        self.assertEqual((first.points, first.score), (139 + 40, 139))
        second = anna.sale(at("2026-02-28"), Sale([(4000, "wine"), (16000, "")]))
        self.assertEqual(second.by_rule, {"base": 200, "double": 10, "bonus": 7})
        third = anna.sale(at("2026-03-01"), amount(100))
        self.assertEqual(third.by_line, [(1, 1)])

    def test_moving_on_composes(self):
        anna = Member(club(), at("2026-01-10"))
        anna.sale(at("2026-02-01"), amount(1234500))
        stepped = anna.at(at("2026-02-01"))
        for _ in range(900):
            stepped.advance(stepped.now_ms + DAY_MS)
        whole = anna.at(stepped.now_ms)
        self.assertEqual(stepped.__dict__, whole.__dict__)


if __name__ == "__main__":
    unittest.main()
