"""Random programs: the versions of a club, each from the one before, for the stories that the core
and the model are told.

Whether a rule's points count against a cap by day or month, whether redemptions have a limit a day
and whether a member's day is guarded stays the same over the versions, only the numbers change:
what a version without them gave is not counted by a later one that has them.
"""

import copy
import datetime

MONTH_DAYS = {2: 28, 4: 30, 6: 30, 9: 30, 11: 30}  # no date of a common year is missing
VALIDITIES = [1, 1, 2, 3, 6, 6, 12, 12, 24, 48, 1200]
CATEGORIES = ["wine", "bread"]
STORES = ["store-0001", "store-0007"]
CHANNELS = ["shop", "web"]


def build_tiers(rng, before):
    """Thresholds rising; a later version keeps the ids and may insert one."""
    ids = [tier["id"] for tier in before] if before else [f"t{i}" for i in range(rng.randint(2, 5))]
    if before and rng.random() < 0.5:
        ids.insert(rng.randint(1, len(ids)), f"n{rng.randrange(10**6)}")
    tiers = [{"id": ids[0]}]
    threshold = 0
    for tier_id in ids[1:]:
        threshold += rng.randint(1, 3000)
        tiers.append({"id": tier_id, "threshold": threshold,
                      "upgrade": rng.choice(["IMMEDIATE", "AT_RESCORE"]),
                      "validity_months": rng.choice(VALIDITIES),
                      "multiplier_bp": rng.choice([0, 5000, 11000, 12500])})
    return tiers


def build_condition(rng, year):
    when = {}
    if rng.random() < 0.4:
        when["categories"] = rng.choice([["wine"], ["bread"], CATEGORIES])
    if rng.random() < 0.25:
        when["minimum_spend_minor"] = 5000
    if rng.random() < 0.15:
        when["weekdays"] = rng.choice([["SATURDAY", "SUNDAY"], ["MONDAY"]])
    if rng.random() < 0.15:
        when["from_hour"], when["until_hour"] = rng.choice([(9, 18), (0, 1), (23, 24), (2, 3)])
    if rng.random() < 0.15:
        when["tiers"] = rng.choice([["t1"], ["t0"], ["t0", "t1"]])
    if rng.random() < 0.1:
        when["stores"] = [rng.choice(STORES)]
    if rng.random() < 0.1:
        when["channels"] = [rng.choice(CHANNELS)]
    if rng.random() < 0.1:
        when["from"] = f"{year}-06-01"
    if rng.random() < 0.1:
        when["until"] = f"{year + 1}-03-01"
    if rng.random() < 0.02:
        when["birthday_month"] = True
    return when


def build_effect(rng, is_first):
    if is_first or rng.random() < 0.2:
        return {"rate": {"points": rng.randint(1, 3), "money_minor": rng.choice([100, 30, 7, 1])}}
    if rng.random() < 0.5:
        return {"multiplier_bp": rng.choice([12345, 20000])}
    return {"bonus_points": rng.randint(1, 50)}


def build_rule(rng, rule_id, year, is_first):
    rule = {"id": rule_id, **build_effect(rng, is_first)}
    when = {} if is_first else build_condition(rng, year)
    if when:
        rule["when"] = when
    for cap, most in (("cap_sale", 20), ("cap_day", 30), ("cap_month", 100)):
        if rng.random() < 0.2:
            rule[cap] = most
    return rule


def changed_rule(rng, rule, year):
    """The rule of a later version: the same, or with another effect or condition."""
    rule = copy.deepcopy(rule)
    for cap in ("cap_day", "cap_month"):
        if cap in rule:
            rule[cap] = max(1, rule[cap] + rng.randint(-20, 20))
    if rng.random() < 0.3:
        for effect in ("rate", "multiplier_bp", "bonus_points"):
            rule.pop(effect, None)
        rule.update(build_effect(rng, is_first=False))
    if rng.random() < 0.3:
        rule["when"] = build_condition(rng, year)
    return rule


def build_rules(rng, before, year):
    if not before:
        return [build_rule(rng, f"rule-{i}", year, i == 0) for i in range(rng.randint(1, 4))]
    rules = [changed_rule(rng, rule, year) if rng.random() < 0.5 else rule for rule in before]
    if rng.random() < 0.4:
        name = f"rule-{year}-{rng.randrange(10**6)}"
        rules.insert(rng.randint(0, len(rules)), build_rule(rng, name, year, is_first=False))
    if len(rules) > 1 and rng.random() < 0.3:
        rules.pop(rng.randrange(len(rules)))
    return rules


