#!/usr/bin/python3
"""Whether the history of one member is linearizable: whether its operations can be put into one
order, each at an instant between its beginning and its end, in which every answer is right.

    linearizable.py FILE...    judges saved histories; exit code 0: all are linearizable

The account is a balance. An award adds its points and answers the balance after it. A redemption
takes its points if there are as many and answers the balance after it, else it is refused and
answers the balance it saw. A read answers the balance. A lookup answers whether its target came
before it. An open operation may come at any later instant (up to its deadline) or never.

The search is that of Wing and Gong with Lowe's memory of states. A state is the set of operations
already placed, as the bits of an int, and the balance. Two things keep it small, and lose nothing:
* What changes nothing (a read, a lookup, a refusal) is placed as soon as it fits: if there is an
  order with it later, there is the same order with it now.
* Nobody was told of an open operation, so it need only be placed for the sake of a balance that
  somebody saw: just before that, with other open ones, their points being exactly what is missing.
  Which ones these are is found by meeting in the middle, not by trying one after the other.
The worst case stays exponential: past a bound on states and sums Undecided is raised. It is no
verdict, and never taken for one.
"""

import bisect
import collections
import itertools
import math
import sys

from operations import APPLIED, AWARD, LOOKUP, NEVER, OPEN, REDEEM, REFUSED, UNSEEN
import operations as history

WORK_MAX = 20_000_000  # states and sums looked at

Verdict = collections.namedtuple("Verdict", "legal why work")


class Undecided(Exception):
    """The bound was reached before the search ended."""


class Contradiction(Exception):
    """Answers that no order can bring together."""


