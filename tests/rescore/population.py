"""Members as `loyaltyctl import members` takes them, made from a seed: scores that begin and end
before, at and after a re-scoring, cards that end around it, members who have neither.

What they are brought over with began behind the last re-scoring before the opening, so that the
opening itself gives nothing but what is reached at once.
"""

import random

import rescoring

LAST_RESCORE = "2026-06-01"
OPENED = "2026-11-02"       # local noon: OPENED_TIME
OPENED_TIME_MS = 12 * 3_600_000
RESCORE = "2026-12-01"
COLUMNS = "member_id,enrolled,points,score,card"
SCORES = (1, 300, 999, 1000, 1999, 2000, 2001, 5000, 8000, 9999, 10000, 24999, 25000, 49999, 50000)
TIERS = ("silver", "gold", "diamond")


def days(text):
    return rescoring.days_of(*map(int, text.split("-")))


def text(day):
    return "%04d-%02d-%02d" % rescoring.date_of(day)


class Maker:
    """Members 0, 1, ... of a seed, always the same."""

    def __init__(self, seed, program=rescoring.RETAIL):
        self.random = random.Random(seed)
        self.program = program
        self.last = days(LAST_RESCORE)
        self.opened = days(OPENED)
        self.rescore = days(RESCORE)

    def member(self, number):
        """(CSV line, its parts, its card or None)"""
        parts = [self._part() for _ in range(self.random.choice((0, 0, 0, 1, 1, 2, 4)))]
        card = self._card() if self.random.randrange(4) == 0 else None
        points = " ".join(f"{self.random.randrange(1, 9000)}:{text(self.opened + 30 * ends)}"
                          for ends in range(2, 2 + self.random.randrange(3)))
        enrolled = text(self.last - self.random.randrange(1, 2000))
        score = " ".join(f"{part[0]}:{text(part[1])}:{'' if part[2] is None else text(part[2])}"
                         for part in parts)
        shown = "" if card is None else f"{card[0]}:{text(card[1])}:{text(card[2])}"
        return f"{member_id(number)},{enrolled},{points},{score},{shown}", parts, card

    def _part(self):
        """(score, from, until or None), in days."""
        chance = self.random.randrange
        score = self.random.choice(SCORES) if chance(4) == 0 else chance(1, 4000)
        begins = self.last + 1 + chance(self.opened - self.last)
        if chance(8) == 0:
            begins = self.random.choice((self.opened + 3, self.rescore - 1, self.rescore,
                                         self.rescore + 1, self.rescore + 40))
        ends = begins + 1 + chance(400)
        if chance(6) == 0 and begins < self.rescore - 1:
            ends = self.random.choice((self.rescore - 1, self.rescore, self.rescore + 1))
        return score, begins, None if chance(5) == 0 or ends <= begins else ends

    def _card(self):
        chance = self.random.randrange
        ends = self.opened + 1 + chance(700)
        if chance(3) == 0:
            ends = self.random.choice((self.opened + 1, self.rescore - 1, self.rescore,
                                       self.rescore + 1))
        return self.random.choice(TIERS), self.opened - chance(1, 500), ends

    def standing(self, parts, card):
        """The member as it is when the opening balance has been posted."""
        program = self.program
        at_ms = program.midnight(self.opened) + OPENED_TIME_MS
        held = rescoring.Card(0, None, rescoring.NEVER)
        if card is not None:
            rank = [tier.id for tier in program.tiers].index(card[0])
            held = rescoring.Card(rank, program.midnight(card[1]), program.midnight(card[2]))
        known = [rescoring.Part(score, program.midnight(begins),
                                rescoring.NEVER if ends is None else program.midnight(ends))
                 for score, begins, ends in parts]
        return rescoring.Standing(program, known, held, at_ms)


def member_id(number):
    return f"bench-{number:07d}"


def each(seed, count):
    """(member id, CSV line, standing when opened) of the first `count` members."""
    maker = Maker(seed)
    for number in range(count):
        line, parts, card = maker.member(number)
        yield member_id(number), line, maker.standing(parts, card)


def write_csv(path, seed, count):
    with open(path, "w", encoding="ascii") as file:
        file.write(COLUMNS + "\n")
        for _, line, _ in each(seed, count):
            file.write(line + "\n")


def expected(seed, count, until_ms):
    """({member id: its move at the re-scoring}, {member id: its tier at `until`}) by the rules."""
    at_ms = rescoring.RETAIL.day(RESCORE)
    moves, tiers = {}, {}
    for member, _, standing in each(seed, count):
        standing.advance(until_ms)
        tiers[member] = standing.tier()
        if at_ms in standing.moves:
            moves[member] = standing.moves[at_ms]
    return moves, tiers
