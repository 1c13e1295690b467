"""What time does to an account of the club: points become spendable and end, score comes and goes,
holds lapse, cards end, re-scorings raise; and what late score would have brought. Written from
domain.md, "The account over time", as slowly and obviously as possible. What members and tills do
is in club_spending.py, club_reversal.py and club_model.py.
"""

import copy
import dataclasses
import datetime
import itertools

from club_acts import Award, Hold, Spent
from club_calendar import DAY_MS, NEVER
from club_notices import Noticing

REPLAY_DAYS = 400


@dataclasses.dataclass(frozen=True)
class Card:
    tier: str
    from_ms: int
    until_ms: int
    cause: str  # ENROLLED, IMMEDIATE, RESCORE, CARD_END, LATE_SCORE, OPENING, GRANTED, REVOKED,
                # RESUMED
    covers: object = None  # of one GRANTED: the card that was earned before it

    @property
    def earned(self):
        return self.covers if self.cause == "GRANTED" else self


@dataclasses.dataclass(frozen=True)
class Pending:
    spendable_ms: int
    end_ms: int
    points: int
    award: object  # whose they are, by its request


@dataclasses.dataclass(frozen=True)
class Score:
    from_ms: int
    until_ms: int
    score: int
    known_ms: int  # when it was reported
    of: object     # whose part it is: one above 0 is the first of its own
    number: int = 0  # of the first, in the order they were recorded

    def counts_in_boundary(self, instant_ms):
        """Boundaries of an instant come before its commands: what is sold or reported exactly then
        does not count in them, what was announced earlier to start then does."""
        started = self.from_ms < instant_ms or self.from_ms == instant_ms > self.known_ms
        return started and instant_ms < self.until_ms

    def counts(self, instant_ms):
        return self.from_ms <= instant_ms < self.until_ms


