"""Score that partners report, for the model: contributions with ids of their own, reduced and
ended. Written from domain.md: "Operations", fine print 2, 3, 5, 6 and 14.

A contribution is a few scores: what was reported, and a negative one for each part that was taken
away while it counted. What was said of it before its time leaves no trace in them.
"""

import dataclasses

from club_account import Score
from club_acts import Other
from club_calendar import NEVER
from club_refused import FIGURE, NO_FIGURES, POINTS_A_RECORD, Refused, refuse_if
from club_reversal import Reversing


@dataclasses.dataclass(frozen=True)
class Reported:
    """What is left of a contribution; `parts` are scores of the account."""

    score: int
    from_ms: int
    until_ms: int
    parts: tuple


class Contributing(Reversing):
    """An account that is told of contributions. Each gives what is left, a Reported."""

    def contribute(self, now_ms, name, score, start=None, until=None, request=None):
        """Dates mean 00:00 local; None: now, and no end."""
        return self._commit(now_ms, request, lambda member: member._contribute(
            name, score, start, until, request))

    def reduce(self, now_ms, name, score, request=None):
        return self._commit(now_ms, request, lambda member: member._reduce(name, score, request))

    def end(self, now_ms, name, on=None, request=None):
        return self._commit(now_ms, request, lambda member: member._end(name, on, request))

    def _day(self, date, otherwise):
        return otherwise if date is None else self.zone.day_start(date)

    def _contribute(self, name, score, start, until, request):
        self._remember(request, Other("contribution"))
        from_ms = self._day(start, self.now_ms)
        window_ms = self.versions.at(self.now_ms).score_until(from_ms)
        part = self.first_part(from_ms, min(self._day(until, NEVER), window_ms), score,
                               ("contribution", name))
        reasons = {}
        if name in self.reported:
            reasons["CONTRIBUTION_EXISTS"] = NO_FIGURES
        if part.until_ms <= part.from_ms:
            reasons["BAD_INTERVAL"] = NO_FIGURES
        if score > POINTS_A_RECORD:
            reasons.update(FIGURE)
        self.score_given += score
        refuse_if({**reasons, **self._out_of_bounds()})
        self._note_begin(part)
        self.scores.append(part)
        self.reported[name] = Reported(score, part.from_ms, part.until_ms, (part,))
        self._score_rose([part])
        return self.reported[name]

    def _note_begin(self, part):
        if part.until_ms <= self.now_ms:
            self.note("contribution: all of it past")
        elif part.from_ms < self.now_ms:
            self.note("contribution: late")
        elif part.from_ms > self.now_ms:
            self.note("contribution: to come")
        if part.from_ms < self.enrolled_ms:
            self.note("contribution: from before the enrolment")

    def _known(self, name):
        if name not in self.reported:
            raise Refused("UNKNOWN_CONTRIBUTION")
        return self.reported[name]

    def _reduce(self, name, score, request):
        self._remember(request, Other("reduction"))
        was = self._known(name)
        left = was.score if max(self.now_ms, was.from_ms) < was.until_ms else 0
        if score > left:
            raise Refused(REDUCED_TOO_FAR=(score, left))
        self._put(name, dataclasses.replace(was, score=left - score,
                                            parts=self._cut(was, score, was.until_ms)))
        return self.reported[name]

    def _cut(self, was, score, until_ms):
        """Its scores with so much of it gone from now on."""
        if was.from_ms > self.now_ms:
            self.note("contribution: cut before its time")
            return tuple(part for part in [dataclasses.replace(
                was.parts[0], score=was.parts[0].score - score)] if part.score)
        of = was.parts[0].of if was.parts else None
        score = min(score, self.left_of(of))  # what was taken by hand is not taken again
        return (*was.parts, Score(self.now_ms, until_ms, -score, self.now_ms, of))

    def _end(self, name, on, request):
        self._remember(request, Other("end of a contribution"))
        was = self._known(name)
        at_ms = max(self._day(on, self.now_ms), self.now_ms, was.from_ms)
        if at_ms >= was.until_ms:
            self.note("contribution: ended already")
            return was
        if at_ms == was.from_ms > self.now_ms:
            self.note("contribution: ended before its time")
            left = Reported(0, was.from_ms, at_ms, ())
        elif at_ms > self.now_ms:
            self.note("contribution: end announced")
            left = Reported(was.score, was.from_ms, at_ms, tuple(
                dataclasses.replace(part, until_ms=at_ms) for part in was.parts))
        else:
            counted = at_ms > was.from_ms
            left = Reported(was.score if counted else 0, was.from_ms, at_ms,
                            self._cut(was, was.score, was.until_ms))
        self._put(name, left)
        return left

    def _put(self, name, reported):
        gone = self.reported[name].parts
        self.scores = [score for score in self.scores
                       if not any(score is part for part in gone)] + list(reported.parts)
        self.reported[name] = reported
