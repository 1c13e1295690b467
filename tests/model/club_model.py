"""An account of the club, computed the slow and obvious way.

An independent second opinion on what the daemon's core computes, written from domain.md alone:
plain lists, loops and Fractions, time zones by zoneinfo. A Member is told commands at instants (UTC
milliseconds) and can be looked at, at any later instant, with `at`. A command that is refused
raises Refused with every reason that would do, and changes nothing.

    club = Versions([(effective_from_ms, Program(document)), ...])
    anna = enrol(club, now_ms, enrolled_ms)
    anna.sale(now_ms, Sale([(123456, "")]), request=7)          -> Earned
    anna.reverse(now_ms, 7, Part(amount=1000))                  -> Reversal
    anna.at(now_ms).tier, .score, .balance, .lots, .card, ...

What time alone does is in club_account.py, redemptions and holds in club_spending.py, reversals in
club_reversal.py, contributions in club_contributions.py, acts by hand in club_by_hand.py. `request`
is the id by which a later command names an earlier one; a command without it is named by none. Not
here: retries (a retry is not a command of the rules), perks.
"""

import dataclasses
import datetime

from club_account import Card, Pending
from club_acts import WHOLE, Award, Other, Part  # noqa: F401 (part of this interface)
from club_by_hand import ByHand
from club_calendar import NEVER
from club_program import Earned, Program, Sale, Versions  # noqa: F401
from club_refused import (AMOUNT_MAX, FIGURE, NO_FIGURES, POINTS_A_BALANCE, POINTS_A_RECORD,
                          Refused, Remembered, refuse_if)  # noqa: F401

FUTURE_SALE_MS = 5 * 60 * 1000


@dataclasses.dataclass
class Opening:
    """What is brought over. Dates mean 00:00 local; None: no end, or from now."""

    lots: list = ()    # of (points, date)
    scores: list = ()  # of (score, from date, until date)
    card: tuple = None # (tier, from date, until date)


def enrol(versions, now_ms, enrolled_ms, identifiers=0, request=None):
    """A new member, who brings that many identifiers."""
    reasons = {}
    if enrolled_ms > now_ms:
        reasons["BAD_INTERVAL"] = NO_FIGURES
    if versions.at(enrolled_ms) is None:
        reasons["NO_PROGRAM"] = NO_FIGURES
    refuse_if(reasons)
    member = Member(versions, enrolled_ms, identifiers)
    member._remember(request, Other("enrolment"))
    return member


