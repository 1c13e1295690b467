"""What re-scoring does to a member, computed anew from the rules in words and with nothing of the
project: no code, no calendar library, integers only. For members brought over with an opening
balance (population.py), in a program whose zone has one offset, of sales none.

Instants are UTC milliseconds, days are counted from 1970-01-01, intervals are half-open.
"""

import collections

DAY_MS = 86_400_000
NEVER = None

Tier = collections.namedtuple("Tier", "id threshold immediate months")
Card = collections.namedtuple("Card", "rank begins_ms ends_ms")
Part = collections.namedtuple("Part", "score begins_ms ends_ms")
Move = collections.namedtuple("Move", "from_tier to_tier score threshold card_until_ms")


# --- the calendar ---

def days_of(year, month, day):
    """Days since 1970-01-01 of a Gregorian date."""
    year -= month <= 2
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


def date_of(days):
    """(year, month, day), the other way."""
    days += 719468
    era = days // 146097
    of_era = days - era * 146097
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return year + era * 400 + (month <= 2), month, of_year - (153 * shifted + 2) // 5 + 1


def month_days(year, month):
    following = (year + 1, 1) if month == 12 else (year, month + 1)
    return days_of(*following, 1) - days_of(year, month, 1)


class Program:
    """The rules that matter here: tiers in rank order, the days of re-scoring as (month, day), and
    the zone's offset. Cards end to the score's tier; an upgrade begins a validity of its own."""

    def __init__(self, tiers, rescore, offset_ms):
        self.tiers = tiers
        self.rescore = rescore
        self.offset_ms = offset_ms

    def midnight(self, days):
        return days * DAY_MS - self.offset_ms

    def day(self, text):
        """Of "YYYY-MM-DD"; the instant it begins."""
        year, month, day = map(int, text.split("-"))
        return self.midnight(days_of(year, month, day))

    def add_months(self, instant_ms, months):
        """The same time of day so many months later, of the month's last day if there is none."""
        days, time_ms = divmod(instant_ms + self.offset_ms, DAY_MS)
        year, month, day = date_of(days)
        years, month = divmod(month - 1 + months, 12)
        year, month = year + years, month + 1
        days = days_of(year, month, min(day, month_days(year, month)))
        return self.midnight(days) + time_ms

    def rescorings(self, after_ms, until_ms):
        """The instants of re-scoring in (after, until]."""
        first = date_of((after_ms + self.offset_ms) // DAY_MS)[0]
        last = date_of((until_ms + self.offset_ms) // DAY_MS)[0]
        found = [self.midnight(days_of(year, *day))
                 for year in range(first, last + 1) for day in self.rescore]
        return {at for at in found if after_ms < at <= until_ms}

    def reached(self, score, at_once):
        """The highest rank that a score reaches; only of those given at once."""
        ranks = [rank for rank, tier in enumerate(self.tiers)
                 if score >= tier.threshold and (tier.immediate or not at_once)]
        return max(ranks, default=0)

    def new_card(self, rank, at_ms):
        months = self.tiers[rank].months
        return Card(rank, at_ms, self.add_months(at_ms, months) if rank else NEVER)


# --- a member ---

def counts_at(parts, at_ms):
    return sum(part.score for part in parts
               if part.begins_ms <= at_ms and (part.ends_ms is NEVER or at_ms < part.ends_ms))


def later_instants(parts, after_ms, until_ms):
    """When parts begin or end, in (after, until]."""
    edges = {part.begins_ms for part in parts} | {part.ends_ms for part in parts} - {NEVER}
    return {at for at in edges if after_ms < at <= until_ms}


class Standing:
    """A member whose parts and card are known at an instant, and time going on over it."""

    def __init__(self, program, parts, card, at_ms):
        self.program = program
        self.parts = parts
        self.card = card
        self.at_ms = at_ms
        self.moves = {}  # by instant of re-scoring
        self._raise_at_once(at_ms)

    def score(self):
        return counts_at(self.parts, self.at_ms)

    def tier(self):
        return self.program.tiers[self.card.rank].id

    def advance(self, until_ms):
        """Crosses whatever is in (now, until]."""
        rescorings = self.program.rescorings(self.at_ms, until_ms)
        waiting = rescorings | later_instants(self.parts, self.at_ms, until_ms)
        while True:
            ends_ms = self.card.ends_ms
            if ends_ms is not NEVER and self.at_ms < ends_ms <= until_ms:
                waiting.add(ends_ms)
            waiting = {at for at in waiting if at > self.at_ms}
            if not waiting:
                break
            self._cross(min(waiting), rescorings)
        self.at_ms = until_ms
        return self

    def _cross(self, at_ms, rescorings):
        self.at_ms = at_ms
        if self.card.ends_ms == at_ms:
            self.card = self.program.new_card(self.program.reached(self.score(), False), at_ms)
        if at_ms in rescorings:
            self._rescore(at_ms)
        elif any(part.begins_ms == at_ms for part in self.parts):
            self._raise_at_once(at_ms)

    def _rescore(self, at_ms):
        score = self.score()
        rank = self.program.reached(score, False)
        if rank > self.card.rank:
            before = self.tier()
            self.card = self.program.new_card(rank, at_ms)
            self.moves[at_ms] = Move(before, self.tier(), score, self.program.tiers[rank].threshold,
                                     self.card.ends_ms)

    def _raise_at_once(self, at_ms):
        rank = self.program.reached(self.score(), True)
        if rank > self.card.rank:
            self.card = self.program.new_card(rank, at_ms)


RETAIL = Program([Tier("member", 0, False, 0), Tier("silver", 2000, False, 24),
                  Tier("gold", 10000, False, 24), Tier("diamond", 50000, True, 24)],
                 [(6, 1), (12, 1)], 8 * 3_600_000)