def build_earn(rng, before, year):
    earn = {"rules": build_rules(rng, before and before["earn"]["rules"], year),
            "stacking": rng.choice(["SUM", "BEST"]), "rounding": rng.choice(["FLOOR", "HALF_UP"]),
            "points_paid_earns": rng.random() < 0.3}
    if rng.random() < 0.2:
        earn["score_share_bp"] = rng.choice([5000, 3333])
    elif rng.random() < 0.03:
        earn["no_score"] = True
    return earn


def build_rescores(rng):
    months = sorted(rng.sample(range(1, 13), rng.choice([0, 1, 2, 2, 3, 4, 12])))
    days = [rng.choice([1, 1, 1, 15, MONTH_DAYS.get(month, 31)]) for month in months]
    return [f"{month:02}-{day:02}" for month, day in zip(months, days)]


def changed_limit(rng, before, numbers):
    """A limit that a version without it does not begin to have, nor lose."""
    return rng.choice([number for number in numbers if bool(number) == bool(before)])


def build_limits(rng, before):
    """Of redemptions, and guards."""
    redeem = {"minimum_points": rng.choice([0, 10]), "step_points": rng.choice([0, 5]),
              "maximum_a_day": rng.choice([0, 0, 500])}
    redeem["hold_seconds"] = rng.choice([0, 90, 3600, 40 * 86_400, 400 * 86_400, 400 * 86_400])
    if rng.random() < 0.5:
        redeem["value"] = {"points": rng.choice([1, 100]), "money_minor": rng.choice([1, 33, 500])}
    guards = {"points_a_sale": rng.choice([0, 5000]),
              "points_a_member_day": rng.choice([0, 8000])}
    if before:
        redeem["maximum_a_day"] = changed_limit(rng, before["redeem"]["maximum_a_day"],
                                                [0, 500, 300, 2000])
        guards["points_a_member_day"] = changed_limit(
            rng, before["guards"]["points_a_member_day"], [0, 8000, 4000])
    return {"redeem": redeem, "guards": guards}


def build_attaching(rng):
    """As long as late sales, when a program does not say."""
    days = rng.choice([None, 0, 10, 90, 400])
    return {} if days is None else {"attach_days": {"days": days}}


def build_notices(rng):
    days = [0, 0, 1, 7, 30, 31, 60]
    return {"notices": {"points_expiring_days": rng.choice(days),
                        "card_ending_days": rng.choice(days)}}


def build_program(rng, zone, before, year):
    """A version; `before`: the document of the one before, if any."""
    window = rng.choice([{"in_force": {}}, {"rolling_months": rng.randint(1, 13)},
                         {"calendar": rng.choice(["HALF_YEAR", "YEAR"])}])
    points = {"expiry_months": rng.choice([0, 1, 1, 6, 12]),
              "expiry_to_end_of": rng.choice(["MONTH", "HALF_YEAR", "YEAR"]),
              "pending_days": rng.choice([0, 0, 1, 14, 30, 40])}
    return {"id": "random", "zone": zone, "currency": "CNY", "rescore": build_rescores(rng),
            "tiers": build_tiers(rng, before and before["tiers"]),
            "earn": build_earn(rng, before, year),
            "validity_on_upgrade": rng.choice(["RESTART", "KEEP"]),
            "on_card_end": rng.choice(["TO_SCORE", "ONE_DOWN"]),
            "score": window, "points": points,
            "late_days": {"days": rng.choice([0, 1, 45, 45, 400, 400])},
            **build_attaching(rng), "negative_balance": rng.choice(["ALLOW", "CLAMP"]),
            **build_limits(rng, before), **build_notices(rng)}


def start_after(rng, program, after_ms):
    """When the next version takes effect: some day, at its midnight, or at a re-scoring."""
    zone = program.zone
    days = rng.choice([1, 20, 400, 400])
    at_ms = after_ms + 3_600_000 + rng.randrange(days * 86_400_000)
    choice = rng.random()
    if choice < 0.4 and program.rescore:
        month, day = rng.choice(program.rescore)
        return zone.day_start(datetime.date(zone.date(at_ms).year + 1, month, day))
    if choice < 0.7:
        return max(after_ms + 1, zone.day_start(zone.date(at_ms)))
    return at_ms


def counts_alike(documents):
    """Whether what has a cap by day or month, or a limit a day, has one in every version."""
    counted = {}
    for document in documents:
        rules = (document.get("earn") or {}).get("rules") or []
        said = {rule["id"]: bool(rule.get("cap_day") or rule.get("cap_month")) for rule in rules}
        said["redeem"] = bool((document.get("redeem") or {}).get("maximum_a_day"))
        said["guards"] = bool((document.get("guards") or {}).get("points_a_member_day"))
        for what, is_counted in said.items():
            counted.setdefault(what, set()).add(is_counted)
    return all(len(answers) == 1 for answers in counted.values())
