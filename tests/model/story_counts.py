"""What a run of the model check has tried: counts by group and kind, and the kinds that even a
short run must meet, for one that never met them would be blind.
"""

BESIDE = ("", " -1 ms", " +1 ms")
BOUNDARY_INSTANTS = ["lot end", "pending", "end while pending", "hold lapse", "card end",
                     "score start", "score end", "re-scoring", "version", "tie", "midnight",
                     "month end", "half-year end", "29 February", "the 31st", "clocks forward",
                     "late: re-scoring", "late: card start", "late: card end", "late: enrolment",
                     "late: last day allowed", "late: midnight"]
TYING = ["pending released", "lot ended", "score ended", "score started", "hold lapsed",
         "card ended", "re-scoring"]

REQUIRED = {
    "commands": [
        "enrolment", "sale", "late sale", "sale by date", "sale ahead of the clock", "training",
        "quote", "backfill", "redemption", "opening", "job", "due asked", "claim bound",
        "claim lost", "claim ended already", "retry", "retry, refused", "reservation", "capture",
        "capture of a part", "release", "reversal", "attached sale", "exchange",
        "contribution", "reduction", "end of a contribution", "points given", "points taken",
        "score given", "score taken", "grant", "revocation", "acts listed"],
    "refusals": [
        "NO_PROGRAM", "ALREADY_ENROLLED", "UNKNOWN_MEMBER", "SALE_FROM_FUTURE", "SALE_TOO_OLD",
        "SALE_BEFORE_ENROLMENT", "OUT_OF_ORDER", "WRONG_CURRENCY", "FIGURE_OUT_OF_BOUNDS",
        "GUARD_SALE", "GUARD_MEMBER_DAY", "INSUFFICIENT_POINTS", "BELOW_MINIMUM", "NOT_A_STEP",
        "DAY_LIMIT", "UNKNOWN_TIER", "BAD_INTERVAL", "HOLD_NOT_FOUND", "HOLD_LAPSED",
        "HOLD_CAPTURED", "HOLD_RELEASED", "HOLD_TOO_SMALL", "LINE_NOT_FOUND", "PART_DOES_NOT_FIT",
        "ORIGINAL_ARCHIVED", "REVERSED_BEFORE", "CONTRIBUTION_EXISTS", "UNKNOWN_CONTRIBUTION",
        "REDUCED_TOO_FAR", "TIER_NOT_HIGHER", "TIER_NOT_LOWER"],
    "boundaries": [
        "pending released", "lot ended: spendable", "lot ended: pending", "score ended",
        "score started", "card ended: raised", "card ended: kept", "card ended: lowered",
        "re-scoring: raised", "re-scoring: kept", "re-scoring: kept above the score",
        "upgrade at once", "points ended before they came", "late score replayed",
        "late score: card given", "replayed: re-scoring", "replayed: card end",
        "points told", "card told",
        "hold lapsed", "holds lapsed together", "lapsed: lot ended then",
        "lapsed: lot ended before", "lapsed: paid a deficit", "captured: lot ended before",
        "captured: paid a deficit", "released: lot ended before", "released: paid a deficit",
        "reversed: lot ended before", "reversed: paid a deficit",
        "captured under a later version", "score taken back at a re-scoring's very instant",
        "replayed: with score taken back",
        "replayed: card given then", "replayed: card given then, but replaced since",
        "replayed: version without the tier", "sale of a version without the tier",
        "contribution: all of it past", "contribution: late", "contribution: to come",
        "contribution: from before the enrolment", "contribution: cut before its time",
        "contribution: ended already", "contribution: ended before its time",
        "contribution: end announced",
        "card resumed", "card covered, but the score gives more", "complimentary card: earned",
        "complimentary card: a higher one earned", "granted above a complimentary card",
        "complimentary card revoked", "replayed: card revoked then",
        "replayed: complimentary card given then", "adjusted: points owed",
        "adjusted: score taken", "adjusted: taken of a contribution"],
    "reversals": [
        "award: REVERSED", "award: FURTHER_ACTIVITY", "award: PREVIOUSLY_REVERSED",
        "award by amount: REVERSED", "award by amount: FURTHER_ACTIVITY",
        "award by amount: PREVIOUSLY_REVERSED", "award by amount: asked for more than is left",
        "award by amount after a line", "award by line: REVERSED",
        "award by line: FURTHER_ACTIVITY", "award by line: PREVIOUSLY_REVERSED",
        "award by line after an amount", "award by line returned before", "award by the only line",
        "award by parts: all", "award by parts: not all", "award by parts: no point",
        "award by parts: beyond 64 bits", "given back by parts: beyond 64 bits",
        "award of nothing", "award: refunded in points", "award from pending", "award from lot",
        "award from expired", "award from others", "award from deficit", "award from forgiven",
        "redemption: REVERSED", "redemption: PREVIOUSLY_REVERSED", "capture: REVERSED",
        "capture: PREVIOUSLY_REVERSED", "captured reservation: REVERSED",
        "captured reservation: PREVIOUSLY_REVERSED", "redemption by points: REVERSED",
        "capture by points: REVERSED", "captured reservation by points: REVERSED",
        "given back by parts", "given back spendable", "given back ended",
        "given back to pay what was forgiven", "given back to pay what was forgiven: a part",
        "open reservation: REVERSED", "open reservation by points: REVERSED",
        "reversed reservation: PREVIOUSLY_REVERSED", "lapsed reservation: NOTHING_TO_REVERSE",
        "released reservation: NOTHING_TO_REVERSE", "refused: NOTHING_TO_REVERSE",
        "enrolment: NOTHING_TO_REVERSE", "opening balance: NOTHING_TO_REVERSE",
        "reversal: NOTHING_TO_REVERSE", "release: NOTHING_TO_REVERSE",
        "contribution: NOTHING_TO_REVERSE", "adjustment: NOTHING_TO_REVERSE",
        "grant: NOTHING_TO_REVERSE",
        "unknown: ORIGINAL_NOT_FOUND", "unknown again: ORIGINAL_NOT_FOUND"],
    "ties": [f"{first} + {second}" for i, first in enumerate(TYING) for second in TYING[i + 1:]],
    "cards": [
        "kept the old end", "would end at a skipped local time",
        "ends at a local time that comes twice", "end clamped to the month's last day",
        "given on 29 February", "given on 29 February, ends on 29 February 2000",
        "given on 29 February, ends on 28 February 2100"],
    "instants": [kind + step for kind in BOUNDARY_INSTANTS for step in BESIDE] + [
        "clocks back", "an hour begins that comes twice", "an hour that will come again",
        "an hour that comes again", "an hour ends that came twice", "late: version",
        "months before a clock change", "a hold lapses with another boundary",
        "while points are held", "pending until another boundary", "a clock behind",
        "a sale at a re-scoring's very instant", "beside the last record", "late",
        "the same instant", "299999 ms ahead", "300000 ms ahead", "300001 ms ahead"],
}


def commands(counts):
    return sum(times for (group, kind), times in counts.items()
               if group == "commands" and kind != "due asked")


def never_met(counts):
    return [f"{group}: {kind}" for group, kinds in REQUIRED.items() for kind in kinds
            if not counts[group, kind]]


def report(counts):
    """A line a group, the rarest kinds last."""
    lines = []
    for group in REQUIRED:
        kinds = sorted(((times, kind) for (g, kind), times in counts.items() if g == group),
                       reverse=True)
        lines.append(f"{group}: " + "; ".join(f"{kind} {times:,}" for times, kind in kinds))
    return "\n".join(lines)