class Account(Noticing):
    """`met` counts the boundaries crossed by kind, for a test that wants to know what it tried."""

    def __init__(self, versions, enrolled_ms, identifiers=0):
        program = versions.at(enrolled_ms)
        self.versions = versions
        self.zone = versions.zone
        self.enrolled_ms = enrolled_ms
        self.now_ms = enrolled_ms
        self.cards = [Card(program.tiers[0].id, enrolled_ms, NEVER, "ENROLLED")]
        self.lots = {}             # end -> points
        self.pending = []
        self.deficit = 0
        self.scores = []
        self.acts = {}             # request -> Award, Spent, Hold, Other; in their order
        self.tombstones = set()    # requests reversed before they came
        self.awarded = 0
        self.opened = 0
        self.redeemed = 0
        self.expired = 0           # less what was reversed of it since
        self.expired_of = {}       # the same by the lots' ends
        self.taken_back = 0        # points of awards
        self.given_back = 0        # points of redemptions
        self.forgiven = 0
        self.score_given = 0
        self.adjusted = 0          # by hand
        self.unlisted = 0          # acts by hand, in the month's audit
        self.score_count = 0       # parts ever given
        self.reported = {}         # contributions by their ids
        self.claiming = set(range(1, identifiers + 1))  # identifiers not yet known to be his
        self.bound = set()
        self.met = {}              # kind of boundary -> times
        self._begin_noticing()

    # --- looking ---

    def at(self, now_ms):
        """The member as he stands at an instant, not before the last command."""
        other = copy.copy(self)
        other.cards = list(self.cards)
        other.lots = dict(self.lots)
        other.pending = list(self.pending)
        other.scores = list(self.scores)
        other.acts = dict(self.acts)
        other.tombstones = set(self.tombstones)
        other.expired_of = dict(self.expired_of)
        other.reported = dict(self.reported)
        other.claiming = set(self.claiming)
        other.bound = set(self.bound)
        other.met = dict(self.met)
        other.told = list(self.told)
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
    def held(self):
        return sum(hold.points for hold in self._open_holds().values())

    def _open_holds(self):
        """By request, in the order they were reserved."""
        return {request: act for request, act in self.acts.items()
                if isinstance(act, Hold) and act.state == "open"}

    def spent_on(self, day):
        """Points redeemed or held on a civil day, less what came back of them."""
        spent = [act.points - act.given_back for act in self.acts.values()
                 if isinstance(act, Spent) and act.day == day]
        return sum(spent) + sum(hold.points for hold in self._open_holds().values()
                                if hold.day == day)

    def awards(self):
        return [act for act in self.acts.values() if isinstance(act, Award)]

    @property
    def score(self):
        return sum(score.score for score in self.scores if score.counts(self.now_ms))

    def first_part(self, from_ms, until_ms, score, of=None):
        """Score given, known now; `of` names it for what is taken of it later."""
        self.score_count += 1
        of = ("part", self.score_count) if of is None else of
        return Score(from_ms, until_ms, score, self.now_ms, of, self.score_count)

    def left_of(self, of):
        """What counts now of a part, less what was taken of it."""
        return sum(score.score for score in self.scores
                   if score.of == of and score.counts(self.now_ms))

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

    def check(self):
        """Every point that ever came is somewhere."""
        is_now = self.balance + self.pending_points + self.held
        came = self.awarded + self.opened + self.forgiven + self.given_back + self.adjusted
        assert is_now == came - self.taken_back - self.redeemed - self.expired
        assert self.expired == sum(self.expired_of.values())
        assert min([self.deficit, self.forgiven, *self.lots.values(),
                    *self.expired_of.values()]) >= 0
        assert not (self.deficit and self.lots)
        instants = [self.now_ms, *(score.from_ms for score in self.scores)]
        instants += [score.until_ms for score in self.scores]
        for instant in instants:
            assert instant < self.now_ms or sum(
                score.score for score in self.scores if score.counts(instant)) >= 0

    def note(self, kind):
        self.met[kind] = self.met.get(kind, 0) + 1

    # --- time ---

    def advance(self, now_ms):
        """Crosses all boundaries up to and including `now_ms`."""
        while self._step(now_ms):
            pass
        self.now_ms = max(self.now_ms, now_ms)

    def due(self, until_ms=None):
        """The first instant at which time alone changes something that is to be said: points end, a
        hold lapses, a card changes, a notice. None when there is none up to `until_ms`."""
        look = self.at(self.now_ms)
        until_ms = look._last_change() if until_ms is None else until_ms
        while look._step(until_ms):
            if look._said() != self._said():
                return look.now_ms
        return None

    def _said(self):
        return self.expired, len(self.cards), len(self._open_holds()), len(self.told)

    def _last_change(self):
        """Re-scorings later than all that may change the score or the rules, and than a year of
        re-scorings after it, change nothing."""
        known = [self.now_ms, self.card.until_ms, *self.lots]
        known += [i for pending in self.pending for i in (pending.spendable_ms, pending.end_ms)]
        known += [i for score in self.scores for i in (score.from_ms, score.until_ms)]
        known += [hold.lapses_ms for hold in self._open_holds().values()]
        known += [from_ms for from_ms, _ in self.versions.versions]
        return max(instant for instant in known if instant != NEVER) + 400 * DAY_MS

    def _step(self, now_ms):
        """To the next boundary up to `now_ms`; False when there is none."""
        instant_ms = self._next_boundary(now_ms)
        if instant_ms is None:
            return False
        self.now_ms = instant_ms
        self._cross(instant_ms)
        return True

    def _next_boundary(self, now_ms):
        if now_ms <= self.now_ms:
            return None
        instants = [self.card.until_ms, *self.lots, *self._notice_instants()]
        instants += [hold.lapses_ms for hold in self._open_holds().values()]
        instants.append(self.versions.next_rescore(self.now_ms, now_ms))
        for pending in self.pending:
            instants += [pending.spendable_ms, pending.end_ms]
        for score in self.scores:
            instants += [score.from_ms, score.until_ms]
        return min((instant for instant in instants if self.now_ms < instant <= now_ms),
                   default=None)

    def _cross(self, instant_ms):
        """All boundaries of one instant, in domain.md's order. Score ends and starts by itself."""
        program = self.versions.at(instant_ms)
        kinds = [self._release_pending(instant_ms), self._end_lots(instant_ms)]
        ended = any(score.until_ms == instant_ms for score in self.scores)
        started = any(score.from_ms == instant_ms for score in self.scores)
        kinds += [ended and "score ended", started and "score started"]
        kinds.append(self._lapse_holds(instant_ms))
        score = self._boundary_score(instant_ms)
        kinds.append(self._end_card(program, instant_ms, score))
        kinds.append(self._rescore(program, instant_ms, score))
        if started:
            self._test_immediate(program, instant_ms, score)
        kinds += self._give_notices(program, instant_ms)
        self._note_boundary([kind for kind in kinds if kind])

    def _note_boundary(self, kinds):
        for kind in kinds:
            self.note(kind)
        for pair in itertools.combinations(kinds, 2):
            self.note("tie: " + " + ".join(kind.split(":")[0] for kind in pair))

    def _release_pending(self, instant_ms):
        due = [pending for pending in self.pending if pending.spendable_ms <= instant_ms]
        self.pending = [pending for pending in self.pending if pending not in due]
        for pending in due:
            self._add_points(pending.end_ms, pending.points)
        return "pending released" if due else None

    def _add_points(self, end_ms, points):
        """Spendable points pay a deficit first."""
        paid = min(points, self.deficit)
        self.deficit -= paid
        if points > paid:
            self.lots[end_ms] = self.lots.get(end_ms, 0) + points - paid

    def _end_lots(self, instant_ms):
        """Points that end while they are pending expire with their lot."""
        waiting = [pending for pending in self.pending if pending.end_ms == instant_ms]
        self.pending = [pending for pending in self.pending if pending not in waiting]
        ended = self.lots.pop(instant_ms, 0)
        self._expire(instant_ms, ended + sum(pending.points for pending in waiting))
        if waiting:
            return "lot ended: pending"
        return "lot ended: spendable" if ended else None

    def _expire(self, end_ms, points):
        self.expired += points
        if points:
            self.expired_of[end_ms] = self.expired_of.get(end_ms, 0) + points

    def _add_or_expire(self, end_ms, points):
        """Points that come back into their lot; how many of them have ended meanwhile."""
        if end_ms <= self.now_ms:
            self._expire(end_ms, points)
            return points
        self._add_points(end_ms, points)
        return 0

    def _free(self, lots):
        """Points that are held no more; how many of them have ended meanwhile."""
        return sum(self._add_or_expire(end_ms, points) for end_ms, points in lots)

    def _lapse_holds(self, instant_ms):
        """The lots that end at this instant have ended: what is freed of them ends with them."""
        due = {request: hold for request, hold in self._open_holds().items()
               if hold.lapses_ms == instant_ms}
        for request, hold in due.items():
            self.acts[request] = dataclasses.replace(hold, state="lapsed")
            self._note_freed("lapsed", hold.lots)
            self._free(hold.lots)
        if len(due) > 1:
            self.note("holds lapsed together")
        return "hold lapsed" if due else None

    def _note_freed(self, how, lots):
        for end_ms, _ in lots:
            if end_ms <= self.now_ms:
                self.note(f"{how}: lot ended {'then' if end_ms == self.now_ms else 'before'}")
        if self.deficit:
            self.note(f"{how}: paid a deficit")

    def _boundary_score(self, instant_ms):
        return sum(score.score for score in self.scores if score.counts_in_boundary(instant_ms))

    def _end_card(self, program, instant_ms, score):
        old = self.card
        if old.until_ms != instant_ms:
            return None
        self.cards.append(self._card_after_end(program, old, instant_ms, score))
        rank, old_rank = self._rank(program, self.tier), self._rank(program, old.tier)
        return "card ended: " + ("raised" if rank > old_rank else
                                 "kept" if rank == old_rank else "lowered")

    def _card_after_end(self, program, card, instant_ms, score):
        """Set anew from the score of the instant, by every tier; but what a complimentary card
        covered goes on, if it has time to and the score gives no more."""
        rank = program.reached(score)
        earned = card.earned
        if card.cause == "GRANTED" and earned.until_ms > instant_ms:
            if self._rank(program, earned.tier) >= rank:
                self.note("card resumed")
                return Card(earned.tier, instant_ms, earned.until_ms, "RESUMED")
            self.note("card covered, but the score gives more")
        if program.one_down:
            rank = max(rank, self._rank(program, card.tier) - 1)
        return self._new_card(program, rank, instant_ms, "CARD_END")

    def _rescore(self, program, instant_ms, score):
        if not self.versions.is_rescore(instant_ms):
            return None
        card = self._upgraded(program, self.card, program.reached(score), instant_ms, "RESCORE")
        if card != self.card:
            self.cards.append(card)
            return "re-scoring: raised"
        fallen = program.reached(score) < self._rank(program, card.tier)
        return "re-scoring: kept above the score" if fallen else "re-scoring: kept"

    def _new_card(self, program, rank, from_ms, cause):
        tier = program.tiers[rank]
        until_ms = NEVER
        if rank > 0:
            until_ms = program.zone.add_months(from_ms, tier.validity_months)
        return Card(tier.id, from_ms, until_ms, cause)

    def _upgraded(self, program, card, rank, instant_ms, cause):
        """The card raised to `rank`; the same card if that is not higher. What is earned takes the
        place of what was given, with a validity of its own."""
        if not self._replaces(program, card, rank):
            return card
        new = self._new_card(program, rank, instant_ms, cause)
        given = card.cause == "GRANTED"
        if given:
            self.note("complimentary card: " + (
                "earned" if rank == self._rank(program, card.tier) else "a higher one earned"))
        if program.keep and card.until_ms != NEVER and not given:
            new = dataclasses.replace(new, until_ms=card.until_ms)
        return new

    def _replaces(self, program, card, rank):
        """Whether an earned card of a rank is better than the one held."""
        held = self._rank(program, card.tier)
        return rank > held or rank == held > 0 and card.cause == "GRANTED"

    def _test_immediate(self, program, instant_ms, score):
        """Whenever the score rises; an instant's test comes after its other boundaries."""
        rank = program.reached(score, immediate_only=True)
        card = self._upgraded(program, self.card, rank, instant_ms, "IMMEDIATE")
        if card != self.card:
            self.note("upgrade at once")
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
            replayed = self._replay(max(min(begun), self._replay_floor(), self.enrolled_ms))
            self.note("late score replayed")
            earned = replayed.cause != "GRANTED"
            if earned and self._replaces(program, self.card, self._rank(program, replayed.tier)):
                self.note("late score: card given")
                self.cards.append(dataclasses.replace(replayed, cause="LATE_SCORE"))
        if any(score.counts(self.now_ms) for score in scores):
            self._test_immediate(program, self.now_ms, self.score)

    def _replay_floor(self):
        today = self.zone.date(self.now_ms)
        return self.zone.day_start(today - datetime.timedelta(days=REPLAY_DAYS))

    def _replay(self, from_ms):
        """Tests each re-scoring and card end in (from, now] again. Cards given at once or brought
        over did happen, by no boundary: the replay meets them, and goes on with the higher."""
        card = self.card_at(from_ms)
        instant_ms = from_ms
        while True:
            instants = [card.until_ms, *(real.from_ms for real in self.cards)]
            instants.append(self.versions.next_rescore(instant_ms, self.now_ms))
            instant_ms = min((i for i in instants if instant_ms < i <= self.now_ms), default=None)
            if instant_ms is None:
                return card
            card = self._replay_boundary(card, instant_ms)

    def _replay_boundary(self, card, instant_ms):
        program = self.versions.at(instant_ms)
        if not program.knows(card.tier):
            self.note("replayed: version without the tier")
        if any(score.score < 0 and score.counts(instant_ms) for score in self.scores):
            self.note("replayed: with score taken back")
        score = self._boundary_score(instant_ms)
        if card.until_ms == instant_ms:
            self.note("replayed: card end")
            card = self._card_after_end(program, card, instant_ms, score)
        if self.versions.is_rescore(instant_ms):
            self.note("replayed: re-scoring")
            card = self._upgraded(program, card, program.reached(score), instant_ms, "RESCORE")
        return self._replay_given(program, card, instant_ms)

    def _replay_given(self, program, card, instant_ms):
        """What was given, or revoked, at that instant."""
        real = self.card_at(instant_ms)
        given = [known for known in self.cards if known.from_ms == instant_ms
                 and known.cause in ("IMMEDIATE", "OPENING", "GRANTED", "REVOKED")]
        if given and real not in given:
            self.note("replayed: card given then, but replaced since")
        elif given and real.cause == "REVOKED":
            self.note("replayed: card revoked then")
            card = real
        elif given and real.cause == "GRANTED":
            if self._rank(program, real.tier) > self._rank(program, card.tier):
                self.note("replayed: complimentary card given then")
                card = dataclasses.replace(real, covers=card.earned)
        elif given and self._replaces(program, card, self._rank(program, real.tier)):
            self.note("replayed: card given then")
            card = real
        return card
