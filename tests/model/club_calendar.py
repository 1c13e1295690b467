"""Civil dates and the program's zone, for the model: domain.md, "Figures", Calendar.

Instants are UTC milliseconds. NEVER is later than all of them. What was once looked up in a zone is
remembered.
"""

import datetime
import functools
import zoneinfo

NEVER = 2**63 - 1
DAY_MS = 86_400_000
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
REMEMBERED = 1 << 15


def days_in_month(year, month):
    first_of_next = datetime.date(year + month // 12, month % 12 + 1, 1)
    return (first_of_next - datetime.date(year, month, 1)).days


def add_months(date, months):
    """Clamps: 31 January + 1 month is the last day of February."""
    index = date.year * 12 + date.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return datetime.date(year, month, min(date.day, days_in_month(year, month)))


def period_end(date, period):
    """The first day after the MONTH, HALF_YEAR or YEAR that `date` is in."""
    months = {"MONTH": 1, "HALF_YEAR": 6, "YEAR": 12}[period]
    first_month = (date.month - 1) // months * months + 1
    return add_months(datetime.date(date.year, first_month, 1), months)


@functools.cache
def zone_named(name):
    return Zone(name)


class Zone:
    """A time zone by its IANA name."""

    def __init__(self, name):
        self.name = name
        self.info = zoneinfo.ZoneInfo(name)

    @functools.lru_cache(REMEMBERED)
    def local(self, instant_ms):
        """The local wall clock, without zone."""
        utc = EPOCH + datetime.timedelta(milliseconds=instant_ms)
        return utc.astimezone(self.info).replace(tzinfo=None)

    @functools.lru_cache(REMEMBERED)
    def date(self, instant_ms):
        return self.local(instant_ms).date()

    @functools.lru_cache(REMEMBERED)
    def instant(self, local):
        """In a gap the first instant after it, in an overlap the earlier."""
        early = self._utc_ms(local, fold=0)
        if self.local(early) == local:
            return early
        # A gap: the offset before it gives an instant after it, and the other way round.
        before, after = self._utc_ms(local, fold=1), early
        return self.first_instant_of_offset(before, after)

    def first_instant_of_offset(self, before, after):
        """When the offset changed between two instants that differ in it."""
        old_offset = self.offset_ms(before)
        while after - before > 1:
            middle = (before + after) // 2
            if self.offset_ms(middle) == old_offset:
                before = middle
            else:
                after = middle
        return after

    def at(self, text):
        """"2026-06-01" or "2026-06-01 09:30" local."""
        return self.instant(datetime.datetime.fromisoformat(text))

    @functools.lru_cache(REMEMBERED)
    def day_start(self, date):
        return self.instant(datetime.datetime.combine(date, datetime.time()))

    def add_months(self, instant_ms, months):
        """The same local time of day, months later."""
        local = self.local(instant_ms)
        return self.instant(datetime.datetime.combine(add_months(local.date(), months),
                                                      local.time()))

    def period_end_after(self, instant_ms, months, period):
        """The end of the period that (the date of the instant) + months is in."""
        return self.day_start(period_end(add_months(self.date(instant_ms), months), period))

    def offset_ms(self, instant_ms):
        """How far local clocks are ahead of UTC."""
        utc = EPOCH + datetime.timedelta(milliseconds=instant_ms)
        return utc.astimezone(self.info).utcoffset() // datetime.timedelta(milliseconds=1)

    def _utc_ms(self, local, fold):
        aware = local.replace(tzinfo=self.info, fold=fold)
        return (aware - EPOCH) // datetime.timedelta(milliseconds=1)
