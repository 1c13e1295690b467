#!/usr/bin/python3
"""The core against the model: random programs and random histories, told to the core as stories
(tests/scenario) in which every claim is what the model says.

LOYALTY_SEED and LOYALTY_ROUNDS choose the histories; a disagreement leaves its story and says
where.
"""

import datetime
import json
import os
import random
import subprocess
import sys
import tempfile

from club_calendar import DAY_MS, NEVER
from club_model import Member, Opening, Program, Refused, Sale, Training, Versions

COMMANDS = 40
ZONES = ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "America/Sao_Paulo",
         "Australia/Lord_Howe", "Africa/Casablanca", "UTC"]


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
                      "validity_months": rng.choice([1, 2, 3, 6, 12, 24]),
                      "multiplier_bp": rng.choice([0, 11000, 12500])})
    return tiers


def build_rule(rng, number):
    rule = {"id": f"rule-{number}"}
    if number == 0 or rng.random() < 0.2:
        rule["rate"] = {"points": rng.randint(1, 3), "money_minor": rng.choice([100, 30, 7])}
    elif rng.random() < 0.5:
        rule["multiplier_bp"] = rng.choice([12345, 20000])
    else:
        rule["bonus_points"] = rng.randint(1, 50)
    when = {}
    if number and rng.random() < 0.5:
        when["categories"] = rng.choice([["wine"], ["bread"], ["wine", "bread"]])
    if number and rng.random() < 0.3:
        when["minimum_spend_minor"] = 5000
    if number and rng.random() < 0.2:
        when["weekdays"] = ["SATURDAY", "SUNDAY"]
    if number and rng.random() < 0.2:
        when["from_hour"], when["until_hour"] = 9, 18
    if number and rng.random() < 0.2:
        when["tiers"] = ["t1"]
    if when:
        rule["when"] = when
    for cap, most in (("cap_sale", 20), ("cap_day", 30), ("cap_month", 100)):
        if rng.random() < 0.2:
            rule[cap] = most
    return rule


def build_program(rng, zone, before):
    """A version. Caps by day and month and guards stay the same over the versions: what a version
    without them gave is not counted by a later one that has them."""
    earn = {"rules": [build_rule(rng, i) for i in range(rng.randint(1, 4))],
            "stacking": rng.choice(["SUM", "BEST"]), "rounding": rng.choice(["FLOOR", "HALF_UP"]),
            "points_paid_earns": rng.random() < 0.3}
    if rng.random() < 0.2:
        earn["score_share_bp"] = 5000
    window = rng.choice([{"in_force": {}}, {"rolling_months": rng.randint(1, 13)},
                         {"calendar": rng.choice(["HALF_YEAR", "YEAR"])}])
    points = {"expiry_months": rng.choice([0, 1, 6, 12]),
              "expiry_to_end_of": rng.choice(["MONTH", "HALF_YEAR", "YEAR"]),
              "pending_days": rng.choice([0, 0, 1, 30])}
    rescore = [f"{month:02}-{rng.choice([1, 1, 28]):02}"
               for month in sorted(rng.sample(range(1, 13), rng.randint(0, 4)))]
    program = {"id": "random", "zone": zone, "currency": "CNY", "rescore": rescore,
               "tiers": build_tiers(rng, before and before["tiers"]), "earn": earn,
               "validity_on_upgrade": rng.choice(["RESTART", "KEEP"]),
               "on_card_end": rng.choice(["TO_SCORE", "ONE_DOWN"]),
               "score": window, "points": points,
               "redeem": {"minimum_points": rng.choice([0, 10]), "step_points": rng.choice([0, 5])},
               "late_days": {"days": rng.choice([0, 1, 45, 400])}}
    if before:
        program["earn"]["rules"] = before["earn"]["rules"]
        program["redeem"] = before["redeem"]
    elif rng.random() < 0.3:
        program["redeem"]["maximum_a_day"] = 500
    guards = {"points_a_sale": rng.choice([0, 5000]), "points_a_member_day": rng.choice([0, 8000])}
    program["guards"] = before["guards"] if before else guards
    return program


