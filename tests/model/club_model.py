"""An account of the club, computed the slow and obvious way.

An independent second opinion on what the daemon's core computes, written from domain.md alone:
plain lists, loops and Fractions, time zones by zoneinfo. A Member is told commands at instants (UTC
milliseconds) and can be looked at, at any later instant, with `at`. A command that is refused
raises Refused with every reason that would do, and changes nothing.

    club = Versions([(effective_from_ms, Program(document)), ...])
    anna = Member(club, enrolled_ms)
    anna.sale(now_ms, Sale([(123456, "")]))     -> Earned
    anna.at(now_ms).tier, .score, .balance, .lots, .card, ...

Not here: request ids (a retry is not a command of the rules), holds, reversals, perks.
"""

import copy
import dataclasses
import datetime

from club_calendar import NEVER
from club_program import Program, Sale, Versions  # noqa: F401 (part of this interface)

FUTURE_SALE_MS = 5 * 60 * 1000
REPLAY_DAYS = 400
AMOUNT_MAX = 10**12
POINTS_A_RECORD = 10**12
POINTS_A_BALANCE = 10**15


class Refused(Exception):
    """A command the rules say no to; `reasons` are all that hold, any of them will do."""

    def __init__(self, *reasons):
        super().__init__(", ".join(reasons))
        self.reasons = set(reasons)


@dataclasses.dataclass(frozen=True)
class Card:
    tier: str
    from_ms: int
    until_ms: int
    cause: str  # ENROLLED, IMMEDIATE, RESCORE, CARD_END, LATE_SCORE, OPENING


@dataclasses.dataclass(frozen=True)
class Pending:
    spendable_ms: int
    end_ms: int
    points: int


@dataclasses.dataclass(frozen=True)
class Score:
    from_ms: int
    until_ms: int
    score: int
    known_ms: int  # when it was reported

    def counts_in_boundary(self, instant_ms):
        """Boundaries of an instant come before its commands: what is sold or reported exactly then
        does not count in them, what was announced earlier to start then does."""
        started = self.from_ms < instant_ms or self.from_ms == instant_ms > self.known_ms
        return started and instant_ms < self.until_ms

    def counts(self, instant_ms):
        return self.from_ms <= instant_ms < self.until_ms


@dataclasses.dataclass
class Opening:
    """What is brought over. Dates mean 00:00 local; None: no end, or from now."""

    lots: list = ()    # of (points, date)
    scores: list = ()  # of (score, from date, until date)
    card: tuple = None # (tier, from date, until date)


