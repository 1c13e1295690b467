"""Nasty instants for the stories: exact boundaries of the account, a millisecond beside them, ties
of several; midnights, ends of months and half-years, leap days, and what clock changes skip or
repeat. Each comes with its kind, so that a run can say what it has tried.
"""

import calendar
import datetime
import functools

from club_acts import Hold
from club_calendar import DAY_MS, add_months, days_in_month

LAST_MS = 4_102_444_799_999  # instants are before 2100-01-01
HOUR_MS = 3_600_000
ERAS = [  # years in which a history may begin, the usual one several times
    2023, 2023, 2024, 2024, 2025, 2025, 2003, 2008, 2011, 1995, 1995, 1999, 1999, 2094, 2095, 2095,
]
ZONES = ["Asia/Shanghai", "Asia/Shanghai", "Europe/Berlin", "Europe/Berlin", "America/New_York",
         "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Africa/Casablanca",
         "America/Havana", "America/St_Johns", "Pacific/Apia", "UTC"]


@functools.lru_cache(10_000)
def clock_changes(zone, year):
    """[(instant, by how much clocks are put forward)] in a year of UTC."""
    start = datetime.datetime(year, 1, 1, tzinfo=datetime.timezone.utc)
    day_ms = int(start.timestamp()) * 1000
    found = []
    for _ in range(366):
        before, after = zone.offset_ms(day_ms), zone.offset_ms(day_ms + DAY_MS)
        if before != after:
            instant_ms = zone.first_instant_of_offset(day_ms, day_ms + DAY_MS)
            found.append((instant_ms, after - before))
        day_ms += DAY_MS
    return found


def wall_clock(zone, instant_ms):
    """"skipped" just after a gap, "ambiguous" in an overlap's hours, else None."""
    for change_ms, forward_ms in clock_changes(zone, zone.local(instant_ms).year):
        if forward_ms > 0 and instant_ms == change_ms:
            return "skipped"
        if forward_ms < 0 and change_ms + forward_ms <= instant_ms < change_ms - forward_ms:
            return "ambiguous"
    return None


def account_boundaries(member, from_ms):
    """{kind: instants} of what is ahead of a member, by all that is known."""
    rescores = member.versions.rescores(from_ms, from_ms + 400 * DAY_MS)
    ahead = {
        "lot end": list(member.lots),
        "pending": [pending.spendable_ms for pending in member.pending],
        "end while pending": [pending.end_ms for pending in member.pending],
        "hold lapse": [act.lapses_ms for act in member.acts.values()
                       if isinstance(act, Hold) and act.state == "open"],
        "card end": [member.card.until_ms],
        "score start": [score.from_ms for score in member.scores],
        "score end": [score.until_ms for score in member.scores],
        "re-scoring": rescores,
        "version": [start_ms for start_ms, _ in member.versions.versions],
    }
    latest = min(from_ms + 900 * DAY_MS, LAST_MS)
    return {kind: sorted(i for i in instants if from_ms < i < latest)
            for kind, instants in ahead.items()
            if any(from_ms < i < latest for i in instants)}


def ties(ahead):
    """Instants at which several kinds of boundaries meet; a version alone makes no tie."""
    seen = {}
    for kind, instants in ahead.items():
        for instant_ms in set(instants):
            seen[instant_ms] = seen.get(instant_ms, 0) + 1
    return sorted(instant_ms for instant_ms, count in seen.items() if count > 1)


def beside(rng, kind, instant_ms):
    """The instant, or a millisecond before or after; with its kind said."""
    step = rng.choice([-1, 0, 0, 0, 1])
    return instant_ms + step, kind if step == 0 else f"{kind} {step:+} ms"


