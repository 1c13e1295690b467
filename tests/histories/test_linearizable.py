#!/usr/bin/python3
"""The checks themselves: histories made by hand, good and bad; and made-up ones, where the search
must say what trying every order says, and where long ones must be decided.

LOYALTY_SEED chooses the made-up ones, LOYALTY_SMALL how many small ones there are.
"""

import os
import random
import time
import unittest

import linearizable
import made_up
import numbered
from operations import (APPLIED, AWARD, LOOKUP, NEVER, OPEN, READ, REDEEM, REFUSED, TOLD, UNSEEN,
                        Operation)

SEED = int(os.environ.get("LOYALTY_SEED") or random.randrange(10**9))
SMALL = int(os.environ.get("LOYALTY_SMALL") or 20000)
LONG = ((500, 8), (1500, 16), (4000, 24))  # operations and clients
print(f"LOYALTY_SEED={SEED}", flush=True)


def award(name, begun, ended, points, balance, **more):
    """With a balance it was answered so, without one it is open."""
    answer = OPEN if balance is None else APPLIED
    return Operation(name, AWARD, "m", begun, points=points, answer=answer, balance=balance,
                     ended=ended, **more)


def redeem(name, begun, ended, points, balance, answer=APPLIED, **more):
    answer = OPEN if balance is None else answer
    return Operation(name, REDEEM, "m", begun, points=points, answer=answer, balance=balance,
                     ended=ended, **more)


def read(begun, ended, balance, seq=None):
    return Operation(f"r{begun}-{ended}-{balance}", READ, "m", begun, answer=TOLD,
                     balance=balance, ended=ended, seq=seq)


def lookup(begun, ended, target, answer, balance=None):
    return Operation(f"l{begun}-{ended}-{target}", LOOKUP, "m", begun, target=target,
                     answer=answer, balance=balance, ended=ended)


GOOD = {
    "nothing": [],
    "one after the other": [award("a", 0, 1, 10, 10), redeem("b", 2, 3, 4, 6), read(4, 5, 6)],
    "two at once, the later begun first": [award("a", 0, 9, 10, 15), award("b", 1, 8, 5, 5)],
    "a refusal between two awards": [
        award("a", 0, 1, 10, 10), redeem("b", 2, 9, 15, 10, REFUSED), award("c", 3, 8, 10, 20)],
    "a read while an award is on its way, before or after it": [
        award("a", 0, 9, 10, 10), read(1, 2, 0), read(3, 4, 10)],
    "an open award that came": [award("a", 0, None, 10, None), read(5, 6, 10)],
    "an open award that has not come yet": [
        award("a", 0, None, 10, None), read(5, 6, 0), read(7, 8, 10)],
    "an open award that never came": [award("a", 0, None, 10, None), read(5, 6, 0)],
    "an open award that a redemption lived on": [
        award("a", 0, None, 10, None), redeem("b", 5, 6, 7, 3)],
    "two of three open ones came": [
        award("a", 0, None, 10, None), award("b", 0, None, 7, None), award("c", 0, None, 4, None),
        read(5, 6, 14)],
    "an open redemption between two reads": [
        award("a", 0, 1, 10, 10), redeem("b", 2, None, 4, None), read(3, 4, 10), read(5, 6, 6)],
    "an open redemption that was refused, if it came at all": [
        redeem("b", 2, None, 4, None), read(3, 4, 0)],
    "open, but a lookup found it": [
        award("a", 0, None, 10, None), read(1, 2, 0), lookup(3, 4, "a", APPLIED, 10),
        read(5, 6, 10)],
    "a lookup too early": [
        award("a", 0, 9, 10, 10), lookup(1, 2, "a", UNSEEN), lookup(3, 4, "a", APPLIED, 10)],
    "a lookup of what nobody sent": [lookup(1, 2, "x", UNSEEN)],
    "never, and it did not": [
        Operation("a", AWARD, "m", 0, points=10, answer=NEVER), read(1, 2, 0),
        lookup(1, 2, "a", UNSEEN)],
    "open, and came before its deadline": [
        award("a", 0, None, 10, None, until=5), read(6, 7, 10)],
    "points of an open award spent by an open redemption, both in time": [
        award("a", 0, None, 5, None), redeem("b", 0, None, 4, None, until=5),
        lookup(6, 7, "x", UNSEEN), read(8, 9, 1)],
    "of three alike the one with a deadline came first": [
        award("a", 0, None, 5, None), award("b", 1, None, 5, None),
        award("c", 2, None, 5, None, until=10), read(5, 6, 5), read(12, 13, 5), read(20, 21, 15)],
    "two ways to the same balance, the one with fewer open ones to be taken": [
        award("a", 0, None, 1, None), award("b", 1, None, 1, None), award("c", 3, 11, 1, 3),
        redeem("d", 3, 6, 1, 0), redeem("e", 5, None, 1, None), award("f", 5, None, 1, None)],
    "two sets that give as much, the second to be taken": [
        award("a", 1, 8, 2, 2, until=6), award("b", 2, None, 1, None, until=25),
        award("c", 3, None, 2, None, until=201), redeem("d", 5, None, 3, None, until=154),
        award("e", 5, None, 3, None, until=14), redeem("f", 12, None, 2, None, until=180),
        read(12, 20, 1), award("g", 14, 18, 2, 7, until=16)],
}

