"""A program for the model: one version of all rules, read from a document as programs/*.yaml are
written, and what a sale earns by it. Amounts are Fractions until the one rounding of a sale.
Written from domain.md, and from program.proto for the names and the meaning of the document.
"""

import dataclasses
import datetime
import math
from fractions import Fraction

from club_calendar import NEVER, zone_named

WEEKDAYS = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]


def choice(value, *names):
    """An enum of the document, with or without its prefix; absent is the first name."""
    if not value:
        return names[0]
    return max((name for name in names if str(value).upper().endswith(name)), key=len)


@dataclasses.dataclass
class Tier:
    id: str
    threshold: int
    immediate: bool
    validity_months: int  # 0: the base tier, whose card never ends
    multiplier: Fraction


@dataclasses.dataclass
class Sale:
    lines: list                 # of (amount in minor units, category)
    occurred_ms: int = None     # neither this nor a date: now
    date: datetime.date = None
    paid_with_points: int = 0   # minor units
    unit: str = ""              # "store-0007/till-02"
    channel: str = ""
    currency: str = None        # none said: the program's
    training: bool = False
    attached: bool = False      # claimed by the member afterwards
    exchange_of: int = None     # the request that reversed what it is exchanged for

    @property
    def total(self):
        return sum(amount for amount, _ in self.lines)


@dataclasses.dataclass
class Earned:
    points: int
    score: int
    by_rule: dict   # rule id -> points
    by_line: list   # of (points, score)
    occurred_ms: int = None
    # When the points can be spent and when they end, and until when the score counts.
    spendable_ms: int = None
    end_ms: int = None
    score_until_ms: int = None


def largest_remainder(total, parts):
    """Integers that add up to `total`, following the exact `parts`; ties to the first."""
    shares = [math.floor(part) for part in parts]
    by_remainder = sorted(range(len(parts)), key=lambda i: (shares[i] - parts[i], i))
    for i in by_remainder[:total - sum(shares)]:
        shares[i] += 1
    return shares


class Rule:
    """One earning rule."""

    def __init__(self, document):
        when = document.get("when") or {}
        self.id = document["id"]
        self.stores = when.get("stores") or []
        self.channels = when.get("channels") or []
        self.categories = when.get("categories") or []
        self.weekdays = [choice(day, *WEEKDAYS) for day in when.get("weekdays") or []]
        self.hours = (int(when.get("from_hour") or 0), int(when.get("until_hour") or 0))
        self.tiers = when.get("tiers") or []
        self.birthday_month = bool(when.get("birthday_month"))
        self.minimum_spend = int(when.get("minimum_spend_minor") or 0)
        self.first_day = when.get("from") and datetime.date.fromisoformat(str(when["from"]))
        self.end_day = when.get("until") and datetime.date.fromisoformat(str(when["until"]))
        rate = document.get("rate")
        self.rate = rate and Fraction(int(rate["points"]), int(rate["money_minor"]))
        multiplier = document.get("multiplier_bp")
        self.extra = multiplier and Fraction(int(multiplier), 10000) - 1
        self.bonus = int(document.get("bonus_points") or 0)
        self.cap_sale = int(document.get("cap_sale") or 0)
        self.cap_day = int(document.get("cap_day") or 0)
        self.cap_month = int(document.get("cap_month") or 0)

    def holds(self, sale, local, tier_id):
        """Whether all but the categories holds, at this local time of the sale."""
        date = local.date()
        return ((not self.stores or sale.unit.split("/")[0] in self.stores)
                and (not self.channels or sale.channel in self.channels)
                and (not self.weekdays or WEEKDAYS[date.weekday()] in self.weekdays)
                and (self.hours == (0, 0) or self.hours[0] <= local.hour < self.hours[1])
                and (not self.tiers or tier_id in self.tiers)
                and not self.birthday_month
                and sale.total >= self.minimum_spend
                and (not self.first_day or date >= self.first_day)
                and (not self.end_day or date < self.end_day))

    def takes(self, category):
        return not self.categories or category in self.categories

    def capped(self, parts, used):
        """What it gives each line, cut to what the caps leave."""
        room = self.room(*used(self.id))
        if room is None or sum(parts) <= room:
            return parts
        return [part * room / sum(parts) for part in parts]

    def room(self, used_day, used_month):
        """The most points the caps leave; None without caps."""
        rooms = []
        if self.cap_sale:
            rooms.append(self.cap_sale)
        if self.cap_day:
            rooms.append(max(0, self.cap_day - used_day))
        if self.cap_month:
            rooms.append(max(0, self.cap_month - used_month))
        return min(rooms) if rooms else None