class Member:
    def __init__(self, versions, enrolled_ms):
        program = versions.at(enrolled_ms)
        if program is None:
            raise Refused("NO_PROGRAM")
        self.versions = versions
        self.enrolled_ms = enrolled_ms
        self.now_ms = enrolled_ms
        self.cards = [Card(program.tiers[0].id, enrolled_ms, NEVER, "ENROLLED")]
        self.lots = {}             # end -> points
        self.pending = []
        self.deficit = 0
        self.scores = []
        self.rule_points = []      # (rule id, civil day of the sale, points)
        self.redemptions = []      # (civil day, points)
        self.awarded = 0
        self.opened = 0
        self.redeemed = 0
        self.expired = 0
        self.score_given = 0

    # --- looking ---

    def at(self, now_ms):
        """The member as he stands at an instant, not before the last command."""
        other = copy.copy(self)
        for name in ("cards", "lots", "pending", "scores", "rule_points", "redemptions"):
            setattr(other, name, copy.copy(getattr(self, name)))
        other.advance(now_ms)
        return other

    @property
    def card(self):
        return self.cards[-1]

    @property
    def tier(self):
        return self.card.tier

    @property
    def balance(self):
        return sum(self.lots.values()) - self.deficit

    @property
    def pending_points(self):
        return sum(pending.points for pending in self.pending)

    @property
    def score(self):
        return sum(score.score for score in self.scores if score.counts(self.now_ms))

    @property
    def missing_to_next(self):
        """To the threshold of the tier one above; None at the top."""
        program = self.versions.at(self.now_ms)
        above = self._rank(program, self.tier) + 1
        if above == len(program.tiers):
            return None
        return max(0, program.tiers[above].threshold - self.score)

    def card_at(self, instant_ms):
        """The card covering an instant as known now: a back-dated one from its start."""
        for card in reversed(self.cards):
            if card.from_ms <= instant_ms:
                return card
        return self.cards[0]

    # --- time ---

    def advance(self, now_ms):
        """Crosses all boundaries up to and including `now_ms`."""
        while True:
            instant_ms = self._next_boundary(now_ms)
            if instant_ms is None:
                break
            self._cross(instant_ms)
            self.now_ms = instant_ms
        self.now_ms = max(self.now_ms, now_ms)

    def _next_boundary(self, now_ms):
        instants = [self.card.until_ms, *self.lots]
        instants += self.versions.rescores(self.now_ms, now_ms)[:1]
        for pending in self.pending:
            instants += [pending.spendable_ms, pending.end_ms]
        for score in self.scores:
            instants += [score.from_ms, score.until_ms]
        return min((instant for instant in instants if self.now_ms < instant <= now_ms),
                   default=None)

    def _cross(self, instant_ms):
        """All boundaries of one instant, in domain.md's order. Score ends and starts by itself."""
        program = self.versions.at(instant_ms)
        due = [pending for pending in self.pending if pending.spendable_ms <= instant_ms]
        self.pending = [pending for pending in self.pending if pending not in due]
        for pending in due:
            self._add_points(pending.end_ms, pending.points)
        self.expired += self.lots.pop(instant_ms, 0)
        self.expired += sum(p.points for p in self.pending if p.end_ms == instant_ms)
        self.pending = [pending for pending in self.pending if pending.end_ms != instant_ms]
        score = self._boundary_score(instant_ms)
        card = self._card_after(program, self.card, instant_ms, score)
        if card != self.card:
            self.cards.append(card)
        if any(s.from_ms == instant_ms and s.score > 0 for s in self.scores):
            self._test_immediate(program, instant_ms, score)

    def _boundary_score(self, instant_ms):
        return sum(score.score for score in self.scores if score.counts_in_boundary(instant_ms))

    def _card_after(self, program, card, instant_ms, score):
        """The card after the card end and the re-scoring of an instant."""
        if card.until_ms == instant_ms:
            rank = program.reached(score)
            if program.one_down:
                rank = max(rank, self._rank(program, card.tier) - 1)
            card = self._new_card(program, rank, instant_ms, "CARD_END")
        if program.is_rescore(instant_ms):
            card = self._upgraded(program, card, program.reached(score), instant_ms, "RESCORE")
        return card

    def _new_card(self, program, rank, from_ms, cause):
        tier = program.tiers[rank]
        until_ms = NEVER
        if rank > 0:
            until_ms = program.zone.add_months(from_ms, tier.validity_months)
        return Card(tier.id, from_ms, until_ms, cause)

    def _upgraded(self, program, card, rank, instant_ms, cause):
        """The card raised to `rank`; the same card if that is not higher."""
        old_rank = self._rank(program, card.tier)
        if rank <= old_rank:
            return card
        new = self._new_card(program, rank, instant_ms, cause)
        if program.keep and old_rank > 0:
            new = dataclasses.replace(new, until_ms=card.until_ms)
        return new

    def _test_immediate(self, program, instant_ms, score):
        rank = program.reached(score, immediate_only=True)
        card = self._upgraded(program, self.card, rank, instant_ms, "IMMEDIATE")
        if card != self.card:
            self.cards.append(card)

    def _rank(self, program, tier_id):
        """The tier's rank; one the version does not know yet is the highest below it."""
        if program.knows(tier_id):
            return program.rank(tier_id)
        later = next(p for _, p in self.versions.versions if p.knows(tier_id))
        below = [tier.id for tier in later.tiers[:later.rank(tier_id)]]
        return max((program.rank(tier) for tier in below if program.knows(tier)), default=0)

    # --- late score (domain.md, "Late and offline sales"; fine print 3 and 14) ---

    def _score_rose(self, scores, has_card=False):
        """Score was just added; late, it is asked what it would have brought, had it been known.
        A card given with it stands for the past."""
        program = self.versions.at(self.now_ms)
        begun = [score.from_ms for score in scores if score.from_ms < self.now_ms]
        if begun and not has_card:
            replayed = self._replay(max(min(begun), self._replay_floor(program), self.enrolled_ms))
            if self._rank(program, replayed.tier) > self._rank(program, self.tier):
                self.cards.append(dataclasses.replace(replayed, cause="LATE_SCORE"))
        if any(score.score > 0 and score.counts(self.now_ms) for score in scores):
            self._test_immediate(program, self.now_ms, self.score)

    def _replay_floor(self, program):
        today = program.zone.date(self.now_ms)
        return program.zone.day_start(today - datetime.timedelta(days=REPLAY_DAYS))

    def _replay(self, from_ms):
        """Tests each re-scoring and card end in (from, now] again. Cards given at once or brought
        over did happen, by no boundary: the replay meets them, and goes on with the higher."""
        card = self.card_at(from_ms)
        instant_ms = from_ms
        while True:
            instants = [card.until_ms, *(real.from_ms for real in self.cards)]
            instants += self.versions.rescores(instant_ms, self.now_ms)[:1]
            ahead = [i for i in instants if instant_ms < i <= self.now_ms]
            if not ahead:
                return card
            instant_ms = min(ahead)
            program = self.versions.at(instant_ms)
            card = self._card_after(program, card, instant_ms, self._boundary_score(instant_ms))
            real = self.card_at(instant_ms)
            given = real.from_ms == instant_ms and real.cause in ("IMMEDIATE", "OPENING")
            if given and self._rank(program, real.tier) > self._rank(program, card.tier):
                card = real

    # --- commands ---

    def sale(self, now_ms, sale):
        """A sale reported now: on time, late or offline."""
        now_ms = max(now_ms, self.now_ms)
        program = self._in_force(now_ms)
        sale = self._settle_occurred(program, sale, now_ms)
        reasons = []
        if sale.occurred_ms > now_ms:
            reasons.append("SALE_FROM_FUTURE")
        if sale.occurred_ms < self.enrolled_ms:
            reasons.append("SALE_BEFORE_ENROLMENT")
        age = program.zone.date(now_ms) - program.zone.date(sale.occurred_ms)
        if age.days > program.late_days:
            reasons.append("SALE_TOO_OLD")
        if reasons:
            raise Refused(*reasons)
        return self._commit(lambda member: member._award(now_ms, sale))

    def backfill(self, now_ms, sale):
        """A sale of the past, posted as if it were now then; in order."""
        program = self._in_force(now_ms)
        sale = self._settle_occurred(program, sale, now_ms)
        if sale.occurred_ms > now_ms:
            raise Refused("SALE_FROM_FUTURE")
        if sale.occurred_ms < self.enrolled_ms:
            raise Refused("SALE_BEFORE_ENROLMENT", "OUT_OF_ORDER")
        if sale.occurred_ms < self.now_ms:
            raise Refused("OUT_OF_ORDER")
        return self._commit(lambda member: member._award(sale.occurred_ms, sale))

    def redeem(self, now_ms, points):
        """Spends points at once; gives the lots as [(end, points)]."""
        now_ms = max(now_ms, self.now_ms)
        try:
            return self._commit(lambda member: member._redeem(now_ms, points))
        except Refused:
            self.advance(now_ms)  # this refusal is recorded, so time does not run back behind it
            raise

    def opening(self, now_ms, opening):
        """A member brought over from another system."""
        self._commit(lambda member: member._open(max(now_ms, member.now_ms), opening))

    def _commit(self, command):
        """Runs a command on a copy; only if it is not refused, that is what the member is."""
        trial = self.at(self.now_ms)
        result = command(trial)
        self.__dict__.update(trial.__dict__)
        return result

    def _in_force(self, now_ms):
        program = self.versions.at(now_ms)
        if program is None:
            raise Refused("NO_PROGRAM")
        return program

    def _settle_occurred(self, program, sale, now_ms):
        """A date without a time is 12:00, not after now nor, that day, before the enrolment."""
        occurred_ms = now_ms if sale.occurred_ms is None else sale.occurred_ms
        if sale.date is not None:
            noon = datetime.datetime.combine(sale.date, datetime.time(12))
            occurred_ms = program.zone.instant(noon)
            if sale.date == program.zone.date(now_ms):
                occurred_ms = min(occurred_ms, now_ms)
            if sale.date == program.zone.date(self.enrolled_ms):
                occurred_ms = max(occurred_ms, self.enrolled_ms)
        if now_ms < occurred_ms <= now_ms + FUTURE_SALE_MS:
            occurred_ms = now_ms
        return dataclasses.replace(sale, occurred_ms=occurred_ms, date=None)

    def _award(self, now_ms, sale):
        occurred_ms = sale.occurred_ms
        program = self._in_force(occurred_ms)
        self.advance(now_ms)
        if sale.total > AMOUNT_MAX:
            raise Refused("FIGURE_OUT_OF_BOUNDS")
        day = program.zone.date(occurred_ms)
        rank = self._rank(program, self.card_at(occurred_ms).tier)
        earned = program.earn(sale, occurred_ms, rank, lambda rule: self._used(rule, day))
        self._check_guards(program, day, earned)
        if sale.training:
            raise Training(earned)
        self.awarded += earned.points
        self.score_given += earned.score
        self.rule_points += [(rule, day, points) for rule, points in earned.by_rule.items()]
        self._give_points(program.lot_end(occurred_ms), program.spendable(occurred_ms),
                          earned.points)
        if earned.score > 0:
            score = Score(occurred_ms, program.score_until(occurred_ms), earned.score, now_ms)
            self.scores.append(score)
            self._score_rose([score])
        self._check_bounds()
        return earned

    def _used(self, rule_id, day):
        """Points a rule has given in a civil day, and in its month."""
        mine = [(d, points) for rule, d, points in self.rule_points if rule == rule_id]
        return (sum(points for d, points in mine if d == day),
                sum(points for d, points in mine if (d.year, d.month) == (day.year, day.month)))

    def _check_guards(self, program, day, earned):
        if earned.points > POINTS_A_RECORD or earned.score > POINTS_A_RECORD:
            raise Refused("FIGURE_OUT_OF_BOUNDS")
        reasons = []
        if program.guard_sale and earned.points > program.guard_sale:
            reasons.append("GUARD_SALE")
        today = sum(points for _, d, points in self.rule_points if d == day)
        if program.guard_member_day and today + earned.points > program.guard_member_day:
            reasons.append("GUARD_MEMBER_DAY")
        if reasons:
            raise Refused(*reasons)

    def _give_points(self, end_ms, spendable_ms, points):
        if points == 0:
            return
        if end_ms <= self.now_ms:
            self.expired += points
        elif spendable_ms > self.now_ms:
            self.pending.append(Pending(spendable_ms, end_ms, points))
        else:
            self._add_points(end_ms, points)

    def _add_points(self, end_ms, points):
        """Spendable points pay a deficit first."""
        paid = min(points, self.deficit)
        self.deficit -= paid
        if points > paid:
            self.lots[end_ms] = self.lots.get(end_ms, 0) + points - paid

    def _redeem(self, now_ms, points):
        program = self._in_force(now_ms)
        self.advance(now_ms)
        today = program.zone.date(now_ms)
        redeemed_today = sum(p for day, p in self.redemptions if day == today)
        reasons = []
        if points < program.redeem_minimum:
            reasons.append("BELOW_MINIMUM")
        if points % program.redeem_step:
            reasons.append("NOT_A_STEP")
        if program.redeem_a_day and redeemed_today + points > program.redeem_a_day:
            reasons.append("DAY_LIMIT")
        if points > self.balance:
            reasons.append("INSUFFICIENT_POINTS")
        if reasons:
            raise Refused(*reasons)
        taken = []
        left = points
        for end_ms in sorted(self.lots):
            part = min(left, self.lots[end_ms])
            if part > 0:
                taken.append((end_ms, part))
                self.lots[end_ms] -= part
                left -= part
        self.lots = {end_ms: p for end_ms, p in self.lots.items() if p > 0}
        self.redemptions.append((today, points))
        self.redeemed += points
        return taken

    def _open(self, now_ms, opening):
        program = self._in_force(now_ms)
        self.advance(now_ms)
        for points, until in opening.lots:
            end_ms = NEVER if until is None else program.zone.day_start(until)
            if end_ms <= now_ms:
                raise Refused("BAD_INTERVAL")
            self.opened += points
            self._add_points(end_ms, points)
        scores = []
        for score, from_date, until in opening.scores:
            from_ms = now_ms if from_date is None else program.zone.day_start(from_date)
            until_ms = NEVER if until is None else program.zone.day_start(until)
            if from_ms >= until_ms:
                raise Refused("BAD_INTERVAL")
            scores.append(Score(from_ms, until_ms, score, now_ms))
            self.score_given += score
        self.scores += scores
        if opening.card is not None:
            self._open_card(program, now_ms, *opening.card)
        self._score_rose(scores, has_card=opening.card is not None)
        self._check_bounds()

    def _open_card(self, program, now_ms, tier, from_date, until):
        if not program.knows(tier):
            raise Refused("UNKNOWN_TIER")
        from_ms = now_ms if from_date is None else program.zone.day_start(from_date)
        until_ms = NEVER if until is None else program.zone.day_start(until)
        is_base = program.rank(tier) == 0
        if not from_ms <= now_ms < until_ms or is_base != (until_ms == NEVER):
            raise Refused("BAD_INTERVAL")
        self.cards.append(Card(tier, from_ms, until_ms, "OPENING"))

    def _check_bounds(self):
        points = sum(self.lots.values()) + self.pending_points
        score = sum(score.score for score in self.scores)
        if max(points, score) > POINTS_A_BALANCE:
            raise Refused("FIGURE_OUT_OF_BOUNDS")


class Training(Exception):
    """A training sale: what it would have earned; nothing has changed."""

    def __init__(self, earned):
        super().__init__("training")
        self.earned = earned
