"""Tells a history to the model and writes it down as a story for the core (tests/scenario): every
command is followed by what the model answers, every claim is what the model says.

A history is data, versions and steps, so that it can be told again with some of it left out.
"""

import collections
import dataclasses
import json

from club_calendar import NEVER
from club_model import Program, Refused, Versions, enrol
from story_instants import LAST_MS, wall_clock

UNIT = "store-0007/till-02"  # where a story sells when it does not say


@dataclasses.dataclass
class Step:
    now_ms: int
    verb: str
    what: object = None   # a Sale, an Opening, points, an identifier, ...
    id: int = None        # of a request that may be asked again
    kinds: tuple = ()     # of nasty instants
    due: bool = False     # whether to ask for the due instant afterwards
    look: bool = True     # whether to look afterwards


@dataclasses.dataclass
class History:
    documents: list       # of (effective_from_ms, program)
    steps: list

    def versions(self):
        return Versions([(from_ms, Program(document)) for from_ms, document in self.documents])

    def head(self):
        """The lines that give the versions: each a file with nothing in it, and a document laid
        over it."""
        return [line for from_ms, document in self.documents
                for line in (f"program empty.yaml from @{from_ms} with",
                             " " + json.dumps(document, separators=(", ", ": ")))]


def end(instant_ms):
    return "never" if instant_ms == NEVER else f"@{instant_ms}"


def lots_text(lots):
    return " and ".join(f"{points} until {end(end_ms)}" for end_ms, points in lots) or "none"


def money(minor):
    sign = "-" if minor < 0 else ""
    return f"{sign}{abs(minor) // 100}.{abs(minor) % 100:02}"


def refused_text(reasons):
    words = ["refused"]
    for name, (asked, limit) in sorted(reasons.items()):
        words += [name] + [f"asked {asked}"] * (asked is not None)
        words += [f"limit {limit}"] * (limit is not None)
    return " ".join(words)


def sale_text(verb, sale):
    text = f"{verb} anna " + " + ".join(f"{money(minor)} {category}".strip()
                                        for minor, category in sale.lines)
    if sale.date is not None:
        text += f" on {sale.date}"
    if sale.occurred_ms is not None:
        text += f" at @{sale.occurred_ms}"
    if sale.unit != UNIT:
        text += f" in {sale.unit}"
    if sale.channel:
        text += f" by {sale.channel}"
    if sale.paid_with_points:
        text += f" paid {money(sale.paid_with_points)}"
    if sale.currency:
        text += f" currency {sale.currency}"
    return text + " training" * sale.training


def opening_text(opening):
    text = "opening anna"
    for points, until in opening.lots:
        text += f" points {points}" + dates_text(None, until)
    for score, start, until in opening.scores:
        text += f" score {score}" + dates_text(start, until)
    if opening.card is not None:
        tier, start, until = opening.card
        text += f" card {tier}" + dates_text(start, until)
    return text


def dates_text(start, until):
    return f" from {start}" * (start is not None) + f" until {until}" * (until is not None)


def gives_text(earned, version, names=True):
    text = (f"gives points {earned.points} score {earned.score} occurred @{earned.occurred_ms} "
            f"version {version}")
    if earned.points:
        text += f" until {end(earned.end_ms)} spendable @{earned.spendable_ms}"
    if earned.score:
        text += f" counting {end(earned.score_until_ms)}"
    if names:
        text += "".join(f" rule {rule} {points}" for rule, points in earned.by_rule.items())
    if len(earned.by_line) > 1:
        text += "".join(f" line {i} {points} {score}"
                        for i, (points, score) in enumerate(earned.by_line, 1))
    return text


def leaves_text(member, names=True):
    return (f"leaves balance {member.balance} pending {member.pending_points} "
            f"counted {member.score} missing {member.missing_to_next or 0}"
            + f" tier {member.tier}" * names)


def card_facts(versions, card):
    """What is odd about a card's end."""
    zone, program = versions.zone, versions.at(card.from_ms)
    if card.until_ms == NEVER or card.cause == "OPENING" or not program.knows(card.tier):
        return
    months = program.tiers[program.rank(card.tier)].validity_months
    if card.until_ms != zone.add_months(card.from_ms, months):
        yield "kept the old end"
        return
    start, until = zone.local(card.from_ms), zone.local(card.until_ms)
    if start.time() != until.time():
        yield "would end at a skipped local time"
    if wall_clock(zone, card.until_ms) == "ambiguous":
        yield "ends at a local time that comes twice"
    if start.day > until.day:
        yield "end clamped to the month's last day"
    if (start.month, start.day) == (2, 29):
        yield "given on 29 February"
        if until.year % 100 == 0 and until.month == 2:
            yield f"given on 29 February, ends on {until.day} February {until.year}"


