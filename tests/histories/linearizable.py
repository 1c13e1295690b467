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
  Which ones these are is found by meeting in the middle, not by trying one after the other; and an
  order with few of them is looked for first.
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

WORK_MAX = 10_000_000  # states and sums looked at
# How many open operations an order is tried with: few will do, if any; none: as many as there are.
OPEN_MAXIMA = (0, 1, 2, 4, 8, None)

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


def span(operation):
    """The first and the last instant at which it can have taken effect."""
    ends = (operation.ended, operation.until)
    return operation.begun, min((end for end in ends if end is not None), default=math.inf)


def spans(operations):
    """The span of each mutation and answered read by name. Lookups are in it: one that found its
    target says that it came before the lookup ended, one that did not that it came after it began.
    As a lookup sees nothing else, that is all it says."""
    found = {operation.name: span(operation) for operation in operations
             if operation.answer != NEVER and operation.kind != LOOKUP
             and (operation.mutates() or operation.answer != OPEN)}
    for lookup in operations:
        if lookup.kind == LOOKUP and lookup.answer != OPEN and lookup.target in found:
            first, last = found[lookup.target]
            if lookup.answer == UNSEEN:
                first = max(first, lookup.begun)
            else:
                last = min(last, lookup.ended)
            found[lookup.target] = first, last
    return found


class Steps:
    """A history as the search needs it. Each operation is a bit: first those that must be placed,
    in order of beginning, then the open ones."""

    def __init__(self, operations):
        told = told_answers(operations)
        check_targets(operations, told)
        found = spans(operations)
        live = [operation for operation in operations if operation.name in found]
        live.sort(key=lambda operation: found[operation.name][0])
        is_open = [operation.mutates() and operation.name not in told for operation in live]
        must = [operation for operation, free in zip(live, is_open) if not free]
        self.must_count = len(must)
        self.all = must + [operation for operation, free in zip(live, is_open)
                           if free and found[operation.name][0] <= found[operation.name][1]]
        self.first = [found[operation.name][0] for operation in self.all]
        self.last = [found[operation.name][1] for operation in self.all]
        for i, operation in enumerate(must):
            if self.first[i] > self.last[i]:
                raise Contradiction(f"there is no instant for {operation.describe()}")
        self.must_first = self.first[:self.must_count]
        self.by_last = sorted(range(self.must_count), key=lambda i: self.last[i])
        self.before, self.gain = zip(*(self._effect(operation, told) for operation in self.all)) \
            if self.all else ((), ())
        self.too_late, self.bars = self._deadlines()

    @staticmethod
    def _effect(operation, told):
        """The balance it needs (None: any), and what it adds to it."""
        if not operation.mutates():
            return operation.balance, 0
        gain = operation.points if operation.kind == AWARD else -operation.points
        if operation.name not in told:
            return None, gain
        answer, balance = told[operation.name]
        return (balance_before(operation.kind, operation.points, answer, balance),
                gain if answer == APPLIED else 0)

    def _deadlines(self):
        """For each step the set of those after which it can come no more, and the set of open
        ones that can come no more after it."""
        too_late, bars = [0] * len(self.all), [0] * len(self.all)
        for i in range(self.must_count, len(self.all)):
            for k, first in enumerate(self.first if self.last[i] < math.inf else ()):
                if first > self.last[i]:
                    too_late[i] |= 1 << k
                    bars[k] |= 1 << i
        return too_late, bars


# --- groups of open operations ---

class Sums:
    """Which sets of some open operations add up to what is missing. `alike` are lists of numbers:
    operations between which there is no difference any more, so that of each list only the first
    ones need ever be taken."""

    def __init__(self, alike, gain):
        self.alike = alike
        self.gain = gain
        self.few = collections.defaultdict(list)  # by one or two operations
        firsts = sorted(number for numbers in alike for number in numbers[:2])
        for size in (1, 2):
            for group in itertools.combinations(firsts, size):
                self.few[sum(gain[o] for o in group)].append(sum(1 << o for o in group))
        self.halves = None
        self.found = {}

    def cost(self):
        """How many sets either half has, at most."""
        half = len(self.alike) // 2
        return max(math.prod(len(numbers) + 1 for numbers in part)
                   for part in (self.alike[:half], self.alike[half:]))

    def reach(self, missing):
        """All the sets, none empty, smallest first."""
        if missing not in self.found:
            left, right = self.halve()
            masks = [mask | other for total, mask in right
                     for other in left.get(missing - total, ())]
            self.found[missing] = sorted(filter(None, masks), key=int.bit_count)
        return self.found[missing]

    def halve(self):
        """Every set of either half of the operations with its sum, those of the first by sum."""
        if self.halves is None:
            half = len(self.alike) // 2
            left = collections.defaultdict(list)
            for total, mask in self.subsets(self.alike[:half]):
                left[total].append(mask)
            self.halves = left, self.subsets(self.alike[half:])
        return self.halves

    def subsets(self, alike):
        sets = [(0, 0)]
        for numbers in alike:
            firsts = [(0, 0)]
            for number in numbers:
                firsts.append((firsts[-1][0] + self.gain[number], firsts[-1][1] | 1 << number))
            sets = [(total + more, mask | first) for total, mask in sets for more, first in firsts]
        return sets


