"""Acts by hand in stories: told, and invented."""

import dataclasses
import datetime

from story_words import leaves_text


@dataclasses.dataclass
class AdjustPoints:
    points: int
    ends: object = None   # a date, "never", or as earned
    may_owe: bool = False


@dataclasses.dataclass
class AdjustScore:
    score: int
    until: datetime.date = None


@dataclasses.dataclass
class Grant:
    tier: str
    until: datetime.date


@dataclasses.dataclass
class Revoke:
    tier: str = None


class TellsByHand:
    """A part of the Teller."""

    def _act(self, step, name, text, command):
        def answer():
            command()
            return [leaves_text(self.member)]

        self._try(step, name, text, answer)

    def _adjust_points(self, step):
        what = step.what
        if what.points == 0:
            return  # one that was shrunk
        text = (f"adjusts anna points {what.points}" + f" until {what.ends}" * bool(what.ends)
                + " owing" * what.may_owe)
        self._act(step, "points given" if what.points > 0 else "points taken", text,
                  lambda: self.member.adjust_points(step.now_ms, what.points, what.ends,
                                                    what.may_owe, step.id))

    def _adjust_score(self, step):
        what = step.what
        if what.score == 0:
            return
        text = f"adjusts anna score {what.score}" + f" until {what.until}" * bool(what.until)
        self._act(step, "score given" if what.score > 0 else "score taken", text,
                  lambda: self.member.adjust_score(step.now_ms, what.score, what.until, step.id))

    def _grant(self, step):
        what = step.what
        self._act(step, "grant", f"grants anna {what.tier} until {what.until}",
                  lambda: self.member.grant(step.now_ms, what.tier, what.until, step.id))

    def _revoke(self, step):
        tier = step.what.tier
        self._act(step, "revocation", "revokes anna" + f" to {tier}" * bool(tier),
                  lambda: self.member.revoke(step.now_ms, tier, step.id))

    def _listed(self, step):
        if self.member.unlisted:
            self._say("listed anna")
            self.member.list_acts(step.now_ms)
            self._count("commands", "acts listed")


class InventsByHand:
    """A part of the Inventor."""

    def invent_adjust_points(self):
        rng = self.rng
        look = self.member.at(self.now_ms)
        if rng.random() < 0.5:
            ends = rng.choice([None, "never", self.maybe_date(-2, 500), self.maybe_date(1, 90)])
            return AdjustPoints(self.figure(900), ends), ()
        balance = max(0, look.balance)
        likely = [balance, balance + 1, rng.randint(1, max(1, balance)), rng.randint(1, 500)]
        return AdjustPoints(-max(1, rng.choice(likely)), None, rng.random() < 0.4), ()

    def invent_adjust_score(self):
        rng = self.rng
        look = self.member.at(self.now_ms)
        if rng.random() < 0.5:
            return AdjustScore(self.figure(4000), self.maybe_date(-2, 500)), ()
        score = look.score
        likely = [score, score + 1, rng.randint(1, max(1, score)), rng.randint(1, max(1, score))]
        return AdjustScore(-max(1, rng.choice(likely))), ()

    def some_tier(self):
        tiers = [tier.id for tier in self.versions.at(self.now_ms).tiers]
        return "platinum" if self.rng.random() < 0.03 else self.rng.choice(tiers)

    def invent_grant(self):
        """Mostly of a tier above; never for ever, so without a date far too long."""
        tiers = [tier.id for tier in self.versions.at(self.now_ms).tiers]
        held = self.member.tier
        above = tiers[tiers.index(held) + 1:] if held in tiers else []
        tier = self.rng.choice(above) if above and self.rng.random() < 0.8 else self.some_tier()
        return Grant(tier, self.maybe_date(-1, 400) or datetime.date(2150, 1, 1)), ()

    def invent_revoke(self):
        return Revoke(self.some_tier() if self.rng.random() < 0.5 else None), ()

    def invent_listed(self):
        return None, ()
