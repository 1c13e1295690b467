#!/usr/bin/python3
"""The model against the worked examples of domain.md, so that it may judge others."""

import copy
import datetime
import unittest

from club_calendar import DAY_MS, NEVER, Zone, add_months, period_end
from club_model import Member, Opening, Program, Refused, Sale, Versions

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
                self.assertEqual(anna.sale(at(when), amount(minor)).points, points)
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

    def test_rounding(self):
        silver = Member(club(), at("2026-01-10"))
        silver.opening(at("2026-01-11"), Opening(card=("silver", None, datetime.date(2028, 1, 1))))
        earned = silver.sale(at("2026-01-12"), amount(9999))
        self.assertEqual((earned.points, earned.score), (109, 99))

    def test_e7(self):
        anna = Member(club(), at("2025-01-01"))
        anna.sale(at("2025-03-05"), amount(30000))
        anna.sale(at("2025-06-20"), amount(40000))
        self.assertEqual(anna.redeem(at("2025-07-01"), 500),
                         [(at("2026-04-01"), 300), (at("2026-07-01"), 200)])
        self.assertEqual(told(anna, "2026-06-30 23:59")[0], 200)
        self.assertEqual(told(anna, "2026-07-01")[0], 0)
        bert = Member(club(), at("2025-01-01"))
        bert.sale(at("2025-03-05"), amount(30000))
        self.assertEqual(told(bert, "2026-03-31 23:59")[0], 300)
        self.assertEqual(told(bert, "2026-04-01")[0], 0)
        with self.assertRaises(Refused) as refused:
            bert.redeem(at("2026-04-01"), 300)
        self.assertEqual(refused.exception.reasons, {"INSUFFICIENT_POINTS"})

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
        self.assertEqual(refused.exception.reasons, {"SALE_TOO_OLD"})
        self.assertEqual(told(anna, "2026-04-16")[0], 1)

    def test_pending(self):
        anna = Member(club(points={"expiry_months": 12, "pending_days": 7}), at("2026-01-10"))
        anna.sale(at("2026-02-01 23:59"), amount(10000))
        look = anna.at(at("2026-02-07 23:59"))
        self.assertEqual((look.balance, look.pending_points, look.score), (0, 100, 100))
        self.assertEqual(told(anna, "2026-02-08")[0], 100)

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
