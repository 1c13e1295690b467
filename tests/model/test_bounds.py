#!/usr/bin/python3
"""The bounds of an account, which random histories seldom reach: the core and the model are told of
a member with all the points, or all the score, that there may be.
"""

import os
import unittest

from club_calendar import zone_named
from club_model import Opening, Sale
from story_runner import Runner
from story_shrink import disagreement, lines_of
from story_teller import History, OnHold, Reserve, Reverse, Step
from story_words import UNIT

RUNNER = os.path.abspath(os.environ["LOYALTY_BIN"] + "/../tests/scenario_runner")
A_RECORD = 10**12
PROGRAM = {
    "id": "random", "zone": "Asia/Shanghai", "currency": "CNY",
    "tiers": [{"id": "member"}],
    "earn": {"rules": [{"id": "base", "rate": {"points": 1, "money_minor": 100}}]},
    "score": {"rolling_months": 12}, "points": {"expiry_months": 1}, "late_days": {"days": 400},
    "redeem": {"value": {"points": 1, "money_minor": 100}},
}
at = zone_named("Asia/Shanghai").at
NOW = at("2026-06-15")


def yuan(amount, **more):
    return Sale([(amount * 100, "")], unit=UNIT, **more)


class Bounds(unittest.TestCase):
    def told(self, openings, *steps):
        """The story, if the core agrees with it."""
        enrolment = Step(at("2026-01-01"), "enrol", (at("2026-01-01"), 0))
        openings = [Step(NOW, "opening", item, look=False) for item in openings]
        steps = [Step(NOW, verb, what, *request) for verb, what, *request in steps]
        history = History([(at("2025-01-01"), PROGRAM)], [enrolment, *openings, *steps])
        with Runner(RUNNER) as runner:
            wrong = disagreement(runner, history)
        lines = lines_of(history)
        self.assertIsNone(wrong, wrong and lines[wrong.line - 5:wrong.line])
        return "\n".join(lines)

    def test_points(self):
        """Points that have ended when they come are in no balance, so they break no bound."""
        ended = yuan(50, occurred_ms=at("2026-02-01"))
        story = self.told([Opening([(A_RECORD, None)])] * 999,
                          ("opening", Opening([(A_RECORD - 5, None)])),
                          ("sale", yuan(6)), ("sale", yuan(5)), ("sale", yuan(1)),
                          ("opening", Opening([(1, None)])), ("sale", ended), ("quote", ended),
                          ("redeem", 7), ("sale", yuan(8)), ("sale", yuan(7)))
        self.assertEqual(story.count("refused FIGURE_OUT_OF_BOUNDS"), 4)
        self.assertIn(f"balance {10**15} ", story)

    def test_score(self):
        story = self.told([Opening([], [(A_RECORD, None, None)])] * 999,
                          ("opening", Opening([], [(A_RECORD - 5, None, None)])),
                          ("sale", yuan(6)), ("sale", yuan(5)), ("sale", yuan(1)),
                          ("opening", Opening([], [(1, None, None)])))
        self.assertEqual(story.count("refused FIGURE_OUT_OF_BOUNDS"), 3)
        self.assertIn(f"score {10**15} ", story)

    def test_held_points(self):
        """They count for the bound as spendable ones do."""
        story = self.told([Opening([(A_RECORD, None)])] * 1000, ("reserve", Reserve(10**10), 7),
                          ("opening", Opening([(1, None)])), ("sale", yuan(1)),
                          ("release", OnHold(7)), ("opening", Opening([(1, None)])))
        self.assertEqual(story.count("refused FIGURE_OUT_OF_BOUNDS"), 3)

    def test_reversals_are_refused_for_no_bound(self):
        story = self.told([Opening([(A_RECORD, None)])] * 1000, ("redeem", 10**10, 7),
                          ("opening", Opening([(10**10, None)])), ("reverse", Reverse(7)),
                          ("opening", Opening([(1, None)])), ("redeem", 10**10, 8),
                          ("opening", Opening([(1, None)])))
        self.assertIn(f"balance {10**15 + 10**10} ", story)
        self.assertEqual(story.count("refused FIGURE_OUT_OF_BOUNDS"), 2)

    def test_one_record(self):
        story = self.told([], ("opening", Opening([(A_RECORD, None), (1, None)])),
                          ("opening", Opening([], [(A_RECORD, None, None), (1, None, None)])),
                          ("opening", Opening([(A_RECORD - 1, None), (1, None)])),
                          ("redeem", 10**10 + 1), ("redeem", 10**10),
                          ("sale", yuan(10**10 + 1)), ("sale", yuan(10**10)))
        self.assertEqual(story.count("refused FIGURE_OUT_OF_BOUNDS"), 4)


if __name__ == "__main__":
    unittest.main()
