"""Invents a history: random versions of a program, and commands at nasty instants. What comes next
depends on the member as the model has him, so that boundaries are hit exactly.

    tell(seed, number)     history `number` of a seed, told: (History, Teller)
"""

import datetime
import random

from club_calendar import DAY_MS
from club_acts import Other
from club_model import Opening, Program, Sale
from story_by_hand import InventsByHand
from story_contributions import InventsContributions
from story_instants import ERAS, LAST_MS, ZONES, Instants, account_boundaries
from story_programs import CATEGORIES, CHANNELS, STORES, build_program, start_after
from story_returns import Returns
from story_teller import History, Step, Teller
from story_words import UNIT

COMMANDS = 42
RICH = {250: "points", 750: "score"}  # of 10,000 histories: members near the bound of an account
LATE_EVERY = 6   # one history in so many is mostly late sales
LEAP_EVERY = 20  # one history in so many begins with a card of 29 February, near a century's end
RICH_OPENINGS = 998
A_RECORD = 10**12
A_BALANCE = 10**15
VERBS = {"sale": 46, "backfill": 6, "quote": 5, "redeem": 11, "reserve": 10, "capture": 7,
         "release": 2, "reverse": 24, "arrive": 2, "opening": 9, "job": 7, "bound": 4, "retry": 6,
         "enrol": 1, "look": 4,
         "contribute": 7, "reduce": 3, "end": 3,
         "adjust_points": 4, "adjust_score": 5, "grant": 6, "revoke": 2, "listed": 12}
# How often a request gets an id by which it can be named.
NAMED = {"reserve": 1.0, "sale": 0.7, "redeem": 0.7, "capture": 0.6, "release": 0.6}
MAY_BE_BEHIND = ("redeem", "reserve", "capture", "release", "reverse", "opening", "bound", "job",
                 "contribute", "reduce", "end", "adjust_points", "adjust_score", "grant",
                 "revoke", "listed")
CARD_DAYS = ("months before a clock change", "29 February", "the 31st")