class Program:
    """One version of the rules."""

    def __init__(self, document):
        earn = document.get("earn") or {}
        points = document.get("points") or {}
        redeem = document.get("redeem") or {}
        guards = document.get("guards") or {}
        self.currency = document["currency"]
        self.zone = zone_named(document["zone"])
        self.rescore = [tuple(map(int, text.split("-"))) for text in document.get("rescore") or []]
        self.tiers = [self._tier(tier) for tier in document["tiers"]]
        self.ranks = {tier.id: rank for rank, tier in enumerate(self.tiers)}
        self.keep = choice(document.get("validity_on_upgrade"), "RESTART", "KEEP") == "KEEP"
        self.one_down = choice(document.get("on_card_end"), "TO_SCORE", "ONE_DOWN") == "ONE_DOWN"
        self.rules = [Rule(rule) for rule in earn.get("rules") or []]
        self.best = choice(earn.get("stacking"), "SUM", "BEST") == "BEST"
        self.half_up = choice(earn.get("rounding"), "FLOOR", "HALF_UP") == "HALF_UP"
        self.points_paid_earns = bool(earn.get("points_paid_earns"))
        self.score_share = Fraction(int(earn.get("score_share_bp") or 10000), 10000)
        if earn.get("no_score"):
            self.score_share = Fraction(0)
        self._read_score(document.get("score") or {})
        self.expiry_months = int(points.get("expiry_months") or 0)
        self.expiry_period = choice(points.get("expiry_to_end_of"), "MONTH", "HALF_YEAR", "YEAR")
        self.pending_days = int(points.get("pending_days") or 0)
        self.redeem_minimum = int(redeem.get("minimum_points") or 0) or 1
        self.redeem_step = int(redeem.get("step_points") or 0) or 1
        self.redeem_a_day = int(redeem.get("maximum_a_day") or 0)
        value = redeem.get("value")
        self.point_value = value and Fraction(int(value["money_minor"]), int(value["points"]))
        self.hold_seconds = int(redeem.get("hold_seconds") or 0) or 900
        self.clamps = choice(document.get("negative_balance"), "ALLOW", "CLAMP") == "CLAMP"
        self.late_days = self._days(document.get("late_days"), 45)
        self.attach_days = self._days(document.get("attach_days"), self.late_days)
        self.guard_sale = int(guards.get("points_a_sale") or 0)
        self.guard_member_day = int(guards.get("points_a_member_day") or 0)
        notices = document.get("notices") or {}
        self.points_days = int(notices.get("points_expiring_days") or 0)
        self.card_days = int(notices.get("card_ending_days") or 0)

    @staticmethod
    def _days(document, otherwise):
        days = document.get("days", 0) if isinstance(document, dict) else document
        return otherwise if days is None else int(days)

    @staticmethod
    def _tier(document):
        return Tier(document["id"], int(document.get("threshold") or 0),
                    choice(document.get("upgrade"), "AT_RESCORE", "IMMEDIATE") == "IMMEDIATE",
                    int(document.get("validity_months") or 0),
                    Fraction(int(document.get("multiplier_bp") or 10000), 10000))

    def _read_score(self, score):
        self.rolling_months = int(score.get("rolling_months") or 0)
        self.calendar = None
        if score.get("calendar"):
            self.calendar = choice(score["calendar"], "HALF_YEAR", "YEAR")

    # --- tiers ---

    def knows(self, tier_id):
        return tier_id in self.ranks

    def rank(self, tier_id):
        return self.ranks[tier_id]

    def reached(self, score, immediate_only=False):
        """Rank of the highest tier whose threshold is reached and whose kind may be given."""
        for rank in range(len(self.tiers) - 1, 0, -1):
            tier = self.tiers[rank]
            if tier.threshold <= score and (tier.immediate or not immediate_only):
                return rank
        return 0

    # --- instants ---

    def score_until(self, occurred_ms):
        if self.rolling_months:
            return self.zone.period_end_after(occurred_ms, self.rolling_months, "MONTH")
        if self.calendar:
            return self.zone.period_end_after(occurred_ms, 0, self.calendar)
        return NEVER

    def lot_end(self, occurred_ms):
        if not self.expiry_months:
            return NEVER
        return self.zone.period_end_after(occurred_ms, self.expiry_months, self.expiry_period)

    def spendable(self, occurred_ms):
        if not self.pending_days:
            return occurred_ms
        day = self.zone.date(occurred_ms) + datetime.timedelta(days=self.pending_days)
        return self.zone.day_start(day)

    def rescores_of_year(self, year):
        """The instants of the re-scoring dates of a civil year."""
        return [self.zone.day_start(datetime.date(year, month, day)) for month, day in self.rescore]

    def worth(self, points):
        """In money, minor units."""
        return math.floor(points * self.point_value) if self.point_value else 0

    # --- earning ---

    def round(self, amount):
        return math.floor(amount + Fraction(1, 2)) if self.half_up else math.floor(amount)

    def _base(self, sale, holding, earning):
        """What each rate gave the earning part of each line: {rule: [exact per line]}; with BEST a
        line's best rate."""
        rates = [rule for rule in holding if rule.rate]
        given = {rule: [0] * len(sale.lines) for rule in rates}
        for i, (amount, category) in enumerate(sale.lines):
            matching = [rule for rule in rates if rule.takes(category)]
            if self.best and matching:
                matching = [max(matching, key=lambda rule: rule.rate)]
            for rule in matching:
                given[rule][i] = amount * earning * rule.rate
        return given

    def _multiplied(self, sale, holding, base):
        """Of each multiplier, (multiplier - 1) times what the rates gave the lines it matches."""
        given = {rule: [rule.extra * base[i] if rule.takes(category) else 0
                        for i, (_, category) in enumerate(sale.lines)]
                 for rule in holding if rule.extra}
        return self._best_of(given)

    def _bonuses(self, sale, holding):
        """A bonus goes to the lines it matches by their amounts; of lines without a price the first
        has it all."""
        given = {}
        for rule in holding:
            taken = [rule.takes(category) for _, category in sale.lines]
            if rule.bonus and any(taken):
                weights = [amount if take else 0 for (amount, _), take in zip(sale.lines, taken)]
                if sum(weights) == 0:
                    weights[taken.index(True)] = 1
                given[rule] = [Fraction(rule.bonus * part, sum(weights)) for part in weights]
        return self._best_of(given)

    def _best_of(self, given):
        if self.best and given:
            best = max(given, key=lambda rule: sum(given[rule]))
            return {best: given[best]}
        return given

    def earn(self, sale, occurred_ms, tier_rank, used):
        """What the sale earns for a member of that tier. `used(rule_id)` is the points the rule
        has given in the civil day and in the month of the sale."""
        earned = self._earn(sale, occurred_ms, tier_rank, used)
        earned.occurred_ms = occurred_ms
        earned.spendable_ms = self.spendable(occurred_ms)
        earned.end_ms = self.lot_end(occurred_ms)
        earned.score_until_ms = self.score_until(occurred_ms)
        return earned

    def _earn(self, sale, occurred_ms, tier_rank, used):
        total = sale.total
        earning = 1
        if total and not self.points_paid_earns:
            earning = Fraction(total - sale.paid_with_points, total)
        if total == 0 or earning == 0:
            return Earned(0, 0, {}, [(0, 0)] * len(sale.lines))
        tier = self.tiers[tier_rank]
        local = self.zone.local(occurred_ms)
        holding = [rule for rule in self.rules if rule.holds(sale, local, tier.id)]
        rates = self._base(sale, holding, earning)
        base = [sum(parts[i] for parts in rates.values()) for i in range(len(sale.lines))]
        given = {**rates, **self._multiplied(sale, holding, base), **self._bonuses(sale, holding)}
        exact = {rule: rule.capped([part * tier.multiplier for part in given[rule]], used)
                 for rule in holding if rule in given}
        return self._rounded(base, exact)

    def _rounded(self, base, exact):
        """The one rounding of a sale: of the base of each line, and what each rule gave each."""
        rules_gave = [sum(parts) for parts in exact.values()]
        lines_got = [sum(parts) for parts in zip(*exact.values())] or [0] * len(base)
        points = self.round(sum(rules_gave))
        score = self.round(sum(base) * self.score_share)
        by_rule = largest_remainder(points, rules_gave)
        line_points = largest_remainder(points, lines_got)
        line_score = largest_remainder(score, [part * self.score_share for part in base])
        return Earned(points, score,
                      {rule.id: share for rule, share in zip(exact, by_rule) if share},
                      list(zip(line_points, line_score)))