class Member(ByHand):
    """An account that is told commands."""

    def sale(self, now_ms, sale, request=None):
        """A sale reported now: on time, late or offline. Training posts nothing."""
        earned, after = self.quote(now_ms, sale, request)
        return self._post(sale, earned, after)

    def quote(self, now_ms, sale, request=None):
        """What a sale reported now would earn, and the member as he would stand then."""
        self._refuse_reversed(request)
        now_ms = max(now_ms, self.now_ms)
        sale, reasons = self._settle(now_ms, sale)
        program = self.versions.at(now_ms)
        late_days = program.attach_days if sale.attached else program.late_days
        age = self.zone.date(now_ms) - self.zone.date(sale.occurred_ms)
        if age.days > late_days:
            reasons["SALE_TOO_OLD"] = (None, late_days)
        refuse_if(reasons)
        return self._after(lambda member: member._award(now_ms, sale, request))

    def backfill(self, now_ms, sale, request=None):
        """A sale of the past, posted as if it were now then; in order."""
        self._refuse_reversed(request)
        sale, reasons = self._settle(now_ms, sale)
        if sale.occurred_ms < self.now_ms:
            reasons["OUT_OF_ORDER"] = NO_FIGURES
        refuse_if(reasons)
        return self._post(sale, *self._after(lambda m: m._award(sale.occurred_ms, sale, request)))

    def opening(self, now_ms, opening, request=None):
        """A member brought over from another system."""
        self._commit(now_ms, request, lambda member: member._open(opening, request))

    def job(self, now_ms):
        """Writes down what time alone has made; the last of it is the account's last record."""
        while (instant_ms := self.due(now_ms)) is not None:
            self.advance(instant_ms)

    def end_claim(self, now_ms, identifier, lost):
        """Whether that was still to be known."""
        if identifier not in self.claiming:
            return False
        self.advance(max(now_ms, self.now_ms))
        self.claiming.discard(identifier)
        if not lost:
            self.bound.add(identifier)
        return True

    def _after(self, command):
        """What a command gives, and the member as it leaves him."""
        after = self.at(self.now_ms)
        result = command(after)
        return result, after

    def _post(self, sale, earned, after):
        if not sale.training:
            self.__dict__.update(after.__dict__)
        return earned

    def _settle(self, now_ms, sale):
        """The sale with the instant it occurred, and what speaks against that."""
        program = self.versions.at(now_ms)
        sale = dataclasses.replace(sale, occurred_ms=self._occurred(now_ms, sale), date=None)
        reasons = {}
        if sale.currency not in (None, program.currency):
            reasons["WRONG_CURRENCY"] = NO_FIGURES
        if sale.occurred_ms > now_ms:
            reasons["SALE_FROM_FUTURE"] = NO_FIGURES
        if sale.occurred_ms < self.enrolled_ms:
            reasons["SALE_BEFORE_ENROLMENT"] = NO_FIGURES
        return sale, reasons

    def _occurred(self, now_ms, sale):
        """A date without a time is 12:00, not after now nor, that day, before the enrolment. At
        most five minutes ahead is now."""
        occurred_ms = now_ms if sale.occurred_ms is None else sale.occurred_ms
        if sale.date is not None:
            occurred_ms = self.zone.instant(datetime.datetime.combine(sale.date, datetime.time(12)))
            if sale.date == self.zone.date(now_ms):
                occurred_ms = min(occurred_ms, now_ms)
            if sale.date == self.zone.date(self.enrolled_ms):
                occurred_ms = max(occurred_ms, self.enrolled_ms)
        return now_ms if now_ms < occurred_ms <= now_ms + FUTURE_SALE_MS else occurred_ms

    def _award(self, now_ms, sale, request):
        occurred_ms = sale.occurred_ms
        program = self.versions.at(occurred_ms)
        self.advance(now_ms)
        amounts = [amount for amount, _ in sale.lines]
        if min(amounts) < 0 or sum(amounts) > AMOUNT_MAX:
            raise Refused("FIGURE_OUT_OF_BOUNDS")
        day = self.zone.date(occurred_ms)
        tier = self.card_at(occurred_ms).tier
        if not program.knows(tier):
            self.note("sale of a version without the tier")
        rank = self._rank(program, tier)
        earned = program.earn(sale, occurred_ms, rank, lambda rule: self._used(rule, day))
        refuse_if(self._guards(program, day, earned))
        key = self._remember(request, Award(day, tuple(amounts), sale.paid_with_points, earned))
        self.awarded += earned.points
        self.score_given += earned.score
        self._give_points(earned, key)
        if earned.score > 0:
            score = self.first_part(occurred_ms, earned.score_until_ms, earned.score, key)
            self.scores.append(score)
            self._score_rose([score])
        refuse_if(self._out_of_bounds())
        return earned

    def _used(self, rule_id, day):
        """Points a rule has given in a civil day, and in its month, and that were not taken
        back."""
        mine = [(award.day, award.left_of(award.earned.by_rule.get(rule_id, 0)))
                for award in self.awards()]
        return (sum(points for d, points in mine if d == day),
                sum(points for d, points in mine if (d.year, d.month) == (day.year, day.month)))

    def _guards(self, program, day, earned):
        reasons = {}
        if max(earned.points, earned.score) > POINTS_A_RECORD:
            reasons.update(FIGURE)
        if program.guard_sale and earned.points > program.guard_sale:
            reasons["GUARD_SALE"] = (earned.points, program.guard_sale)
        that_day = sum(award.left_of(award.earned.points)
                       for award in self.awards() if award.day == day)
        if program.guard_member_day and that_day + earned.points > program.guard_member_day:
            reasons["GUARD_MEMBER_DAY"] = (earned.points, program.guard_member_day)
        return reasons

    def _give_points(self, earned, award):
        if earned.points == 0:
            return
        if earned.end_ms <= self.now_ms:
            self.note("points ended before they came")
            self._expire(earned.end_ms, earned.points)
        elif earned.spendable_ms > self.now_ms:
            self.pending.append(Pending(earned.spendable_ms, earned.end_ms, earned.points, award))
        else:
            self._add_points(earned.end_ms, earned.points)

    def _open(self, opening, request):
        now_ms = self.now_ms
        self._remember(request, Other("opening balance"))
        reasons = {}
        scores = [self._opening_score(now_ms, *item) for item in opening.scores]
        if any(score.until_ms <= score.from_ms for score in scores):
            reasons["BAD_INTERVAL"] = NO_FIGURES
        for points, until in opening.lots:
            end_ms = self._day(until, NEVER)
            if end_ms <= now_ms:
                reasons["BAD_INTERVAL"] = NO_FIGURES
            self.opened += points
            self._add_points(end_ms, points)
        self.scores += scores
        self.score_given += sum(score.score for score in scores)
        if (sum(points for points, _ in opening.lots) > POINTS_A_RECORD
                or sum(score.score for score in scores) > POINTS_A_RECORD):
            reasons.update(FIGURE)
        refuse_if({**reasons, **self._out_of_bounds(), **self._open_card(now_ms, opening.card)})
        self._score_rose(scores, has_card=opening.card is not None)

    def _opening_score(self, now_ms, score, from_date, until):
        return self.first_part(self._day(from_date, now_ms), self._day(until, NEVER), score)

    def _open_card(self, now_ms, card):
        """Gives the card; what speaks against it."""
        if card is None:
            return {}
        tier, from_date, until = card
        program = self.versions.at(now_ms)
        if not program.knows(tier):
            return {"UNKNOWN_TIER": NO_FIGURES}
        from_ms, until_ms = self._day(from_date, now_ms), self._day(until, NEVER)
        is_base = program.rank(tier) == 0
        if not from_ms <= now_ms < until_ms or is_base != (until_ms == NEVER):
            return {"BAD_INTERVAL": NO_FIGURES}
        self.cards.append(Card(tier, from_ms, until_ms, "OPENING"))
        return {}

    def _out_of_bounds(self):
        points = sum(self.lots.values()) + self.pending_points + self.held
        return FIGURE if max(points, self.score_given) > POINTS_A_BALANCE else {}
