"""What is worth knowing about a card or a reversal that a story met, so that a run can say what it
has tried.
"""

from club_acts import Award, Hold, Spent
from club_calendar import NEVER
from story_instants import wall_clock


def card_facts(versions, card):
    """What is odd about a card's end."""
    zone, program = versions.zone, versions.at(card.from_ms)
    given = card.cause in ("OPENING", "GRANTED", "RESUMED")  # to a date of its own
    if card.until_ms == NEVER or given or not program.knows(card.tier):
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


def reversal_facts(before, part, done):
    """Of a reversal of what was `before` in the acts of the member."""
    yield f"{done.of}: {done.result}"
    if isinstance(before, Award):
        yield from part_of_sale_facts(before, part, done)
        for source in ("pending", "lot", "expired", "others", "deficit", "forgiven"):
            if getattr(done, source):
                yield f"award from {source}"
    elif part.points is not None and isinstance(before, (Spent, Hold)):
        yield f"{done.of} by points: {done.result}"
    if isinstance(before, Spent) and done.points:
        yield from given_back_facts(before, done)


def part_of_sale_facts(award, part, done):
    kind = "by amount" if part.amount is not None else "by line" if part.lines else "whole"
    yield f"award {kind}: {done.result}"
    if award.whole:
        return
    if part.amount is not None and part.amount > award.amount - award.returned:
        yield "award by amount: asked for more than is left"
    if part.amount is not None and award.lines_returned:
        yield "award by amount after a line"
    if part.lines is not None:
        if award.returned > sum(award.amounts[i - 1] for i in award.lines_returned):
            yield "award by line after an amount"
        if len(award.amounts) == 1:
            yield "award by the only line"
        if set(part.lines) & award.lines_returned:
            yield "award by line returned before"
    if award.returned and done.result != "PREVIOUSLY_REVERSED":
        yield f"award by parts: {'not ' * (not award.less(part).whole)}all"
    if award.amount == 0:
        yield "award of nothing"
    if award.earned.points and done.amount and not done.points:
        yield "award by parts: no point"
    product = award.earned.points * (award.returned + done.amount)
    if part.amount is not None and product >= 2**63 and not award.less(part).whole:
        yield "award by parts: beyond 64 bits"
    if done.paid:
        yield "award: refunded in points"


def given_back_facts(spent, done):
    if spent.given_back:
        yield "given back by parts"
    if spent.value * done.points >= 2**63 and done.points < spent.points:
        yield "given back by parts: beyond 64 bits"
    if done.points - done.expired - done.forgiven:
        yield "given back spendable"
    if done.expired:
        yield "given back ended"
    if done.forgiven:
        yield "given back to pay what was forgiven"
    if done.forgiven and done.forgiven < done.points:
        yield "given back to pay what was forgiven: a part"