class Story:
    """One history: told to the model, and written down for the core."""

    def __init__(self, rng, folder, number):
        self.rng = rng
        self.folder = folder
        self.number = number
        self.lines = []
        zone = rng.choice(ZONES)
        at_ms = 1_672_531_200_000 + rng.randrange(400 * DAY_MS)
        self.documents = []
        versions = []
        before = None
        for _ in range(rng.randint(1, 4)):
            before = build_program(rng, zone, before)
            program = Program(before)
            versions.append((at_ms, program))
            self.documents.append((at_ms, before))
            at_ms = self.version_start(program, at_ms)
        self.versions = Versions(versions)
        self.zone = versions[0][1].zone
        self.now_ms = versions[0][0] + rng.randrange(100 * DAY_MS)
        self.member = None

    def version_start(self, program, after_ms):
        at_ms = after_ms + DAY_MS + self.rng.randrange(400 * DAY_MS)
        if self.rng.random() < 0.4 and program.rescore:
            month, day = self.rng.choice(program.rescore)
            year = program.zone.date(at_ms).year + 1
            return program.zone.day_start(datetime.date(year, month, day))
        if self.rng.random() < 0.5:
            return max(after_ms + 1, program.zone.day_start(program.zone.date(at_ms)))
        return at_ms

    # --- instants ---

    def nasty(self, from_ms):
        """An instant at or after one, drawn towards boundaries."""
        rng, zone, member = self.rng, self.zone, self.member
        ends = [member.card.until_ms, *member.lots, *(p.spendable_ms for p in member.pending),
                *(p.end_ms for p in member.pending), *(s.until_ms for s in member.scores),
                *(s.from_ms for s in member.scores)]
        ends += [at_ms for at_ms, _ in self.versions.versions]
        ends += self.versions.rescores(from_ms, from_ms + 400 * DAY_MS)
        ends = sorted(end for end in ends if from_ms < end < from_ms + 900 * DAY_MS)
        choice = rng.randrange(8)
        if choice == 0:
            return from_ms
        if choice == 1:
            return from_ms + rng.randrange(60_000)
        if choice == 2:
            return from_ms + rng.randrange(5 * DAY_MS)
        if choice == 3:
            return from_ms + rng.randrange(150 * DAY_MS)
        if choice == 4 or not ends:
            return max(from_ms, zone.day_start(zone.date(from_ms + rng.randrange(9 * DAY_MS))))
        end = ends[0] if rng.random() < 0.7 else rng.choice(ends)
        return max(from_ms, end + rng.choice([-1, 0, 0, 1]))

    def past(self):
        """When a late sale occurred."""
        rng = self.rng
        back_ms = self.now_ms - rng.randrange(rng.choice([2, 60, 450]) * DAY_MS)
        near = self.versions.rescores(back_ms, self.now_ms)
        near += [card.from_ms for card in self.member.cards]
        near += [card.until_ms for card in self.member.cards if card.until_ms < self.now_ms]
        if near and rng.random() < 0.6:
            return rng.choice(near) + rng.choice([-1, 0, 1])
        return back_ms

    # --- commands ---

    def say(self, line):
        self.lines.append(line)

    def try_it(self, line, command):
        """Tells a command to both; gives what the model answered, None when refused."""
        self.say(line)
        try:
            return command()
        except Refused as refused:
            self.say("refused " + " ".join(sorted(refused.reasons)))
        except Training as training:
            self.say(f"gives points {training.earned.points} score {training.earned.score}")
        return None

    def enrol(self):
        enrolled_ms = self.now_ms
        if self.rng.random() < 0.3:
            enrolled_ms = self.rng.randint(self.versions.versions[0][0], self.now_ms)
        self.say(f"at @{self.now_ms}")
        self.say(f"enrol anna at @{enrolled_ms}")
        self.member = Member(self.versions, enrolled_ms)

    def sale(self, verb):
        rng = self.rng
        sale = Sale([])
        words = []
        for _ in range(rng.choice([1, 1, 1, 2, 3])):
            most = rng.choice([100, 20_000, 90_000, 900_000])
            amount, category = rng.randrange(most), rng.choice(["", "", "wine", "bread"])
            sale.lines.append((amount, category))
            words.append(f"{amount // 100}.{amount % 100:02} {category}".strip())
        text = f"{verb} anna " + " + ".join(words)
        kind = rng.random()
        if kind < 0.3:
            sale.occurred_ms = self.past()
            text += f" at @{sale.occurred_ms}"
        elif kind < 0.45:
            sale.date = self.zone.date(self.now_ms - rng.randrange(50 * DAY_MS))
            text += f" on {sale.date}"
        elif kind < 0.5:
            sale.occurred_ms = self.now_ms + rng.choice([1, 299_999, 300_000, 300_001])
            text += f" at @{sale.occurred_ms}"
        if rng.random() < 0.2:
            sale.paid_with_points = rng.randint(0, sale.total)
            text += f" paid {sale.paid_with_points // 100}.{sale.paid_with_points % 100:02}"
        if verb == "sale" and rng.random() < 0.05:
            sale.training = True
            text += " training"
        member = self.member
        told = member.backfill if verb == "backfill" else member.sale
        earned = self.try_it(text, lambda: told(self.now_ms, sale))
        if earned:
            rules = "".join(f" rule {rule} {points}" for rule, points in earned.by_rule.items())
            lines = ""
            if len(sale.lines) > 1:
                lines = "".join(f" line {i} {points} {score}"
                                for i, (points, score) in enumerate(earned.by_line, 1))
            self.say(f"gives points {earned.points} score {earned.score}{rules}{lines}")

    def redeem(self):
        balance = self.member.at(self.now_ms).balance
        points = self.rng.choice([balance, balance + 1, self.rng.randint(1, max(1, balance)),
                                  self.rng.randint(1, max(1, balance)) // 10 * 10])
        points = max(1, points)
        taken = self.try_it(f"redeem anna {points}",
                            lambda: self.member.redeem(self.now_ms, points))
        if taken:
            self.say("takes " + " and ".join(f"{part} until {self.end(end_ms)}"
                                             for end_ms, part in taken))

    def opening(self):
        rng = self.rng
        opening = Opening([], [], None)
        text = "opening anna"
        for _ in range(rng.randrange(3)):
            until = self.date(-5, 500) if rng.random() < 0.7 else None
            opening.lots.append((rng.randint(1, 900), until))
            text += f" points {opening.lots[-1][0]}" + (f" until {until}" if until else "")
        for _ in range(rng.randrange(3)):
            start = self.date(-450, 60) if rng.random() < 0.7 else None
            until = self.date(-30, 500) if rng.random() < 0.7 else None
            opening.scores.append((rng.randint(1, 4000), start, until))
            text += (f" score {opening.scores[-1][0]}" + (f" from {start}" if start else "")
                     + (f" until {until}" if until else ""))
        if rng.random() < 0.4:
            tier = rng.choice(self.versions.at(self.now_ms).tiers).id
            start = self.date(-300, 2) if rng.random() < 0.6 else None
            until = self.date(-2, 300) if rng.random() < 0.8 else None
            opening.card = (tier, start, until)
            text += (f" card {tier}" + (f" from {start}" if start else "")
                     + (f" until {until}" if until else ""))
        self.try_it(text, lambda: self.member.opening(self.now_ms, opening))

    def date(self, least, most):
        return self.zone.date(self.now_ms) + datetime.timedelta(self.rng.randint(least, most))

    @staticmethod
    def end(instant_ms):
        return "never" if instant_ms == NEVER else f"@{instant_ms}"

    def expect(self):
        look = self.member.at(self.now_ms)
        lots = " and ".join(f"{points} until {self.end(end_ms)}"
                            for end_ms, points in sorted(look.lots.items())) or "none"
        missing = look.missing_to_next
        self.say(f"expect anna balance {look.balance} pending {look.pending_points} "
                 f"score {look.score} tier {look.tier} missing {missing or 0} "
                 f"card @{look.card.from_ms} until {self.end(look.card.until_ms)} "
                 f"cause {look.card.cause} awarded {look.awarded} expired {look.expired} "
                 f"redeemed {look.redeemed} opened {look.opened} cards {len(look.cards)} "
                 f"lots {lots}")

    def step(self):
        self.now_ms = self.nasty(self.now_ms)
        self.say(f"at @{self.now_ms}")
        kind = self.rng.random()
        if kind < 0.55:
            self.sale("sale")
        elif kind < 0.7:
            self.redeem()
        elif kind < 0.8:
            self.opening()
        elif kind < 0.85:
            self.sale("backfill")
        self.expect()

    def tell(self, runner):
        """Writes the story down and has it told; what the runner says if it disagrees."""
        self.enrol()
        for _ in range(COMMANDS):
            self.step()
        head = []
        for i, (from_ms, document) in enumerate(self.documents):
            name = f"{self.number}-{i}.yaml"
            with open(f"{self.folder}/programs/{name}", "w", encoding="utf-8") as file:
                json.dump(document, file, indent=1)
            head.append(f"program {name} from @{from_ms}")
        path = f"{self.folder}/{self.number}.txt"
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(head + self.lines) + "\n")
        run = subprocess.run([runner, path], cwd=self.folder, capture_output=True, text=True,
                             check=False)
        return None if run.returncode == 0 else run.stdout + run.stderr


def main():
    runner = os.path.abspath(os.environ["LOYALTY_BIN"] + "/../tests/scenario_runner")
    seed = int(os.environ.get("LOYALTY_SEED") or random.randrange(10**9))
    rounds = int(os.environ.get("LOYALTY_ROUNDS") or 150)
    print(f"LOYALTY_SEED={seed}", flush=True)
    folder = tempfile.mkdtemp(prefix="loyalty-model-")
    os.mkdir(f"{folder}/programs")
    for number in range(rounds):
        wrong = Story(random.Random(f"{seed}/{number}"), folder, number).tell(runner)
        if wrong:
            print(f"history {number} of seed {seed}, kept in {folder}: {wrong}")
            return 1
    subprocess.run(["rm", "-r", folder], check=True)
    print(f"{rounds} histories of {COMMANDS} commands: the core agrees with the model")
    return 0


if __name__ == "__main__":
    sys.exit(main())
