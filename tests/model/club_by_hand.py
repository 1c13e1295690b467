"""What an admin does by hand, for the model: points and score adjusted, cards granted and revoked.
Written from domain.md, "Operations", and admin.proto. Each act is to be listed in the audit.
"""

import dataclasses
import datetime

from club_account import Card, Score
from club_acts import Other
from club_calendar import NEVER, add_months
from club_contributions import Contributing
from club_refused import FIGURE, NO_FIGURES, POINTS_A_RECORD, Refused, refuse_if

GRANT_MONTHS = 60


class ByHand(Contributing):
    """An account that is told of acts by hand."""

    def adjust_points(self, now_ms, points, ends=None, may_owe=False, request=None):
        """`ends`, of points given: a date, "never", or None: as of a sale of now."""
        return self._commit(now_ms, request, lambda member: member._adjust_points(
            points, ends, may_owe, request))

    def adjust_score(self, now_ms, score, until=None, request=None):
        return self._commit(now_ms, request, lambda member: member._adjust_score(
            score, until, request))

    def grant(self, now_ms, tier, until, request=None):
        return self._commit(now_ms, request, lambda member: member._grant(tier, until, request))

    def revoke(self, now_ms, tier=None, request=None):
        return self._commit(now_ms, request, lambda member: member._revoke(tier, request))

    def list_acts(self, now_ms):
        """All that was done is in the audit."""
        self.advance(max(now_ms, self.now_ms))
        self.unlisted = 0

    def _act(self, request, what, figure=0):
        self._remember(request, Other(what))
        self.unlisted += 1
        if abs(figure) > POINTS_A_RECORD:
            raise Refused(**FIGURE)
        return self.versions.at(self.now_ms)

    # --- points ---

    def _adjust_points(self, points, ends, may_owe, request):
        program = self._act(request, "adjustment", points)
        self.adjusted += points
        if points < 0:
            self._take_by_hand(-points, may_owe)
            return
        end_ms = NEVER if ends == "never" else self._day(ends, program.lot_end(self.now_ms))
        reasons = {"BAD_INTERVAL": NO_FIGURES} if end_ms <= self.now_ms else {}
        self._add_points(end_ms, points)
        refuse_if({**reasons, **self._out_of_bounds()})

    def _take_by_hand(self, points, may_owe):
        if points > max(0, self.balance) and not may_owe:
            raise Refused(INSUFFICIENT_POINTS=(points, self.balance))
        owed = points - sum(part for _, part in self._take(points))
        self.deficit += owed
        if owed:
            self.note("adjusted: points owed")

    # --- score ---

    def _adjust_score(self, score, until, request):
        program = self._act(request, "adjustment", score)
        if score < 0:
            self._take_score_by_hand(-score)
            return
        part = self.first_part(self.now_ms, self._day(until, program.score_until(self.now_ms)),
                               score)
        self.score_given += score
        reasons = {"BAD_INTERVAL": NO_FIGURES} if part.until_ms <= self.now_ms else {}
        refuse_if({**reasons, **self._out_of_bounds()})
        self.scores.append(part)
        self._score_rose([part])

    def _take_score_by_hand(self, wanted):
        """Of what counts now, what ends first first."""
        if wanted > self.score:
            raise Refused(REDUCED_TOO_FAR=(wanted, self.score))
        counting = [part for part in self.scores if part.score > 0 and part.counts(self.now_ms)]
        for part in sorted(counting, key=lambda part: (part.until_ms, part.number)):
            taken = min(wanted, self.left_of(part.of))
            if taken:
                self._take_of(part, taken)
            wanted -= taken
        assert wanted == 0

    def _take_of(self, part, taken):
        less = Score(self.now_ms, part.until_ms, -taken, self.now_ms, part.of)
        for name, reported in self.reported.items():
            if any(mine.of == part.of for mine in reported.parts):
                self.note("adjusted: taken of a contribution")
                self._put(name, dataclasses.replace(reported, parts=(*reported.parts, less)))
                return
        self.note("adjusted: score taken")
        self.scores.append(less)

    # --- cards ---

    def _grant(self, tier, until, request):
        program = self._act(request, "grant")
        reasons = {}
        if not program.knows(tier):
            reasons["UNKNOWN_TIER"] = NO_FIGURES
        elif program.rank(tier) <= self._rank(program, self.tier):
            reasons["TIER_NOT_HIGHER"] = NO_FIGURES
        last = add_months(self.zone.date(self.now_ms), GRANT_MONTHS)
        if self._day(until, NEVER) <= self.now_ms or until > last:
            reasons["BAD_INTERVAL"] = NO_FIGURES
        refuse_if(reasons)
        if self.card.cause == "GRANTED":
            self.note("granted above a complimentary card")
        self.cards.append(Card(tier, self.now_ms, self._day(until, NEVER), "GRANTED",
                               self.card.earned))

    def _revoke(self, tier, request):
        program = self._act(request, "revocation")
        if tier is not None and not program.knows(tier):
            raise Refused("UNKNOWN_TIER")
        rank = 0 if tier is None else program.rank(tier)
        if rank >= self._rank(program, self.tier):
            raise Refused("TIER_NOT_LOWER")
        if self.card.cause == "GRANTED":
            self.note("complimentary card revoked")
        self.cards.append(self._new_card(program, rank, self.now_ms, "REVOKED"))
