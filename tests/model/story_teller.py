"""Tells a history to the model and writes it down as a story for the core (tests/scenario): every
command is followed by what the model answers, every claim is what the model says.

A history is data, versions and steps, so that it can be told again with some of it left out.
"""

import collections
import dataclasses
import json

from club_acts import WHOLE, Part
from club_calendar import DAY_MS, NEVER
from club_model import Program, Refused, Remembered, Versions, enrol
from story_by_hand import TellsByHand
from story_contributions import TellsContributions
from story_facts import card_facts, reversal_facts
from story_instants import LAST_MS
from story_words import (UNIT, end, gives_text, leaves_text, lots_text, money, notice_text,
                         opening_text, part_text, refused_text, reversed_text, sale_text)

ARCHIVED_MS = 401 * DAY_MS
GIVES_BACK = ("redemption", "capture", "captured reservation", "open reservation")


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
class Reserve:
    points: int
    seconds: int = 0      # 0: the program's


@dataclasses.dataclass
class OnHold:
    """Of a capture or a release."""

    reservation: int
    points: int = 0       # 0: all


@dataclasses.dataclass
class Reverse:
    original: int
    part: Part = WHOLE
    archived: bool = False


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


class Teller(TellsContributions, TellsByHand):
    """Tells steps one by one; `lines` is the story so far, `counts` what it met."""

    def __init__(self, versions):
        self.versions = versions
        self.lines = []
        self.counts = collections.Counter()
        self.now_ms = None
        self.member = None
        self.asked = False   # somebody has tried to enrol
        self.answers = {}    # request id -> lines of the command and of its answer
        self.forgotten = []  # request ids of which nothing was recorded

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
        return self.asked and step.verb in ("sale", "quote", "backfill", "redeem", "opening",
                                            "reserve", "capture", "release", "reverse",
                                            "contribute", "reduce", "end", "adjust_points",
                                            "adjust_score", "grant", "revoke")

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
        recorded = True
        try:
            if self.member is None and step.verb != "enrol":
                raise Refused("UNKNOWN_MEMBER")
            answer = command()
        except Refused as refused:
            reasons = refused.reasons
            recorded = isinstance(refused, Remembered)
            answer = [refused_text(reasons)]
            self._count("refusals", next(iter(reasons)) if len(reasons) == 1 else "several")
            name += ", refused"
        self._count("commands", name)
        self.lines += [text, *answer]
        if step.id is not None and recorded and answer[0] != "nothing":
            self.answers[step.id] = [text, *answer]
        elif step.id is not None:
            self.forgotten.append(step.id)

    # --- the verbs ---

    def _enrol(self, step):
        enrolled_ms, identifiers = step.what
        self.asked = True
        text = f"enrol anna at @{enrolled_ms} with {identifiers} identifiers"

        def command():
            if self.member is not None:
                raise Refused("ALREADY_ENROLLED")
            self.member = enrol(self.versions, step.now_ms, enrolled_ms, identifiers, step.id)
            return [leaves_text(self.member)]

        self._try(step, "enrolment", text, command)

    def _sale(self, step):
        sale = step.what

        def command():
            earned = self.member.sale(step.now_ms, sale, step.id)
            if sale.exchange_of is not None:
                self._count("commands", "exchange")
            return [self._gives(earned), leaves_text(self.member)]

        self._try(step, self._name_of_sale(step), sale_text("sale", sale), command)

    def _backfill(self, step):
        def command():
            earned = self.member.backfill(step.now_ms, step.what, step.id)
            return [self._gives(earned), leaves_text(self.member)]

        self._try(step, "backfill", sale_text("backfill", step.what), command)

    def _quote(self, step):
        """Of a training sale, too, the answer says what would have been."""
        sale = step.what
        verb = "sale" if sale.training else "quote"

        def command():
            request = step.id if sale.training else None
            earned, after = self.member.quote(step.now_ms, sale, request)
            # What a card given meanwhile is called is not known any more when it is undone.
            names = len(self.member.at(step.now_ms).cards) == len(self.member.cards)
            return ["nothing", self._gives(earned, names), leaves_text(after, names)]

        name = "training" if sale.training else "quote"
        self._try(step, name, sale_text(verb, sale), command)

    def _redeem(self, step):
        def command():
            worth = self.versions.at(max(step.now_ms, self.member.now_ms)).worth(step.what)
            taken = self.member.redeem(step.now_ms, step.what, step.id)
            return [f"takes worth {money(worth)} {lots_text(taken)}", leaves_text(self.member)]

        self._try(step, "redemption", f"redeem anna {step.what}", command)

    def _reserve(self, step):
        what = step.what
        text = f"reserve anna {what.points}" + f" for {what.seconds}" * (what.seconds > 0)

        def command():
            hold = self.member.reserve(step.now_ms, what.points, what.seconds, step.id)
            return [f"takes worth {money(hold.value)} {lots_text(hold.lots)}",
                    f"holds until {end(hold.lapses_ms)}", leaves_text(self.member)]

        self._try(step, "reservation", text, command)

    def _capture(self, step):
        what = step.what
        text = f"capture anna {what.reservation}" + f" {what.points}" * (what.points > 0)

        def command():
            spent, freed = self.member.capture(step.now_ms, what.reservation, what.points, step.id)
            return [f"takes worth {money(spent.value)} {lots_text(spent.lots)}",
                    self._freed(freed), leaves_text(self.member)]

        self._try(step, "capture of a part" if what.points else "capture", text, command)

    def _release(self, step):
        def command():
            freed = self.member.release(step.now_ms, step.what.reservation, step.id)
            return [self._freed(freed), leaves_text(self.member)]

        self._try(step, "release", f"release anna {step.what.reservation}", command)

    def _reverse(self, step):
        what = step.what
        text = (f"reverse anna {what.original}" + part_text(what.part)
                + " archived" * what.archived)
        created_ms = step.now_ms - ARCHIVED_MS if what.archived else None

        def command():
            before = self.member.acts.get(what.original)
            done = self.member.reverse(step.now_ms, what.original, what.part, created_ms, step.id)
            for fact in reversal_facts(before, what.part, done):
                self._count("reversals", fact)
            answer = [reversed_text(done), leaves_text(self.member)]
            if done.of in GIVES_BACK and done.points > 0:
                answer.insert(1, f"gives back {lots_text(done.lots)}")
            return answer

        self._try(step, "reversal", text, command)

    def _opening(self, step):
        def command():
            self.member.opening(step.now_ms, step.what, step.id)
            return [leaves_text(self.member)]

        self._try(step, "opening", opening_text(step.what), command)

    def _job(self, step):
        self._say("job anna")
        self.member.job(step.now_ms)
        self._say(notice_text(self.member.told))
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

    def _freed(self, freed):
        return f"freed {freed.points} expired {freed.expired}"

    def _gives(self, earned, names=True):
        return gives_text(earned, self.versions.number(earned.occurred_ms), names)

    def _name_of_sale(self, step):
        sale = step.what
        if sale.attached:
            return "attached sale"
        if sale.date is not None:
            return "sale by date"
        if sale.occurred_ms is not None and sale.occurred_ms < step.now_ms:
            return "late sale"
        return "sale ahead of the clock" if sale.occurred_ms is not None else "sale"

    def _due(self, look):
        """A claim to an identifier that is open is to be ended at once, an act to be listed."""
        due_ms = look.now_ms if look.claiming or look.unlisted else look.due()
        if due_ms is not None and due_ms > LAST_MS:
            return ""  # no clock comes that far
        self._count("commands", "due asked")
        return f"due {end(NEVER if due_ms is None else due_ms)} "

    def _expect(self, step):
        look = self.member
        if look.now_ms < step.now_ms:
            look = look.at(step.now_ms)
        look.check()
        due = ""
        if step.due:
            due = self._due(look)
        self._say(f"expect anna balance {look.balance} pending {look.pending_points} "
                  f"score {look.score} tier {look.tier} missing {look.missing_to_next or 0} "
                  f"card @{look.card.from_ms} until {end(look.card.until_ms)} "
                  f"cause {look.card.cause} awarded {look.awarded} expired {look.expired} "
                  f"redeemed {look.redeemed} opened {look.opened} held {look.held} "
                  f"deficit {look.deficit} forgiven {look.forgiven} taken {look.taken_back} "
                  f"given {look.given_back} adjusted {look.adjusted} cards {len(look.cards)} "
                  f"claiming {len(look.claiming)} bound {len(look.bound)} {due}"
                  f"lots {lots_text(sorted(look.lots.items()))}")
