"""What an account remembers of a member's requests, so that they can be captured, released and
taken back: sales, spendings, holds. Each is a frozen value; a later request puts another in its
place. How much of a sale comes back with a part of it is here too (domain.md, "Figures" and fine
print 15).
"""

import dataclasses
import datetime

from club_program import Earned


@dataclasses.dataclass(frozen=True)
class Part:
    """What of an act is to be reversed: the whole of what is left, or an amount of money or the
    lines (counted from 1) of a sale, or points of a redemption."""

    amount: int = None
    lines: tuple = None
    points: int = None

    @property
    def is_of_sale(self):
        return self.amount is not None or self.lines is not None


WHOLE = Part()


@dataclasses.dataclass(frozen=True)
class Award:
    day: datetime.date
    amounts: tuple              # of its lines, in minor units
    paid_with_points: int
    earned: Earned
    returned: int = 0           # of its amount
    lines_returned: frozenset = frozenset()
    taken: int = 0              # points
    score_taken: int = 0
    refunded_points: int = 0    # of what was paid with points, in minor units
    whole: bool = False         # all of it was returned

    @property
    def amount(self):
        return sum(self.amounts)

    def less(self, part):
        """The sale with a part of it returned; the same if of that part nothing is left. A line is
        returned once; with the last of the amount goes all that is left, also of a line whose
        amount was returned without naming it."""
        lines = self._lines_of(part)
        if self.whole or part.lines is not None and not lines:
            return self
        left = self.amount - self.returned
        amount = left if part.amount is None else part.amount
        if part.lines is not None:
            amount = sum(self.amounts[i - 1] for i in lines)
        after = dataclasses.replace(self, returned=self.returned + min(amount, left),
                                    lines_returned=self.lines_returned | lines)
        whole = after.returned == self.amount
        refunded = 0 if self.amount == 0 else self.paid_with_points * after.returned // self.amount
        shares = [self.earned.by_line[i - 1] for i in lines]
        return dataclasses.replace(
            after, whole=whole, refunded_points=refunded,
            taken=after._taken(self.earned.points, self.taken, [p for p, _ in shares], part, whole),
            score_taken=after._taken(self.earned.score, self.score_taken, [s for _, s in shares],
                                     part, whole))

    def _lines_of(self, part):
        return frozenset(part.lines or ()) - self.lines_returned

    def _taken(self, total, before, shares, part, whole):
        """Of a total of points or score: how much is taken back in all."""
        if whole:
            return total
        if part.lines is not None:
            return min(total, before + sum(shares))
        return max(before, total * self.returned // self.amount)

    def left_of(self, figure):
        """What of a figure of the sale still counts for caps and guards."""
        points = self.earned.points
        return figure - figure * self.taken // points if points else figure


@dataclasses.dataclass(frozen=True)
class Spent:
    """A redemption, or what was captured of a hold."""

    day: datetime.date          # counted against its limit: of the reservation, if there was one
    lots: tuple                 # of (end, points), as they were consumed
    value: int                  # minor units
    given_back: int = 0

    @property
    def points(self):
        return sum(points for _, points in self.lots)

    @property
    def value_back(self):
        return self.value * self.given_back // self.points

    def lots_back(self, before):
        """What was given back since it stood as `before`, the lot consumed last first."""
        back, _ = split_lots(reversed(self.lots), self.given_back)
        _, since = split_lots(back, before.given_back)
        return since


@dataclasses.dataclass(frozen=True)
class Hold:
    day: datetime.date
    lots: tuple
    value: int
    program: object             # the version of the reservation
    lapses_ms: int
    state: str = "open"         # lapsed, captured, released, reversed
    capture: object = None      # its request

    @property
    def points(self):
        return sum(points for _, points in self.lots)


@dataclasses.dataclass(frozen=True)
class Other:
    """A request that is known and moved nothing that could be taken back."""

    what: str


def split_lots(lots, points):
    """The first so many points of lots, and the others."""
    first, rest = [], []
    for end_ms, held in lots:
        part = min(held, points)
        points -= part
        first += [(end_ms, part)] * (part > 0)
        rest += [(end_ms, held - part)] * (held > part)
    return tuple(first), tuple(rest)