class Teller:
    """Tells steps one by one; `lines` is the story so far, `counts` what it met."""

    def __init__(self, versions):
        self.versions = versions
        self.lines = []
        self.counts = collections.Counter()
        self.now_ms = None
        self.member = None
        self.asked = False   # somebody has tried to enrol
        self.answers = {}    # request id -> lines of the command and of its answer

    def tell(self, step):
        if self.member is None and not (step.verb == "enrol" or self.may_be_unknown(step)):
            return
        self._clock(step.now_ms)
        getattr(self, "_" + step.verb)(step)
        if self.member is None:
            return
        for kind in step.kinds:
            self._count("instants", kind)
        if step.look:
            self._expect(step)

    def finish(self):
        """What the member met is counted at the end."""
        if self.member is not None:
            for kind, times in self.member.met.items():
                self._count("ties" if kind.startswith("tie: ") else "boundaries",
                            kind.removeprefix("tie: "), times)
            for card in self.member.cards[1:]:
                for fact in card_facts(self.versions, card):
                    self._count("cards", fact)
        return self

    def may_be_unknown(self, step):
        return self.asked and step.verb in ("sale", "quote", "backfill", "redeem", "opening")

    def _count(self, group, name, times=1):
        self.counts[group, name] += times

    def _say(self, line):
        self.lines.append(line)

    def _clock(self, now_ms):
        if self.now_ms is not None and now_ms < self.now_ms:
            self._say(f"behind at @{now_ms}")
        elif now_ms != self.now_ms:
            self._say(f"at @{now_ms}")
        self.now_ms = now_ms

    def _try(self, step, name, text, command):
        """Tells both a command. `command` gives the claims about its answer."""
        if step.id is not None:
            text += f" as {step.id}"
        try:
            if self.member is None and step.verb != "enrol":
                raise Refused("UNKNOWN_MEMBER")
            answer = command()
        except Refused as refused:
            reasons = refused.reasons
            answer = [refused_text(reasons)]
            self._count("refusals", next(iter(reasons)) if len(reasons) == 1 else "several")
            name += ", refused"
        self._count("commands", name)
        self.lines += [text, *answer]
        recorded = step.verb == "redeem" or not answer[0].startswith(("refused", "nothing"))
        if step.id is not None and recorded and self.member is not None:
            self.answers[step.id] = [text, *answer]

    # --- the verbs ---

    def _enrol(self, step):
        enrolled_ms, identifiers = step.what
        self.asked = True
        text = f"enrol anna at @{enrolled_ms} with {identifiers} identifiers"

        def command():
            if self.member is not None:
                raise Refused("ALREADY_ENROLLED")
            self.member = enrol(self.versions, step.now_ms, enrolled_ms, identifiers)
            return [leaves_text(self.member)]

        self._try(step, "enrolment", text, command)

    def _sale(self, step):
        sale = step.what

        def command():
            earned = self.member.sale(step.now_ms, sale)
            return [self._gives(earned), leaves_text(self.member)]

        self._try(step, self._name_of_sale(step), sale_text("sale", sale), command)

    def _backfill(self, step):
        def command():
            earned = self.member.backfill(step.now_ms, step.what)
            return [self._gives(earned), leaves_text(self.member)]

        self._try(step, "backfill", sale_text("backfill", step.what), command)

    def _quote(self, step):
        """Of a training sale, too, the answer says what would have been."""
        sale = step.what
        verb = "sale" if sale.training else "quote"

        def command():
            earned, after = self.member.quote(step.now_ms, sale)
            # What a card given meanwhile is called is not known any more when it is undone.
            names = len(self.member.at(step.now_ms).cards) == len(self.member.cards)
            return ["nothing", self._gives(earned, names), leaves_text(after, names)]

        name = "training" if sale.training else "quote"
        self._try(step, name, sale_text(verb, sale), command)

    def _redeem(self, step):
        def command():
            worth = self.versions.at(max(step.now_ms, self.member.now_ms)).worth(step.what)
            taken = self.member.redeem(step.now_ms, step.what)
            return [f"takes worth {money(worth)} {lots_text(taken)}", leaves_text(self.member)]

        self._try(step, "redemption", f"redeem anna {step.what}", command)

    def _opening(self, step):
        def command():
            self.member.opening(step.now_ms, step.what)
            return [leaves_text(self.member)]

        self._try(step, "opening", opening_text(step.what), command)

    def _job(self, step):
        self._say("job anna")
        self.member.job(step.now_ms)
        self._count("commands", "job")

    def _bound(self, step):
        number, lost = step.what
        self._say(f"{'lost' if lost else 'bound'} anna {number}")
        if self.member.end_claim(step.now_ms, number, lost):
            self._count("commands", "claim lost" if lost else "claim bound")
        else:
            self._say("nothing")
            self._count("commands", "claim ended already")

    def _retry(self, step):
        if step.what in self.answers:
            text, *answer = self.answers[step.what]
            self.lines += [text, *answer, "replayed"]
            refused = answer[0].startswith("refused")
            self._count("commands", "retry, refused" if refused else "retry")

    def _look(self, step):
        """Only looks."""

    # --- claims ---

    def _gives(self, earned, names=True):
        return gives_text(earned, self.versions.number(earned.occurred_ms), names)

    def _name_of_sale(self, step):
        sale = step.what
        if sale.date is not None:
            return "sale by date"
        if sale.occurred_ms is not None and sale.occurred_ms < step.now_ms:
            return "late sale"
        return "sale ahead of the clock" if sale.occurred_ms is not None else "sale"

    def _due(self, look):
        due_ms = look.due()
        if due_ms is not None and due_ms > LAST_MS:
            return ""  # no clock comes that far
        self._count("commands", "due asked")
        return f"due {end(NEVER if due_ms is None else due_ms)} "

    def _expect(self, step):
        look = self.member
        if look.now_ms < step.now_ms:
            look = look.at(step.now_ms)
        due = ""
        if step.due:
            due = self._due(look)
        self._say(f"expect anna balance {look.balance} pending {look.pending_points} "
                  f"score {look.score} tier {look.tier} missing {look.missing_to_next or 0} "
                  f"card @{look.card.from_ms} until {end(look.card.until_ms)} "
                  f"cause {look.card.cause} awarded {look.awarded} expired {look.expired} "
                  f"redeemed {look.redeemed} opened {look.opened} cards {len(look.cards)} "
                  f"claiming {len(look.claiming)} bound {len(look.bound)} {due}"
                  f"lots {lots_text(sorted(look.lots.items()))}")