def bits(mask):
    """The numbers of the bits set."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


# --- from what was told to what must be ordered ---

def told_answers(operations):
    """What was told about each mutation, by itself or by lookups: name -> (answer, balance)."""
    told = {}
    for operation in operations:
        name = operation.target if operation.kind == LOOKUP else operation.name
        if operation.answer not in (APPLIED, REFUSED):
            continue
        answer = operation.answer, operation.balance
        if told.setdefault(name, answer) != answer:
            raise Contradiction(f"two answers of one operation: {told[name]}, and "
                                f"{operation.describe()}")
    return told


def check_targets(operations, told):
    """Only what was sent, and may have been executed, can have been answered."""
    known = {operation.name: operation for operation in operations if operation.mutates()}
    for name in told:
        if name not in known:
            raise Contradiction(f"an answer of an operation that was never sent: {name}")
        if known[name].answer == NEVER:
            raise Contradiction(f"executed, though it was answered that it was not: "
                                f"{known[name].describe()}")


def balance_before(kind, points, answer, balance):
    """What the balance was when this was the answer."""
    if answer == REFUSED:
        if kind != REDEEM or balance >= points:
            raise Contradiction(f"refused, with {balance} there and {points} asked")
        return balance
    before = balance - points if kind == AWARD else balance + points
    if before < 0 or balance < 0:
        raise Contradiction(f"{kind} of {points} that left {balance}")
    return before


class Steps:
    """A history as the search needs it. Each operation is a bit: first those that must be placed,
    in order of beginning, then the open ones."""

    def __init__(self, operations):
        self.told = told_answers(operations)
        check_targets(operations, self.told)
        live = [operation for operation in operations if self._matters(operation)]
        must = [operation for operation in live if not self._is_open(operation)]
        must.sort(key=lambda operation: operation.begun)
        self.must_count = len(must)
        self.all = must + [operation for operation in live if self._is_open(operation)]
        self.number = {operation.name: i for i, operation in enumerate(self.all)}
        self.begun = [operation.begun for operation in self.all]
        self.must_begun = self.begun[:self.must_count]
        self.ended = [self._last_instant(operation) for operation in self.all]
        self.by_end = sorted(range(self.must_count), key=lambda i: self.ended[i])
        self.before, self.gain = [], []
        for operation in self.all:
            before, gain = self._effect(operation)
            self.before.append(before)
            self.gain.append(gain)
        self.needs = self._needs()
        self.too_late, self.bars = self._deadlines()

    def _is_open(self, operation):
        return operation.mutates() and operation.name not in self.told

    def _matters(self, operation):
        """What has no say: what was never executed, and reads and lookups without an answer."""
        return operation.answer != (NEVER if operation.mutates() else OPEN)

    @staticmethod
    def _last_instant(operation):
        instants = (operation.ended, operation.until)
        return min((at for at in instants if at is not None), default=math.inf)

    def _effect(self, operation):
        """The balance it needs (None: any), and what it adds to it."""
        sign = {AWARD: 1, REDEEM: -1}.get(operation.kind, 0)
        if not operation.mutates():
            return operation.balance if operation.kind != LOOKUP else None, 0
        if self._is_open(operation):
            return None, sign * operation.points
        answer, balance = self.told[operation.name]
        before = balance_before(operation.kind, operation.points, answer, balance)
        return before, sign * operation.points if answer == APPLIED else 0

    def _needs(self):
        """For each step the set of those that must come before it, by what lookups said."""
        needs = [0] * len(self.all)
        for i, operation in enumerate(self.all):
            target = self.number.get(operation.target) if operation.kind == LOOKUP else None
            if target is not None and operation.answer == UNSEEN:
                needs[target] |= 1 << i
            elif target is not None:
                needs[i] |= 1 << target
        return needs

    def _deadlines(self):
        """For each step the set of those after which it can come no more, and the set of open
        ones that can come no more after it."""
        too_late, bars = [0] * len(self.all), [0] * len(self.all)
        for i in range(self.must_count, len(self.all)):
            for k, begun in enumerate(self.begun if self.ended[i] < math.inf else ()):
                if begun > self.ended[i]:
                    too_late[i] |= 1 << k
                    bars[k] |= 1 << i
        return too_late, bars


# --- groups of open operations ---

class Sums:
    """Which sets of some open operations add up to what is missing."""

    def __init__(self, gains):
        self.gains = sorted(gains.items())
        half = len(self.gains) // 2
        self.left = collections.defaultdict(list)
        for total, mask in self._subsets(self.gains[:half]):
            self.left[total].append(mask)
        self.right = list(self._subsets(self.gains[half:]))
        self.found = {}

    @staticmethod
    def cost(count):
        return 1 << (count + 1) // 2

    @staticmethod
    def _subsets(gains):
        sets = [(0, 0)]
        for number, gain in gains:
            sets += [(total + gain, mask | 1 << number) for total, mask in sets]
        return sets

    def reach(self, missing):
        """The sets, none empty, smallest first."""
        if missing not in self.found:
            masks = [mask | other for total, mask in self.right
                     for other in self.left.get(missing - total, ())]
            self.found[missing] = sorted(filter(None, masks), key=int.bit_count)
        return self.found[missing]


# --- the search ---

class Search:
    """Depth first over states, without recursion; `deepest` is the fullest state that was met."""

    def __init__(self, steps, start=0, work_max=WORK_MAX):
        self.steps = steps
        self.must = (1 << steps.must_count) - 1
        self.start = start
        self.work = 0
        self.work_max = work_max
        self.seen = set()
        self.sums = {}
        self.deepest = (0, start, 0)

    def run(self):
        """Whether there is an order."""
        stack = [iter([(0, self.start, 0)])]
        while stack:
            state = next(stack[-1], None)
            if state is None:
                stack.pop()
                continue
            state = self.settle(*state)
            if state[0] & self.must == self.must:
                return True
            if state[:2] in self.seen:
                continue
            self.seen.add(state[:2])
            self.spend(1)
            if state[0].bit_count() > self.deepest[0].bit_count():
                self.deepest = state
            stack.append(self.successors(*state))
        return False

    def spend(self, work):
        self.work += work
        if self.work > self.work_max:
            raise Undecided(f"after {self.work} states and sums")

    def skip_done(self, done, place):
        """The place, in order of ending, of the first that is not done."""
        by_end = self.steps.by_end
        while place < len(by_end) and done >> by_end[place] & 1:
            place += 1
        return place

    def window(self, done, place):
        """What must be placed and could be next: begun before any that is not done has ended."""
        steps = self.steps
        if place == len(steps.by_end):
            return [], math.inf
        end = steps.ended[steps.by_end[place]]
        begun = (1 << bisect.bisect_right(steps.must_begun, end)) - 1
        return [i for i in bits(begun & ~done) if steps.needs[i] & ~done == 0], end

    def fits(self, i, balance):
        return self.steps.before[i] is None or self.steps.before[i] == balance

    def bars_some(self, i, done):
        """Whether an open operation would come too late once this is placed."""
        steps = self.steps
        return any(steps.too_late[o] & (done | 1 << o) == 0 for o in bits(steps.bars[i] & ~done))

    def settle(self, done, balance, place):
        """Places all that fits, changes nothing and keeps nothing out."""
        while True:
            place = self.skip_done(done, place)
            before = done
            for i in self.window(done, place)[0]:
                if (self.steps.gain[i] == 0 and self.fits(i, balance)
                        and not self.bars_some(i, done)):
                    done |= 1 << i
            if done == before:
                return done, balance, place

    def successors(self, done, balance, place):
        """The states that one step, or a group of open ones, leads to; the likely ones first."""
        window, end = self.window(done, place)
        steps = self.steps
        for i in window:
            if self.fits(i, balance):
                yield done | 1 << i, balance + steps.gain[i], place
        free = self.free_open(done, end)
        if not free:
            return
        for i in window:
            for group in self.groups(i, done, balance, free):
                if self.can_come(group, balance):
                    gain = sum(steps.gain[o] for o in bits(group))
                    yield done | group, balance + gain, place

    def free_open(self, done, end):
        """The open operations that can come now."""
        steps = self.steps
        return [o for o in range(steps.must_count, len(steps.all))
                if steps.begun[o] <= end and steps.needs[o] & ~done == 0
                and steps.too_late[o] & (done | 1 << o) == 0 and not done >> o & 1]

    def groups(self, i, done, balance, free):
        """The sets of open operations that may come just before step i and make it possible."""
        steps = self.steps
        if steps.before[i] is None:
            yield from self.groups_in_time(i, free)
        elif steps.before[i] != balance:
            key = tuple(free)
            if key not in self.sums:
                self.spend(Sums.cost(len(key)))
                self.sums[key] = Sums({o: steps.gain[o] for o in key})
            if steps.before[i] - balance not in self.sums[key].found:
                self.spend(Sums.cost(len(key)))
            yield from self.sums[key].reach(steps.before[i] - balance)

    def groups_in_time(self, i, free):
        """The same for a step that sees no balance: those with an open operation that would come
        too late after it. What else there is in such a group either has a deadline too, or gives
        points that a redemption needs; anything else could as well come later."""
        steps = self.steps
        hurried = [o for o in free if steps.too_late[o]]
        spend = any(steps.gain[o] < 0 for o in hurried)
        useful = hurried + [o for o in free
                            if spend and steps.gain[o] > 0 and not steps.too_late[o]]
        if not any(steps.bars[i] >> o & 1 for o in useful):
            return
        for size in range(1, len(useful) + 1):
            for group in itertools.combinations(useful, size):
                self.spend(1)
                mask = sum(1 << o for o in group)
                if mask & steps.bars[i]:
                    yield mask

    def can_come(self, group, balance):
        """Whether the open operations of a group have an order: awards go first, as the more
        points are there the better, unless a deadline asks for another order."""
        steps = self.steps
        balance += sum(steps.gain[o] for o in bits(group))
        if balance < 0:
            return False
        if not any(steps.bars[o] & group for o in bits(group)):
            return True
        return self.undo(group, balance, set())

    def undo(self, group, balance, failed):
        """The same where there are deadlines: takes one after the other away as the last."""
        if group == 0:
            return True
        if group in failed:
            return False
        self.spend(1)
        steps = self.steps
        for o in bits(group):
            before = balance - steps.gain[o]
            if (steps.too_late[o] & group == 0 and before >= 0
                    and self.undo(group ^ 1 << o, before, failed)):
                return True
        failed.add(group)
        return False

    def explain(self):
        """Where the search came farthest, and what could not come next."""
        done, balance, place = self.deepest
        steps = self.steps
        window, end = self.window(done, place)
        free = self.free_open(done, end)
        lines = [f"{(done & self.must).bit_count()} of {steps.must_count} placed, balance "
                 f"{balance}; none of these fits next:"]
        lines += ["  " + steps.all[i].describe() for i in window]
        lines += ["  open: " + steps.all[o].describe() for o in free]
        return "\n".join(lines)


def judge(operations, start=0, work_max=WORK_MAX):
    """The verdict on the operations of one member, whose balance was `start`. Raises Undecided."""
    try:
        search = Search(Steps(operations), start, work_max)
    except Contradiction as contradiction:
        return Verdict(False, str(contradiction), 0)
    legal = search.run()
    return Verdict(legal, "" if legal else search.explain(), search.work)


def judge_file(path):
    """Whether every member's operations in a saved history are linearizable; says why not."""
    operations, _ = history.load(path)
    good = True
    for member, part in history.by_member(operations).items():
        verdict = judge(part)
        good = good and verdict.legal
        print(f"{path}: {member}: {len(part)} operations, {verdict.work} states and sums: "
              + ("linearizable" if verdict.legal else f"NOT LINEARIZABLE\n{verdict.why}"))
    return good


def main():
    return 0 if all([judge_file(path) for path in sys.argv[1:]]) else 1


if __name__ == "__main__":
    sys.exit(main())
