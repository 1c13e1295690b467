"""Contributions in histories: invented for a partner, told to the model, written down."""

import dataclasses
import datetime

from story_words import dates_text, end, leaves_text

A_RECORD = 10**12
MOST_REPORTED = 6   # then mostly what is there is reduced and ended


@dataclasses.dataclass
class Contribution:
    name: str
    score: int
    start: datetime.date = None
    until: datetime.date = None


@dataclasses.dataclass
class Reduction:
    name: str
    score: int


@dataclasses.dataclass
class End:
    name: str
    on: datetime.date = None
    matured: bool = False


class TellsContributions:
    """A part of the Teller."""

    def _contribute(self, step):
        what = step.what
        text = (f"contributes anna {what.name} {what.score}"
                + dates_text(what.start, what.until))
        self._try(step, "contribution", text, lambda: self._counts(self.member.contribute(
            step.now_ms, what.name, what.score, what.start, what.until, step.id)))

    def _reduce(self, step):
        what = step.what
        self._try(step, "reduction", f"reduces anna {what.name} {what.score}",
                  lambda: self._counts(self.member.reduce(step.now_ms, what.name, what.score,
                                                          step.id)))

    def _end(self, step):
        what = step.what
        text = (f"ends anna {what.name}" + f" on {what.on}" * (what.on is not None)
                + " matured" * what.matured)
        self._try(step, "end of a contribution", text, lambda: self._counts(
            self.member.end(step.now_ms, what.name, what.on, step.id)))

    def _counts(self, left):
        return [f"counts {left.score} from @{left.from_ms} until {end(left.until_ms)}",
                leaves_text(self.member)]


class InventsContributions:
    """A part of the Inventor."""

    def invent_contribute(self):
        rng = self.rng
        known = list(self.member.reported)
        name = f"P-{len(known) + 1}"
        if known and rng.random() < (0.5 if len(known) >= MOST_REPORTED else 0.05):
            name = rng.choice(known)
        start = self.maybe_date(*rng.choice([(-450, 0), (-90, 0), (0, 120), (0, 60)]))
        most = rng.choice([100, 4000, 4000, 20_000])
        return Contribution(name, self.figure(most), start, self.maybe_date(-30, 500)), ()

    def going(self):
        """Those that still count, or will."""
        return [name for name, left in self.member.reported.items()
                if left.until_ms > self.now_ms and left.score]

    def known_contribution(self):
        rng = self.rng
        going = self.going()
        if going and rng.random() < 0.8:
            return rng.choice(going)
        return rng.choice([*self.member.reported, "P-none"])

    def invent_reduce(self):
        rng = self.rng
        name = self.known_contribution()
        known = self.member.reported.get(name)
        left = known.score if known else 1
        likely = [left, left + 1, rng.randint(1, max(1, left)), rng.randint(1, max(1, left))]
        return Reduction(name, min(max(1, rng.choice(likely)), A_RECORD)), ()

    def invent_end(self):
        rng = self.rng
        on = self.maybe_date(*rng.choice([(-60, 0), (0, 120), (0, 500)]))
        return End(self.known_contribution(), on, rng.random() < 0.5), ()