BAD = {
    "a lost update": [award("a", 0, 9, 10, 10), award("b", 1, 8, 5, 5)],
    "a lost award": [award("a", 0, 1, 10, 10), award("b", 2, 3, 5, 5)],
    "an award that came twice": [award("a", 0, 1, 10, 10), read(2, 3, 20)],
    "a double spend": [
        award("a", 0, 1, 10, 10), redeem("b", 2, 9, 10, 0), redeem("c", 3, 8, 10, 0)],
    "spent more than there was": [award("a", 0, 1, 10, 10), redeem("b", 2, 3, 12, -2)],
    "refused with enough points there": [
        award("a", 0, 1, 10, 10), redeem("b", 2, 3, 8, 10, REFUSED)],
    "a stale refusal": [award("a", 0, 1, 10, 10), redeem("b", 2, 3, 8, 0, REFUSED)],
    "a stale read": [award("a", 0, 1, 10, 10), read(2, 3, 0)],
    "reads that go back": [
        award("a", 0, None, 10, None), read(3, 4, 10), read(5, 6, 0)],
    "a read of a value never there": [award("a", 0, 9, 10, 10), read(1, 8, 4)],
    "a read of the sum without the order": [
        award("a", 0, 1, 10, 10), award("b", 2, 3, 5, 15), read(0, 9, 5)],
    "against real time": [award("a", 0, 1, 10, 15), award("b", 2, 3, 5, 5)],
    "a read from the future": [read(0, 1, 10), award("a", 2, 3, 10, 10)],
    "an open award seen before it was sent": [read(0, 1, 10), award("a", 2, None, 10, None)],
    "an open award that must have come and was forgotten": [
        award("a", 0, None, 10, None), redeem("b", 2, 3, 7, 3), read(4, 5, 0)],
    "an open award that came twice": [award("a", 0, None, 10, None), read(5, 6, 20)],
    "never, but it did": [
        Operation("a", AWARD, "m", 0, points=10, answer=NEVER), read(1, 2, 10)],
    "never, but a lookup found it": [
        Operation("a", AWARD, "m", 0, points=10, answer=NEVER),
        lookup(1, 2, "a", APPLIED, 10)],
    "found, then not found": [
        award("a", 0, None, 10, None), lookup(1, 2, "a", APPLIED, 10), lookup(3, 4, "a", UNSEEN)],
    "not found though answered": [award("a", 0, 1, 10, 10), lookup(3, 4, "a", UNSEEN)],
    "found before it was sent": [lookup(0, 1, "a", APPLIED, 10), award("a", 2, 3, 10, 10)],
    "found, but not in the balance": [
        award("a", 0, None, 10, None), lookup(1, 2, "a", APPLIED, 10), read(3, 4, 0)],
    "another answer the second time": [
        award("a", 0, 9, 10, 10), award("b", 0, 9, 5, 15), lookup(10, 11, "a", APPLIED, 15)],
    "open, and came after its deadline": [
        award("a", 0, None, 10, None, until=5), read(6, 7, 0), read(8, 9, 10)],
    "a redemption in time of points that came too late": [
        award("a", 6, None, 5, None), redeem("b", 0, None, 4, None, until=5), read(8, 9, 1)],
}


class ByHand(unittest.TestCase):
    def test_good(self):
        for name, operations in GOOD.items():
            with self.subTest(name):
                self.assertEqual(linearizable.judge(operations).why, "")
                self.assertTrue(made_up.try_orders(operations))

    def test_bad(self):
        for name, operations in BAD.items():
            with self.subTest(name):
                self.assertNotEqual(linearizable.judge(operations).why, "")
                self.assertFalse(made_up.try_orders(operations))

    def test_order_of_the_list_does_not_matter(self):
        for operations in GOOD.values():
            self.assertTrue(linearizable.judge(operations[::-1]).legal)
        for operations in BAD.values():
            self.assertFalse(linearizable.judge(operations[::-1]).legal)

    def test_start(self):
        self.assertTrue(linearizable.judge([read(0, 1, 7)], start=7).legal)
        self.assertFalse(linearizable.judge([read(0, 1, 7)]).legal)

    def test_undecided_is_no_verdict(self):
        many = [award(f"a{i}", 0, None, 3 * i, None) for i in range(60)]
        with self.assertRaises(linearizable.Undecided):
            linearizable.judge(many + [read(5, 6, 1000)], work_max=10000)

    def test_open_ones_that_are_alike(self):
        many = [award(f"a{i}", 0, None, 3, None) for i in range(60)]
        self.assertTrue(linearizable.judge(many + [read(5, 6, 90)]).legal)
        self.assertFalse(linearizable.judge(many + [read(5, 6, 91)]).legal)


