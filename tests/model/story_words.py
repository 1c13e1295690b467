"""The words of a story (tests/scenario): how commands are written down, and claims about their
answers.
"""

from club_calendar import NEVER

UNIT = "store-0007/till-02"  # where a story sells when it does not say


def end(instant_ms):
    return "never" if instant_ms == NEVER else f"@{instant_ms}"


def lots_text(lots):
    return " and ".join(f"{points} until {end(end_ms)}" for end_ms, points in lots) or "none"


def notice_text(told):
    """The last one, or that there was none."""
    if not told:
        return "noticed anna nothing"
    last = told[-1]
    what = "card" if last.points is None else last.points
    return f"noticed anna {what} until @{last.end_ms} at @{last.at_ms}"


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
    if sale.exchange_of is not None:
        text += f" exchange {sale.exchange_of}"
    return text + " attached" * sale.attached + " training" * sale.training


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
    return (f"leaves balance {member.balance} pending {member.pending_points} held {member.held} "
            f"counted {member.score} missing {member.missing_to_next or 0}"
            + f" tier {member.tier}" * names)


def part_text(part):
    if part.amount is not None:
        return f" amount {money(part.amount)}"
    if part.lines is not None:
        return " lines " + " ".join(map(str, part.lines))
    return f" points {part.points}" if part.points is not None else ""


def reversed_text(done):
    """What a reversal found, and for whom it moved something, what and where."""
    text = f"reversed {done.result}"
    if done.result not in ("REVERSED", "FURTHER_ACTIVITY"):
        return text
    text += f" points {done.points}"
    if done.of == "award":
        return text + (f" score {done.score} amount {money(done.amount)} paid {money(done.paid)}"
                       f" pending {done.pending} lot {done.lot} expired {done.expired}"
                       f" others {done.others} deficit {done.deficit} forgiven {done.forgiven}")
    text += f" expired {done.expired} forgiven {done.forgiven}"
    return text if done.of == "open reservation" else text + f" worth {money(done.worth)}"