class Versions:
    """All versions of a program: [(effective_from_ms, Program)], rising."""

    def __init__(self, versions):
        self.versions = sorted(versions, key=lambda version: version[0])
        self.zone = self.versions[0][1].zone
        self._rescores = {}  # civil year -> instants, remembered

    def at(self, instant_ms):
        """The one in force (the new one at equality); None before the first."""
        number = self.number(instant_ms)
        return self.versions[number - 1][1] if number else None

    def number(self, instant_ms):
        """Counted from 1; 0 before the first."""
        number = len(self.versions)
        while number > 0 and self.versions[number - 1][0] > instant_ms:
            number -= 1
        return number

    def next_start(self, after_ms):
        """When the next version takes effect, or NEVER."""
        return min((start_ms for start_ms, _ in self.versions if start_ms > after_ms),
                   default=NEVER)

    def rescores(self, after_ms, until_ms):
        """Re-scoring instants in (after, until], each by the version in force at it."""
        if after_ms >= until_ms:
            return []
        return [instant_ms
                for year in range(self.zone.date(after_ms).year, self.zone.date(until_ms).year + 1)
                for instant_ms in self._rescores_of_year(year)
                if after_ms < instant_ms <= until_ms]

    def next_rescore(self, after_ms, until_ms):
        """The first of them, or NEVER."""
        for year in range(self.zone.date(after_ms).year, self.zone.date(until_ms).year + 1):
            for instant_ms in self._rescores_of_year(year):
                if after_ms < instant_ms <= until_ms:
                    return instant_ms
        return NEVER

    def is_rescore(self, instant_ms):
        return instant_ms in self._rescores_of_year(self.zone.date(instant_ms).year)

    def _rescores_of_year(self, year):
        """Of the instants in a year; a date that the zone skipped is the next day, which may be the
        next year's."""
        if year not in self._rescores:
            self._rescores[year] = sorted(
                {instant_ms for _, program in self.versions
                 for dates_of in (year - 1, year)
                 for instant_ms in program.rescores_of_year(dates_of)
                 if self.zone.date(instant_ms).year == year and self.at(instant_ms) is program})
        return self._rescores[year]
