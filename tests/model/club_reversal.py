"""Taking back what was done, for the model: sales, redemptions, captures and reservations, in whole
or in part, and what never came. Written from domain.md: "Operations", Reverse; "Figures"; fine
print 8, 9, 11, 15, 16 and 17.
"""

import dataclasses

from club_account import Score
from club_acts import WHOLE, Award, Hold, Other, Spent
from club_calendar import DAY_MS
from club_refused import Refused
from club_spending import Spending

HORIZON_MS = 400 * DAY_MS


@dataclasses.dataclass
class Reversal:
    """What a reversal did. The figures of what it did not touch are 0."""

    result: str                 # as in ReverseResult
    of: str                     # what the original was
    points: int = 0
    score: int = 0
    amount: int = 0             # of the sale, and the part of it to be refunded in points
    paid: int = 0
    pending: int = 0            # where points of an award came from
    lot: int = 0
    expired: int = 0            # of a redemption: what came back ended
    others: int = 0
    deficit: int = 0
    forgiven: int = 0           # of a redemption: what paid that
    worth: int = 0
    lots: tuple = ()            # given back: (end, points), consumed last first


class Reversing(Spending):
    """An account that is told to take back."""

    def reverse(self, now_ms, original, part=WHOLE, created_ms=None, request=None):
        """`created_ms`: of the original; None: now. One beyond the horizon is refused whether its
        log still knows it or not."""
        return self._commit(now_ms, request, lambda member: member._reverse(
            original, part, created_ms, request))

    def _reverse(self, original, part, created_ms, request):
        if created_ms is not None and self.now_ms - created_ms > HORIZON_MS:
            raise Refused("ORIGINAL_ARCHIVED")
        act = self.acts.get(original)
        self._remember(request, Other("reversal"))
        if act is None:
            again = original in self.tombstones
            if original != request:  # its own will not come again but as a retry
                self.tombstones.add(original)
            return Reversal("ORIGINAL_NOT_FOUND", "unknown again" if again else "unknown")
        if isinstance(act, Award):
            return self._reverse_award(original, act, part)
        if isinstance(act, Hold):
            return self._reverse_hold(original, act, part)
        if isinstance(act, Spent):
            captures = [hold.capture for hold in self.acts.values() if isinstance(hold, Hold)]
            of = "capture" if original in captures else "redemption"
            return self._reverse_spent(original, of, part)
        return Reversal("NOTHING_TO_REVERSE", act.what)

    # --- sales ---

    def _reverse_award(self, request, award, part):
        if part.points is not None:
            raise Refused("PART_DOES_NOT_FIT")
        for line in part.lines or ():
            if not 1 <= line <= len(award.amounts):
                raise Refused(LINE_NOT_FOUND=(line, len(award.amounts)))
        after = award.less(part)
        if after == award:
            return Reversal("PREVIOUSLY_REVERSED", "award")
        self.acts[request] = after
        done = Reversal("REVERSED", "award", after.taken - award.taken,
                        amount=after.returned - award.returned,
                        paid=after.refunded_points - award.refunded_points)
        self.taken_back += done.points
        self._take_back(request, award.earned.end_ms, done)
        if award.earned.score_until_ms > self.now_ms:  # else its score has ended by itself
            left = self.left_of(request)  # less what was taken by hand
            done.score = min(after.score_taken - award.score_taken, left)
            self._end_score(request, award.earned.score_until_ms, done.score)
        if done.others or done.deficit or done.forgiven:
            done.result = "FURTHER_ACTIVITY"
        return done

    def _take_back(self, request, end_ms, done):
        """Says in `done` where the points came from. Held points are never taken."""
        left = done.points
        done.pending = self._take_pending(request, left)
        left -= done.pending
        done.lot = min(left, self.lots.get(end_ms, 0))
        if done.lot:
            self.lots[end_ms] -= done.lot
            self.lots = {end: points for end, points in self.lots.items() if points}
        left -= done.lot
        done.expired = min(left, self.expired_of.get(end_ms, 0))
        self._expire(end_ms, -done.expired)
        left -= done.expired
        done.others = sum(points for _, points in self._take(left))
        left -= done.others
        if self.versions.at(self.now_ms).clamps:
            done.forgiven = left
            self.forgiven += left
        else:
            done.deficit = left
            self.deficit += left

    def _take_pending(self, request, points):
        taken = 0
        for pending in [pending for pending in self.pending if pending.award == request]:
            part = min(points - taken, pending.points)
            taken += part
            at = self.pending.index(pending)
            self.pending[at] = dataclasses.replace(pending, points=pending.points - part)
        self.pending = [pending for pending in self.pending if pending.points]
        return taken

    def _end_score(self, award, until_ms, score):
        """What counted at instants before this one counted there; no card changes by it."""
        if score:
            if self.versions.is_rescore(self.now_ms):
                self.note("score taken back at a re-scoring's very instant")
            self.scores.append(Score(self.now_ms, until_ms, -score, self.now_ms, award))

    # --- redemptions and reservations ---

    def _reverse_hold(self, request, hold, part):
        of = f"{hold.state} reservation"
        if part.is_of_sale:
            raise Refused("PART_DOES_NOT_FIT")
        if hold.state == "captured":
            return self._reverse_spent(hold.capture, of, part)
        if hold.state == "reversed":
            return Reversal("PREVIOUSLY_REVERSED", of)
        if hold.state != "open":
            return Reversal("NOTHING_TO_REVERSE", of)
        self.acts[request] = dataclasses.replace(hold, state="reversed")
        freed = self._freed("reversed", hold.lots)
        return Reversal("REVERSED", of, freed.points, expired=freed.expired, lots=hold.lots)

    def _reverse_spent(self, request, of, part):
        if part.is_of_sale:
            raise Refused("PART_DOES_NOT_FIT")
        spent = self.acts[request]
        left = spent.points - spent.given_back
        if left == 0:
            return Reversal("PREVIOUSLY_REVERSED", of)
        points = min(left, part.points or left)
        after = dataclasses.replace(spent, given_back=spent.given_back + points)
        self.acts[request] = after
        done = Reversal("REVERSED", of, points, worth=after.value_back - spent.value_back,
                        lots=after.lots_back(spent))
        self.given_back += points
        for end_ms, part_of_lot in done.lots:
            paid = min(part_of_lot, self.forgiven)
            self.forgiven -= paid
            done.forgiven += paid
            done.expired += self._add_or_expire(end_ms, part_of_lot - paid)
        return done