def tell(seed, number):
    inventor = Inventor(random.Random(f"{seed}/{number}"),
                        leap=number % LEAP_EVERY == LEAP_EVERY // 2,
                        late=number % LATE_EVERY == LATE_EVERY // 2)
    if number % 10_000 in RICH:
        inventor.make_rich(in_score=RICH[number % 10_000] == "score")
    for _ in range(COMMANDS):
        inventor.step()
    return inventor.history, inventor.teller.finish()


class Inventor(Returns, InventsContributions, InventsByHand):
    def __init__(self, rng, leap, late):
        self.rng = rng
        self.late = late
        documents = self.leap_documents() if leap else self.invent_documents()
        if late and not leap:
            self.make_late(documents)
        self.history = History(documents, [])
        versions = self.history.versions()
        self.zone = versions.zone
        self.versions = versions
        self.instants = Instants(rng, versions)
        self.teller = Teller(versions)
        self.last_id = 0
        self.now_ms = versions.versions[0][0] + rng.choice([0, rng.randrange(30 * DAY_MS)])
        self.enrol()
        if leap:
            self.now_ms, kind = self.instants.leap_day(self.now_ms)
            self.do("sale", self.invent_big_sale()[0], (kind,))
        elif late:
            self.give_card_of_later_version()

    @property
    def member(self):
        return self.teller.member

    def invent_documents(self):
        rng = self.rng
        return self.documents_from(rng.choice(ERAS), rng.randrange(400 * DAY_MS),
                                   rng.choice([1, 2, 2, 3, 4, 6]))

    def leap_documents(self):
        """Cards of 29 February that end in 2000, a leap year, or in 2100, which is none."""
        year, months = self.rng.choice([(1996, 48), (2000, 1200), (2096, 48)])
        documents = self.documents_from(year, self.rng.randrange(20 * DAY_MS), 1)
        document = documents[0][1]
        document["guards"] = {}
        document["earn"].pop("no_score", None)
        for rank, tier in enumerate(document["tiers"][1:], 1):
            tier.update(threshold=rank * 10, validity_months=months, upgrade="IMMEDIATE")
        return documents

    def documents_from(self, year, after_ms, count):
        rng = self.rng
        zone = rng.choice(ZONES)
        start = datetime.datetime(year, 1, 1, tzinfo=datetime.timezone.utc)
        at_ms = int(start.timestamp()) * 1000 + after_ms
        documents = []
        before = None
        for _ in range(count):
            before = build_program(rng, zone, before, year)
            documents.append((at_ms, before))
            at_ms = start_after(rng, Program(before), at_ms)
            if at_ms > LAST_MS:
                break
        return documents

    def make_late(self, documents):
        """Cards that end soon, in reach of late score."""
        for _, document in documents:
            document["late_days"] = {"days": 400}
            document["guards"] = {}
            document["score"] = self.rng.choice([{"in_force": {}}, {"rolling_months": 6}])
            for tier in document["tiers"][1:]:
                tier["validity_months"] = self.rng.choice([1, 2, 3, 6])

    # --- steps ---

    def do(self, verb, what=None, kinds=(), now_ms=None, **more):
        step = Step(self.now_ms if now_ms is None else now_ms, verb, what, kinds=tuple(kinds),
                    **more)
        self.history.steps.append(step)
        self.teller.tell(step)

    def enrol(self):
        """At last; before that, perhaps, in ways that are refused."""
        rng = self.rng
        first_ms = self.versions.versions[0][0]
        if rng.random() < 0.1:
            self.do("enrol", (first_ms - 1, 0))
            self.do(*rng.choice([("sale", Sale([(100, "")], unit=UNIT)), ("redeem", 1),
                                 ("opening", Opening([(5, None)]))]))
        if rng.random() < 0.1:
            self.do("enrol", (self.now_ms + 1, 1))
        enrolled_ms = self.now_ms
        if rng.random() < 0.3:
            enrolled_ms = rng.randint(first_ms, self.now_ms)
        self.do("enrol", (enrolled_ms, rng.choice([0, 0, 0, 1, 2, 3])), id=self.new_id("enrol"))

    def step(self):
        rng = self.rng
        self.now_ms, kind = self.instants.next(self.member, self.now_ms)
        verb = self.invent_verb(kind)
        if verb == "arrive":
            self.arrive(kind)
            return
        what, kinds = getattr(self, f"invent_{verb}")()
        now_ms = self.now_ms
        if verb in MAY_BE_BEHIND and rng.random() < 0.05:
            now_ms -= rng.randint(1, 2000)
            kinds += ("a clock behind",)
        self.do(verb.removeprefix("big_"), what, (kind, *kinds), now_ms,
                id=self.new_id(verb), due=rng.random() < (0.1 if self.member.deficit else 0.01))
        if verb == "redeem":
            self.redeem_more()
        self.follow(verb)

    def invent_verb(self, kind):
        """On days that make odd cards mostly a sale that may well bring one; when a hold lapses
        mostly something with it."""
        rng = self.rng
        if kind.startswith("hold lapse") and rng.random() < 0.6:
            return rng.choice(["capture", "capture", "release", "reverse", "redeem"])
        if kind in CARD_DAYS and rng.random() < 0.7:
            return "big_sale"
        if self.member.card.cause == "GRANTED" and rng.random() < 0.1:
            return rng.choice(["grant", "revoke"])
        verb = rng.choices(list(VERBS), VERBS.values())[0]
        if verb in ("capture", "release") and not self.open_holds() and rng.random() < 0.8:
            verb = "reserve"
        if verb in ("reduce", "end") and not self.going() and rng.random() < 0.8:
            return "contribute"
        if verb == "listed" and not self.member.unlisted:
            return "sale"
        if verb in ("redeem", "reserve") and self.member.balance <= 0 and rng.random() < 0.8:
            return "sale"
        return verb

    def new_id(self, verb):
        """Many requests are named later, or asked again, by an id of their own."""
        if self.rng.random() >= NAMED.get(verb, 0.25):
            return None
        self.last_id += 1
        return self.last_id

    def give_card_of_later_version(self):
        """Brought over from before the version that brought its tier; then sales of that time."""
        rng = self.rng
        for (_, old), (start_ms, program) in zip(self.versions.versions,
                                                 self.versions.versions[1:]):
            tiers = [tier.id for tier in program.tiers if not old.knows(tier.id)]
            if tiers and start_ms > self.member.enrolled_ms:
                break
        else:
            return
        self.now_ms = min(max(self.now_ms, start_ms) + rng.randrange(20 * DAY_MS), LAST_MS)
        today = self.zone.date(self.now_ms)
        start = self.zone.date(start_ms) - datetime.timedelta(rng.randint(1, 30))
        until = today + datetime.timedelta(rng.randint(1, 200))
        self.do("opening", Opening(card=(rng.choice(tiers), start, until)))
        from_ms = max(self.member.enrolled_ms, self.zone.day_start(start))
        for _ in range(4):
            sale = self.plain_sale()
            sale.occurred_ms = rng.randint(from_ms, max(from_ms, start_ms - 1))
            self.do("sale", sale)

    def make_rich(self, in_score):
        """Near the bound of a balance, or of score: as near as can be, and a little beyond."""
        left = self.rng.choice([0, 1, 100, 5000])
        for _ in range(RICH_OPENINGS):
            self.open_figure(in_score, A_RECORD, look=False)
        member = self.member
        has = member.score_given if in_score else member.balance + member.pending_points
        self.open_figure(in_score, A_BALANCE - A_RECORD - has)
        self.open_figure(in_score, A_RECORD - left)
        self.open_figure(in_score, left + 1)
        if left > 0 and self.rng.random() < 0.5:
            self.open_figure(in_score, left)
        for most in (1, 100, 100_000_000, 10**12):
            self.do("sale", Sale([(self.rng.randint(1, most), "")], unit=UNIT))

    def open_figure(self, in_score, figure, look=True):
        item = Opening([], [(figure, None, None)]) if in_score else Opening([(figure, None)])
        self.do("opening", item, look=look)

    def redeem_more(self):
        """Often several times a day, where that is limited."""
        rng = self.rng
        limit, left = self.limit_of_today()
        while limit and self.member.balance > 0 and rng.random() < 0.6:
            points = rng.choice([left, left + 1, limit // 3 // 10 * 10, limit // 3 // 10 * 10])
            self.do("redeem", max(1, points))
            _, left = self.limit_of_today()

    def limit_of_today(self):
        """Of redemptions, and what is left of it."""
        limit = self.versions.at(self.now_ms).redeem_a_day
        look = self.member.at(self.now_ms)
        return limit, limit - look.spent_on(self.zone.date(look.now_ms))

    # --- what a command says; and the kinds of the instants in it ---

    def invent_sale(self):
        rng = self.rng
        sale = self.plain_sale()
        kinds = ()
        choice = rng.random() * (0.5 if self.late else 1)
        if choice < 0.35:
            sale.occurred_ms, kind = self.instants.past(self.member, self.now_ms)
            kinds = (kind,)
        elif choice < 0.45:
            sale.date = self.zone.date(self.now_ms - rng.randrange(50 * DAY_MS))
        elif choice < 0.48:
            sale.date = rng.choice([self.zone.date(self.now_ms),
                                    self.zone.date(self.member.enrolled_ms)])
        elif choice < 0.53:
            ahead_ms = rng.choice([1, 299_999, 300_000, 300_001])
            sale.occurred_ms = self.now_ms + ahead_ms
            kinds = (f"{ahead_ms} ms ahead",)
        if rng.random() < 0.01:
            sale.currency = rng.choice(["EUR", "CNY"])
        sale.attached = kinds != () and rng.random() < 0.2
        if rng.random() < 0.1:
            sale.exchange_of = self.one_of((9, self.named(Other)), (1, [self.never_seen()]))
        if self.versions.is_rescore(sale.occurred_ms or self.now_ms):
            kinds += ("a sale at a re-scoring's very instant",)
        return sale, kinds

    def invent_big_sale(self):
        return Sale([(self.rng.randint(10_000, 900_000), "")], unit=UNIT), ()

    def plain_sale(self):
        rng = self.rng
        sale = Sale([], unit=UNIT)
        for _ in range(rng.choice([1, 1, 1, 2, 3])):
            most = rng.choice([100, 20_000, 90_000, 90_000 if self.late else 900_000])
            sale.lines.append((rng.randrange(most), rng.choice(["", "", *CATEGORIES])))
        odd = rng.random()
        if odd < 0.003:
            sale.lines[0] = (rng.choice([-1, -500, 10**12 + 1]), "")
        elif odd < 0.02:
            sale.lines[0] = (rng.choice([10**12, 4 * 10**11, 9 * 10**11]), "")
        elif odd < 0.034:
            sale.lines = [(0, category) for _, category in sale.lines]
        if rng.random() < 0.2 and min(sale.lines)[0] >= 0:
            sale.paid_with_points = rng.choice([rng.randint(0, sale.total), sale.total])
        if rng.random() < 0.3:
            sale.unit = f"{rng.choice(STORES)}/till-{rng.randint(1, 3)}"
        if rng.random() < 0.3:
            sale.channel = rng.choice(CHANNELS)
        return sale

    def invent_backfill(self):
        """History is posted in order; mostly after the account's last record, which is seldom long
        ago."""
        sale, kinds = self.invent_sale()
        sale.attached = False
        if self.rng.random() < 0.5 and sale.date is None and self.member.now_ms < self.now_ms:
            sale.occurred_ms = self.rng.randint(self.member.now_ms, self.now_ms)
            kinds = ()
        elif self.rng.random() < 0.2:
            sale.occurred_ms, sale.date = self.member.now_ms + self.rng.choice([-1, 0, 1]), None
            kinds = ("beside the last record",)
        return sale, kinds

    def invent_quote(self):
        sale, kinds = self.invent_sale()
        sale.training = self.rng.random() < 0.5
        return sale, kinds

    def invent_redeem(self):
        rng = self.rng
        look = self.member.at(self.now_ms)
        first = min(look.lots.items(), default=(0, 1))[1]
        some = rng.randint(1, max(1, look.balance))
        likely = [look.balance, look.balance + 1, some, some // 10 * 10, first, first + 1,
                  rng.randint(1, 12)]
        limit, left = self.limit_of_today()
        if limit and rng.random() < 0.7:
            likely = [left, left + 1, left // 3 // 10 * 10]
        if rng.random() < 0.5:
            likely = [self.fitting_points()]
        return min(max(1, rng.choice(likely)), A_RECORD), ()

    def invent_opening(self):
        rng = self.rng
        opening = Opening([], [], None)
        for _ in range(rng.randrange(3)):
            opening.lots.append((self.figure(900), self.maybe_date(-5, 500)))
        for _ in range(rng.randrange(3)):
            start = self.maybe_date(*rng.choice([(-450, 0), (0, 120), (0, 60)]))
            opening.scores.append((self.figure(4000), start, self.maybe_date(-30, 500)))
        if rng.random() < (0.7 if self.late else 0.35):
            opening.card = self.invent_card()
        return opening, ()

    def invent_card(self):
        rng = self.rng
        tiers = [tier.id for tier in self.versions.at(self.now_ms).tiers]
        tier = "platinum" if rng.random() < 0.05 else rng.choice(tiers)
        until = None if tier == tiers[0] and rng.random() < 0.7 else self.maybe_date(-2, 300)
        return tier, self.maybe_date(-300, 2), until

    def figure(self, most):
        return A_RECORD if self.rng.random() < 0.006 else self.rng.randint(1, most)

    def maybe_date(self, least, most):
        """Often one at whose beginning something else happens."""
        rng = self.rng
        if rng.random() < 0.25:
            return None
        if rng.random() < 0.5:
            ahead = account_boundaries(self.member, self.now_ms)
            instants = [instant_ms for instants in ahead.values() for instant_ms in instants[:3]]
            instants += self.versions.rescores(self.now_ms + least * DAY_MS, self.now_ms)
            if instants:
                return self.zone.date(rng.choice(instants))
        return self.zone.date(self.now_ms) + datetime.timedelta(rng.randint(least, most))

    def invent_bound(self):
        identifiers = sorted(self.member.claiming | self.member.bound) or [1]
        return (self.rng.choice(identifiers), self.rng.random() < 0.3), ()

    def invent_retry(self):
        return (self.rng.choice(list(self.teller.answers)) if self.teller.answers else 0), ()

    def invent_enrol(self):
        return (self.now_ms, 0), ()

    def invent_job(self):
        return None, ()

    def invent_look(self):
        return None, ()