class Instants:
    """Draws instants for one history."""

    def __init__(self, rng, versions):
        self.rng = rng
        self.versions = versions
        self.zone = versions.zone

    def next(self, member, from_ms):
        """An instant at or after one, and its kind."""
        instant_ms, kind = self._draw(member, from_ms)
        if not from_ms < instant_ms <= LAST_MS:
            return from_ms, "the same instant"
        return instant_ms, kind

    def _draw(self, member, from_ms):
        rng = self.rng
        choice = rng.randrange(16)
        if choice < 2:
            return from_ms, "the same instant"
        if choice < 4:
            return from_ms + rng.randrange(60_000), "within a minute"
        if choice < 6:
            return from_ms + rng.randrange(5 * DAY_MS), "within days"
        if choice < 7:
            return from_ms + rng.randrange(150 * DAY_MS), "within months"
        if choice < 11:
            return self.calendar(from_ms)
        return self._boundary(member, from_ms)

    def _boundary(self, member, from_ms):
        rng = self.rng
        ahead = account_boundaries(member, from_ms)
        if rng.random() < 0.1:
            return self._pending_until_boundary(ahead, from_ms)
        meeting = ties(ahead)
        if meeting and rng.random() < 0.3:
            return beside(rng, "tie", rng.choice(meeting[:3]))
        if not ahead:
            return self.calendar(from_ms)
        kind = rng.choice(list(ahead))
        instants = ahead[kind]
        return beside(rng, kind, instants[0] if rng.random() < 0.7 else rng.choice(instants))

    def _pending_until_boundary(self, ahead, from_ms):
        """A sale of such a day gives points that can be spent from another boundary on."""
        days = self.versions.at(from_ms).pending_days
        starts = [self.zone.day_start(self.zone.date(instant_ms) - datetime.timedelta(days))
                  for instants in ahead.values() for instant_ms in instants]
        starts = [start_ms for start_ms in starts if start_ms > from_ms]
        if not days or not starts:
            return self.calendar(from_ms)
        return (self.rng.choice(starts) + self.rng.randrange(23 * HOUR_MS),
                "pending until another boundary")

    # --- the calendar ---

    def calendar(self, from_ms):
        """Something that the calendar or the zone's clocks do soon after."""
        draw = self.rng.choice([self.midnight, self.month_end, self.half_year_end, self.leap_day,
                                self.day_31, self.clock_change, self.months_before_clock_change,
                               self.months_before_clock_change])
        return draw(from_ms)

    def midnight(self, from_ms):
        day = self.zone.date(from_ms + self.rng.randrange(9 * DAY_MS))
        return beside(self.rng, "midnight", self.zone.day_start(day))

    def month_end(self, from_ms):
        day = add_months(self.zone.date(from_ms).replace(day=1), self.rng.choice([1, 1, 2]))
        return beside(self.rng, "month end", self.zone.day_start(day))

    def half_year_end(self, from_ms):
        date = self.zone.date(from_ms)
        day = datetime.date(date.year + date.month // 7, 7 if date.month < 7 else 1, 1)
        return beside(self.rng, "half-year end", self.zone.day_start(day))

    def leap_day(self, from_ms):
        date = self.zone.date(from_ms)
        ends = [datetime.date(year, 2, days_in_month(year, 2))
                for year in range(date.year, date.year + 9)]
        leap = self.rng.random() < 0.8
        ends = [end for end in ends if end >= date and calendar.isleap(end.year) == leap]
        return self._on(ends[0], "29 February" if leap else "28 February, its month's last day")

    def day_31(self, from_ms):
        first = self.zone.date(from_ms).replace(day=1)
        months = [add_months(first, ahead) for ahead in range(4)]
        ends = [month.replace(day=31) for month in months
                if days_in_month(month.year, month.month) == 31]
        return self._on(self.rng.choice(ends), "the 31st")

    def _on(self, day, kind):
        """At the beginning of a day, or some time in it."""
        start_ms = self.zone.day_start(day)
        if self.rng.random() < 0.3:
            return beside(self.rng, kind, start_ms)
        return start_ms + self.rng.randrange(23 * HOUR_MS), kind

    def _changes_after(self, from_ms, years):
        year = self.zone.local(from_ms).year
        return [change for ahead in range(years)
                for change in clock_changes(self.zone, year + ahead)
                if change[0] > from_ms + HOUR_MS]

    def clock_change(self, from_ms):
        changes = self._changes_after(from_ms, 2)
        if not changes:
            return self.midnight(from_ms)
        change_ms, forward_ms = self.rng.choice(changes[:3])
        if forward_ms > 0:
            return beside(self.rng, "clocks forward", change_ms)
        second_ms = change_ms + self.rng.randrange(-forward_ms)
        return self.rng.choice([
            beside(self.rng, "clocks back", change_ms),
            beside(self.rng, "an hour begins that comes twice", change_ms + forward_ms),
            beside(self.rng, "an hour ends that came twice", change_ms - forward_ms),
            (second_ms, "an hour that comes again"),
            (second_ms + forward_ms, "an hour that will come again"),
        ])

    def months_before_clock_change(self, from_ms):
        """So that a card given then would end at a local time that is skipped or comes twice."""
        changes = self._changes_after(from_ms, 3)
        months = sorted({tier.validity_months for tier in self.versions.at(from_ms).tiers[1:]})
        found = [self._months_before(self._odd_local_time(*change), back)
                 for change in changes for back in months if back < 60]
        found = [instant_ms for instant_ms in found if instant_ms > from_ms]
        if not found:
            return self.midnight(from_ms)
        return self.rng.choice(found[:4]), "months before a clock change"

    def _odd_local_time(self, change_ms, forward_ms):
        """One that the change skips, or that comes twice."""
        skipped_or_repeated = datetime.timedelta(milliseconds=self.rng.randrange(abs(forward_ms)))
        before = self.zone.local(change_ms - 1) + datetime.timedelta(milliseconds=1)
        return before + skipped_or_repeated * (1 if forward_ms > 0 else -1)

    def _months_before(self, local, months):
        date = add_months(local.date(), -months)
        return self.zone.instant(datetime.datetime.combine(date, local.time()))

    # --- late sales ---

    def past(self, member, now_ms):
        """When a late sale occurred, and the kind of that instant."""
        rng = self.rng
        days = self.versions.at(now_ms).late_days + 1
        back_ms = now_ms - rng.randrange(rng.choice([2, days, days, 450]) * DAY_MS)
        near = {"re-scoring": self.versions.rescores(back_ms, now_ms),
                "card start": [card.from_ms for card in member.cards],
                "card end": [card.until_ms for card in member.cards if card.until_ms < now_ms],
                "version": [i for i, _ in self.versions.versions if back_ms < i < now_ms],
                "enrolment": [member.enrolled_ms],
                "last day allowed": [self._last_day(now_ms)],
                "midnight": [self.zone.day_start(self.zone.date(back_ms))]}
        if rng.random() < 0.35:
            return back_ms, "late"
        earliest_ms = 0 if rng.random() < 0.2 else now_ms - (days + 1) * DAY_MS
        near = {kind: [i for i in instants if i >= earliest_ms] for kind, instants in near.items()}
        near = {kind: instants for kind, instants in near.items() if instants}
        kind = rng.choice(list(near))
        instant_ms = rng.choice(near[kind])
        return beside(rng, f"late: {kind}", instant_ms)

    def _last_day(self, now_ms):
        days = self.versions.at(now_ms).late_days
        return self.zone.day_start(self.zone.date(now_ms) - datetime.timedelta(days))