def small_shape(chance):
    return made_up.Shape(operations=chance.randint(1, 7), clients=chance.randint(1, 5),
                         points_max=chance.choice((1, 2, 5)),
                         open_share=chance.choice((0, 0.2, 0.5)),
                         deadline_share=chance.choice((0, 0.3, 0.8)))


class MadeUp(unittest.TestCase):
    def test_small_ones_as_every_order_says(self):
        """A legal one, then the same with one thing changed, then with two."""
        verdicts = {True: 0, False: 0}
        for number in range(SMALL // 3):
            chance = random.Random(f"{SEED}/{number}")
            operations = made_up.make_history(chance, small_shape(chance))
            self.assertTrue(made_up.try_orders(operations), (SEED, number))
            for changes in range(3):
                legal = made_up.try_orders(operations)
                self.assertEqual(linearizable.judge(operations).legal, legal,
                                 (SEED, number, changes))
                verdicts[legal] += 1
                operations = made_up.changed(chance, operations)
        print(f"{verdicts[True]} legal and {verdicts[False]} other small histories", flush=True)
        self.assertGreater(min(verdicts.values()), SMALL // 20)

    def test_long_ones_are_decided(self):
        for count, clients in LONG:
            chance = random.Random(f"{SEED}/{count}")
            shape = made_up.Shape(count, clients, 1 << 36, open_share=20 / count)
            operations = made_up.make_history(chance, shape)
            begun = time.monotonic()
            verdict = linearizable.judge(operations)
            self.assertTrue(verdict.legal, verdict.why)
            reads = [operation for operation in operations if operation.answer == TOLD]
            chance.choice(reads).balance += 1
            self.assertFalse(linearizable.judge(operations).legal)
            print(f"{count} operations of {clients} clients, with and without a mistake: "
                  f"{time.monotonic() - begun:.2f} s", flush=True)


class ByNumber(unittest.TestCase):
    """The check of the account's own order, on one good history and what can be wrong with it."""

    def setUp(self):
        self.operations = [
            award("a", 0, 3, 10, 10, seq=2), redeem("b", 1, 4, 4, 6, seq=3), read(5, 6, 6, seq=3),
            redeem("c", 7, 8, 9, 6, REFUSED), award("d", 9, None, 5, None)]
        self.entries = [numbered.Entry(2, "a", AWARD, 10), numbered.Entry(3, "b", REDEEM, -4),
                        numbered.Entry(4, "c", REFUSED, 0), numbered.Entry(5, "d", AWARD, 5)]

    def faults(self):
        return " ".join(numbered.faults(self.entries, self.operations))

    def test_good(self):
        self.assertEqual(self.faults(), "")
        self.entries.pop()  # the open one need not have come
        self.assertEqual(self.faults(), "")

    def test_list(self):
        for number, change, text in (
                (0, {"seq": 9}, "stands where"), (3, {"name": "a", "points": 10}, "2 times"),
                (0, {"name": "x"}, "nobody sent"), (3, {"points": 6}, "is award of 6"),
                (1, {"kind": REFUSED, "points": 0}, "is refused"),
                (2, {"name": "d", "kind": AWARD, "points": 5}, "in no record")):
            with self.subTest(text):
                self.setUp()
                self.entries[number] = self.entries[number]._replace(**change)
                self.assertIn(text, self.faults())

    def test_answers(self):
        for number, field, value, text in (
                (0, "balance", 11, "leaves 10"), (0, "seq", 3, "was answered as"),
                (2, "balance", 10, "6 after record 3"), (2, "seq", 2, "10 after record 2"),
                (3, "balance", 4, "leaves 6"), (4, "answer", NEVER, "not executed"),
                (2, "ended", 0, "out of order"), (1, "ended", -1, "out of order"),
                (4, "until", 6, "out of order")):
            with self.subTest(f"{number} {field}"):
                self.setUp()
                setattr(self.operations[number], field, value)
                self.assertIn(text, self.faults())


if __name__ == "__main__":
    unittest.main()
