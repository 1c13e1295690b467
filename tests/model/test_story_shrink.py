#!/usr/bin/python3
"""That the model check can fail, and how: the core is told programs that are not quite those of the
model. The disagreement must be found and come out small; so must a story with one claim changed.
"""

import copy
import os
import unittest
from unittest import mock

import story_inventor
from story_programs import counts_alike
from story_runner import Runner
from story_shrink import disagreement, lines_of, shrink, smaller_list
from story_teller import History

RUNNER = os.path.abspath(os.environ["LOYALTY_BIN"] + "/../tests/scenario_runner")
SEED = 7
HISTORIES = 100  # at most, until a difference shows


def told_otherwise(change):
    """The core's versions are changed by `change(document)`, the model's are not."""
    head = History.head

    def changed_head(history):
        documents = copy.deepcopy(history.documents)
        for _, document in documents:
            change(document)
        return head(History(documents, history.steps))

    return mock.patch.object(History, "head", changed_head)


class Shrinking(unittest.TestCase):
    def smallest(self, change):
        with Runner(RUNNER) as runner, told_otherwise(change):
            for number in range(HISTORIES):
                history, _ = story_inventor.tell(SEED, number)
                if disagreement(runner, history):
                    small = shrink(runner, history)
                    self.assertIsNotNone(disagreement(runner, small))
                    self.assertLess(len(lines_of(small)), len(lines_of(history)) // 4)
                    return small
        return self.fail("never found")

    def test_another_rounding(self):
        small = self.smallest(lambda document: document["earn"].update(rounding="FLOOR"))
        self.assertEqual([step.verb for step in small.steps][0], "enrol")
        self.assertLessEqual(len(small.steps), 2)
        self.assertEqual(len(small.documents), 1)

    def test_another_end_of_cards(self):
        small = self.smallest(lambda document: document.update(on_card_end="TO_SCORE"))
        self.assertLessEqual(len(small.steps), 5)
        self.assertIn("ONE_DOWN", "\n".join(lines_of(small)))

    def test_another_policy(self):
        """Points spent or held, and the sale that gave them taken back."""
        small = self.smallest(lambda document: document.update(negative_balance="ALLOW"))
        self.assertEqual([step.verb for step in small.steps][-1], "reverse")
        self.assertLessEqual(len(small.steps), 8)
        self.assertIn("CLAMP", "\n".join(lines_of(small)))

    def test_the_same_program(self):
        with Runner(RUNNER) as runner:
            history, _ = story_inventor.tell(SEED, 0)
            self.assertIsNone(disagreement(runner, history))

    def test_a_runner_that_dies(self):
        """Of several stories the one it died of is named."""
        with Runner(RUNNER) as runner:
            history, _ = story_inventor.tell(SEED, 0)
            lines = lines_of(history)
            long_word = ["expect " + "x " * 2000]  # more words than a line may have
            wrong = runner.first_wrong({"fine": lines, "deadly": lines + long_word})
            self.assertEqual(wrong.name, "deadly")


class Programs(unittest.TestCase):
    def test_limits_are_in_every_version_or_in_none(self):
        """The core counts for a cap or a limit only while there is one."""
        capped = {"earn": {"rules": [{"id": "base", "cap_month": 5}]}}
        free = {"earn": {"rules": [{"id": "base"}]}, "redeem": {}}
        limited = {"redeem": {"maximum_a_day": 5}}
        self.assertTrue(counts_alike([capped, capped]))
        self.assertFalse(counts_alike([capped, free]))
        self.assertFalse(counts_alike([free, limited]))


class Lists(unittest.TestCase):
    def test_only_what_is_needed_is_left(self):
        for needed in ([], [0], [7], [0, 7], [2, 3, 5]):
            left = smaller_list(list(range(8)), lambda items, n=needed: set(n) <= set(items))
            self.assertEqual(left, needed)


if __name__ == "__main__":
    unittest.main()