# --- the search ---

class Search:
    """Depth first over states, without recursion. With a bound on how many open operations are
    taken in all (and then by ones and twos), it may miss an order, but it is quick. `deepest` is
    the fullest state that was met."""

    def __init__(self, steps, start, work_max, open_max=None):
        self.steps = steps
        self.must = (1 << steps.must_count) - 1
        self.start = start
        self.open_max = open_max
        self.work = 0
        self.work_max = work_max
        self.seen = collections.defaultdict(list)
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
            if self.is_known(state[0], state[1]):
                continue
            if state[0].bit_count() > self.deepest[0].bit_count():
                self.deepest = state
            stack.append(self.successors(*state))
        return False

    def is_known(self, done, balance):
        """Whether this state was met, or one that differs only in having more open operations
        left; else remembers it."""
        known = self.seen[done & self.must, balance]
        self.spend(1 + len(known))
        if any(other & ~done == 0 for other in known):
            return True
        known.append(done)
        return False

    def spend(self, work):
        self.work += work
        if self.work > self.work_max:
            raise Undecided(f"after {self.work} states and sums in the last search")

    def skip_done(self, done, place):
        """The place, in order of ending, of the first that is not done."""
        by_last = self.steps.by_last
        while place < len(by_last) and done >> by_last[place] & 1:
            place += 1
        return place

    def window(self, done, place):
        """What must be placed and could be next: begun before any that is not done has ended."""
        steps = self.steps
        if place == len(steps.by_last):
            return [], math.inf
        end = steps.last[steps.by_last[place]]
        begun = (1 << bisect.bisect_right(steps.must_first, end)) - 1
        return list(bits(begun & ~done)), end

    def bars_some(self, i, done):
        """Whether an open operation would come too late once this is placed."""
        steps = self.steps
        return any(steps.too_late[o] & done == 0 for o in bits(steps.bars[i] & ~done))

    def settle(self, done, balance, place):
        """Places all that fits, changes nothing and keeps nothing out."""
        while True:
            place = self.skip_done(done, place)
            before = done
            for i in self.window(done, place)[0]:
                if (self.steps.gain[i] == 0 and self.steps.before[i] == balance
                        and not self.bars_some(i, done)):
                    done |= 1 << i
            if done == before:
                return done, balance, place

    def successors(self, done, balance, place):
        """The states that one step, or a group of open ones, leads to; the likely ones first."""
        window, end = self.window(done, place)
        steps = self.steps
        for i in window:
            if steps.before[i] == balance:
                yield done | 1 << i, balance + steps.gain[i], place
        free = self.free_open(done, end)
        for i in window if free else ():
            missing = steps.before[i] - balance
            for group in self.groups(missing, balance, free) if missing else ():
                if self.may_take(done | group):
                    yield done | group, steps.before[i], place

    def may_take(self, done):
        return self.open_max is None or (done & ~self.must).bit_count() <= self.open_max

    def free_open(self, done, end):
        """The open operations that can come now."""
        steps = self.steps
        return [o for o in range(steps.must_count, len(steps.all)) if not done >> o & 1
                and steps.first[o] <= end and steps.too_late[o] & done == 0]

    def groups(self, missing, balance, free):
        """The sets of open operations that gain just so much and have an order, without those that
        contain another one."""
        taken = []
        for group in self.sums_to(missing, free):
            if not any(other & ~group == 0 for other in taken) and self.can_come(group, balance):
                taken.append(group)
                yield group

    def sums_to(self, missing, free):
        """The sets of these open operations that gain just so much, smallest first."""
        steps = self.steps
        key = tuple(free)
        if key not in self.sums:
            alike = collections.defaultdict(list)
            for o in free:
                alike[steps.gain[o], steps.too_late[o]].append(o)
            self.sums[key] = Sums(list(alike.values()), steps.gain)
            self.spend(len(self.sums[key].few))
        sums = self.sums[key]
        if self.open_max is not None:
            return sums.few.get(missing, ())
        if missing not in sums.found:
            self.spend(sums.cost())
        return sums.reach(missing)

    def can_come(self, group, balance):
        """Whether the open operations of a group have an order: awards go first, as the more
        points are there the better, unless a deadline asks for another order."""
        steps = self.steps
        balance += sum(self.steps.gain[o] for o in bits(group))
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
        steps = Steps(operations)
    except Contradiction as contradiction:
        return Verdict(False, str(contradiction), 0)
    work = 0
    for open_max in OPEN_MAXIMA:
        search = Search(steps, start, work_max // (1 if open_max is None else 20), open_max)
        try:
            legal = search.run()
        except Undecided:
            if open_max is None:
                raise
            continue
        finally:
            work += search.work
        if legal:
            return Verdict(True, "", work)
    return Verdict(False, search.explain(), work)


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
