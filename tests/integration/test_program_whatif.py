#!/usr/bin/python3
"""`program whatif`: real sales under two programs against an independent computation of both
(tests/model), live accounts of a real service against figures worked out by hand; the same question
has the same bytes for an answer; what is broken is told with its lines, and who may not ask is told
so.
"""

import copy
import datetime
import json
import os
import sys
import unittest
import xml.dom.minidom

import yaml

import support  # noqa: F401 (finds the rest)
import frames
import scene

sys.path.insert(0, f"{frames.SOURCE}/tests/model")
sys.path.insert(0, f"{frames.SOURCE}/tests/cdnow")

# pylint: disable=wrong-import-position
import cdnow  # noqa: E402
import club_model  # noqa: E402

RETAIL = f"{frames.SOURCE}/programs/retail.yaml"
SETS = ("--set", "currency=USD", "--set", "zone=America/New_York")
EVERY = 4  # customer of CDNOW's is looked at
MANY = 900  # sales: their log is longer than an answer
TIERS = ("member", "silver", "gold", "diamond")
NOW = "2026-05-20T00:00:00+08:00"
CLUB = scene.Scene(options=("--sandbox",))


def changed(**fields):
    """retail.yaml with other fields, as a document and as a file."""
    with open(RETAIL, encoding="utf-8") as file:
        document = yaml.safe_load(file)
    document.update(fields)
    return document


def doubled():
    document = changed()
    for tier in document["tiers"]:
        tier["threshold"] *= 2
    return document


def write(name, document):
    path = f"{CLUB.world.folder}/{name}"
    with open(path, "w", encoding="utf-8") as file:
        file.write(document if isinstance(document, str) else yaml.safe_dump(document))
    return path


def whatif(*arguments, live=False, check=True, environment=None):
    return CLUB.world.ctl("-o", "json", "program", "whatif", *arguments, check=check,
                          daemon=CLUB.daemons[0] if live else None, environment=environment)


class Model:
    """All members under one program, computed by the model."""

    def __init__(self, document, rows, end_date, until_date):
        document = copy.deepcopy(document)
        document.update(currency="USD", zone="America/New_York")
        program = club_model.Program(document)
        self.zone = program.zone
        self.program = program
        self.end_ms = self.zone.day_start(end_date)
        self.until_ms = self.zone.day_start(until_date)
        versions = club_model.Versions([(self.zone.at("1990-01-01"), program)])
        self.members = {}
        self.issued = {}
        self.standing = {}
        for customer, sales in rows.items():
            member = club_model.Member(versions, self.zone.day_start(sales[0][0]))
            for date, cents in sales:
                member.backfill(self.end_ms, club_model.Sale([(cents, "")], date=date))
            member.advance(self.end_ms)
            self.issued[customer] = member.awarded
            self.standing[customer] = (member.tier, member.balance, member.expired, member.score)
            member.advance(self.until_ms)
            self.members[customer] = member

    def tiers_at(self, date):
        """Members by tier as a day begins."""
        at_ms = self.zone.day_start(date)
        sizes = dict.fromkeys(TIERS, 0)
        for member in self.members.values():
            if member.enrolled_ms <= at_ms:
                sizes[member.card_at(at_ms).tier] += 1
        return sizes

    def moves(self):
        """Cards given to a higher tier, the same one, a lower one."""
        moves = {"raised": 0, "renewed": 0, "lowered": 0}
        for member in self.members.values():
            ranks = [TIERS.index(card.tier) for card in member.cards]
            for before, after in zip(ranks, ranks[1:]):
                moves["raised" if after > before else
                      "lowered" if after < before else "renewed"] += 1
        return moves


@unittest.skipUnless(os.path.exists(cdnow.FILE), f"{cdnow.FILE} is not here")
class Sales(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        rows = cdnow.read_rows()
        cls.rows = {customer: rows[customer] for customer in sorted(rows)[::EVERY]}
        cls.file = write("sales.txt", "customer date pieces dollars\n" + "".join(
            f"{customer} {date:%Y%m%d} 1 {cents // 100}.{cents % 100:02}\n"
            for customer, sales in cls.rows.items() for date, cents in sales))
        last = max(date for sales in cls.rows.values() for date, _ in sales)
        cls.end = last + datetime.timedelta(days=1)
        cls.until = cls.end.replace(year=cls.end.year + 2)
        cls.old = Model(changed(), cls.rows, cls.end, cls.until)
        cls.new = Model(cls.changes(), cls.rows, cls.end, cls.until)
        cls.svg = f"{CLUB.world.folder}/tiers.svg"
        cls.roll = f"{CLUB.world.folder}/members.csv"
        cls.line = (write("new.yaml", cls.changes()), "--sales", cls.file, "--old", RETAIL, *SETS,
                    "--svg", cls.svg, "--members", cls.roll)
        cls.text = whatif(*cls.line).stdout
        cls.report = json.loads(cls.text)

    @staticmethod
    def changes():
        """Thresholds halved, so that there is something to see, and a better silver."""
        document = changed()
        for tier in document["tiers"]:
            tier["threshold"] //= 2
        document["tiers"][1]["multiplier_bp"] = 20000
        return document

    def sides(self):
        return (("old", self.old), ("new", self.new))

    def test_points(self):
        for name, model in self.sides():
            side = self.report[name]
            self.assertEqual(side["sales"], sum(map(len, self.rows.values())))
            self.assertEqual(side["points_issued"], sum(model.issued.values()))
            self.assertEqual(side["cost_minor"], side["points_issued"])  # a point is a cent
            end = side["at_end"]
            self.assertEqual(end["outstanding"], sum(s[1] for s in model.standing.values()))
            self.assertEqual(end["expired"], sum(s[2] for s in model.standing.values()))
            self.assertEqual(end["score"], sum(s[3] for s in model.standing.values()))
            self.assertEqual(side["at_until"]["expired"],
                             sum(m.expired for m in model.members.values()))
        self.assertGreater(self.report["new"]["points_issued"],
                           self.report["old"]["points_issued"])

    def test_tiers_over_time(self):
        for name, model in self.sides():
            side = self.report[name]
            self.assertEqual(side["at_end"]["tiers"], model.tiers_at(self.end))
            self.assertEqual(side["at_until"]["tiers"], model.tiers_at(self.until))
            for month in side["months"]:
                date = datetime.date.fromisoformat(month["date"])
                self.assertEqual(month["tiers"], model.tiers_at(date), date)
            self.assertEqual({key: side[key] for key in ("raised", "renewed", "lowered")},
                             model.moves())
        self.assertGreater(self.report["new"]["at_end"]["tiers"]["silver"],
                           self.report["old"]["at_end"]["tiers"]["silver"])

    def test_who_gains(self):
        matrix = {old: dict.fromkeys(TIERS, 0) for old in TIERS}
        points = {"gain": 0, "lose": 0, "same": 0}
        for customer in self.rows:
            before, after = self.old.standing[customer][0], self.new.standing[customer][0]
            matrix[before][after] += 1
            more = self.new.issued[customer] - self.old.issued[customer]
            points["gain" if more > 0 else "lose" if more < 0 else "same"] += 1
        found = self.report["difference"]
        self.assertEqual(found["tier_at_end"]["old_x_new"], matrix)
        self.assertEqual(found["points"], points)

    def test_the_members_are_listed(self):
        expected = {}
        for customer in self.rows:
            old, new = self.old, self.new
            row = (old.standing[customer][0], new.standing[customer][0],
                   old.members[customer].tier, new.members[customer].tier,
                   str(old.issued[customer]), str(new.issued[customer]))
            if any(before != after for before, after in zip(row[::2], row[1::2])):
                expected[customer] = row
        with open(self.roll, encoding="utf-8") as file:
            header, *lines = file.read().splitlines()
        found = [tuple(line.split(",")) for line in lines]
        self.assertEqual(header.count(","), 6)
        self.assertEqual({row[0]: row[1:] for row in found}, expected)
        self.assertEqual(len(found), len(expected))

    def test_the_same_bytes_again(self):
        with open(self.svg, encoding="utf-8") as file:
            picture = file.read()
        again = whatif(*self.line, environment={"TZ": "Pacific/Auckland"}).stdout
        self.assertEqual(again, self.text)
        with open(self.svg, encoding="utf-8") as file:
            self.assertEqual(file.read(), picture)

    def test_the_picture_is_whole(self):
        root = xml.dom.minidom.parse(self.svg).documentElement
        texts = [node.firstChild.data for node in root.getElementsByTagName("text")]
        for part in ("members", "month", "old: retail.yaml", "new: new.yaml"):
            self.assertIn(part, texts)
        self.assertTrue(any(text.startswith("silver: ") for text in texts), texts)
        self.assertEqual(len(root.getElementsByTagName("polygon")), 2 * (len(TIERS) - 1))
        for node in root.getElementsByTagName("*"):
            self.assertFalse(node.hasAttribute("href") or node.hasAttribute("xlink:href"))

    def test_the_table_says_the_same(self):
        run = CLUB.world.ctl("program", "whatif", *self.line)
        self.assertIn(f"{self.report['old']['points_issued']:,}", run.stdout)
        self.assertIn(f"{self.report['new']['at_end']['tiers']['silver']:,}", run.stdout)
        self.assertEqual(run.stderr, "")  # no bar where there is no terminal

    def test_against_the_program_in_force(self):
        """Without --old the service is asked; its program has another zone, which is told."""
        run = whatif(write("same.yaml", changed()), "--sales", self.file, live=True)
        report = json.loads(run.stdout)
        self.assertEqual(report["old"]["points_issued"], report["new"]["points_issued"])
        self.assertEqual(report["currency"], "CNY")


class Mistakes(unittest.TestCase):
    def refused(self, *arguments, **how):
        run = whatif(*arguments, check=False, **how)
        self.assertEqual(run.stdout, "")
        return run

    def test_a_broken_program_is_told_with_lines(self):
        document = changed()
        document["tiers"][2]["threshold"] = 1
        document["colour"] = "blue"
        path = write("broken.yaml", document)
        for arguments in (("--sales", RETAIL, "--old", RETAIL), ("--live",)):
            run = self.refused(path, *arguments, live=arguments == ("--live",))
            self.assertEqual(run.returncode, 2, run.stderr)
            self.assertIn(f"{path}:", run.stderr)
            self.assertIn("colour", run.stderr)
            self.assertIn("tiers[2].threshold", run.stderr)
            self.assertRegex(run.stderr, r"broken\.yaml:\d+: ")

    def test_no_successor(self):
        document = changed()
        del document["tiers"][1]
        run = self.refused(write("fewer.yaml", document), "--live", live=True)
        self.assertEqual(run.returncode, 2, run.stderr)
        self.assertIn("silver", run.stderr)

    def test_wrong_lines(self):
        path = write("good.yaml", changed())
        for arguments in ((), (path,), (path, "--live", "--sales", RETAIL),
                          (path, "--live", "--old", RETAIL), (path, "--sales", "/nowhere"),
                          (path, "--sales", RETAIL, "--old", RETAIL),
                          (path, "--live", "--until", "2999-01-01T00:00:00Z"),
                          (path, "--live", "--effective-from", "now-1d")):
            run = self.refused(*arguments, live=True)
            self.assertEqual(run.returncode, 2, (arguments, run.stderr))

    def test_only_admins(self):
        """A back end may read programs, but not take all accounts along."""
        run = whatif("--as", "backend", write("good.yaml", changed()), "--live", live=True,
                     check=False)
        self.assertEqual(run.returncode, 1, run.stderr)
        self.assertIn("ROLE_NOT_ALLOWED", run.stderr)


class Live(unittest.TestCase):
    """Anna has bought enough for silver, which the next re-scoring gives; Bert has not; Carl has
    gone."""

    @classmethod
    def setUpClass(cls):
        ctl = CLUB.world.ctl
        daemon = CLUB.daemons[0]
        ctl("clock", "set", NOW, daemon=daemon)
        for member in ("anna", "bert", "carl"):
            ctl("member", "enroll", member, "--at", "2025-01-10T00:00:00+08:00", daemon=daemon)
        for member, amount in (("anna", "1234.56"), ("anna", "900.00"), ("bert", "99.99"),
                               ("carl", "50.00")):
            ctl("--as", "till", "award", member, "--amount", amount, "--currency", "CNY",
                daemon=daemon)
        with CLUB.client("till") as client:
            requests = ((n, "Award", frames.award_request("bert", 100, frames.utc_ms(NOW)))
                        for n in range(MANY))
            for _, reply in client.each(requests, window=64):
                scene.must(reply)
        ctl("member", "status", "carl", "closed", "--reason", "gone", daemon=daemon)

    def compare(self, document, *more):
        before = CLUB.digest()
        path = write("live.yaml", document)
        first = whatif(path, "--live", *more, live=True).stdout
        self.assertEqual(whatif(path, "--live", *more, live=True).stdout, first)
        self.assertEqual(CLUB.digest(), before)  # nothing was written
        report = json.loads(first)
        self.assertEqual((report["members"], report["ended"]), (2, 1))
        return report

    def test_doubled_thresholds(self):
        report = self.compare(doubled(), "--svg", f"{CLUB.world.folder}/live.svg")
        self.assertEqual(report["end"], "2026-05-19T16:00:00Z")
        self.assertEqual(report["until"], "2028-05-19T16:00:00Z")
        matrix = report["difference"]["tier_at_until"]
        self.assertEqual(matrix["old_x_new"]["silver"]["member"], 1)
        self.assertEqual(matrix["old_x_new"]["member"]["member"], 1)
        self.assertEqual((matrix["gain"], matrix["lose"], matrix["same"]), (0, 1, 1))
        first = report["old"]["months"][0]
        self.assertEqual((first["date"], first["tiers"]["silver"]), ("2026-06-01", 1))
        self.assertEqual(report["old"]["raised"], 1)
        self.assertEqual(report["new"]["raised"], 0)
        points = 1234 + 900 + 99 + MANY
        for name in ("old", "new"):
            self.assertEqual(report[name]["points_issued"], points)
            self.assertEqual(report[name]["at_end"]["outstanding"], points)
            self.assertEqual(report[name]["at_until"]["expired"], points)
        self.assertEqual(report["not_judged"], 0)
        xml.dom.minidom.parse(f"{CLUB.world.folder}/live.svg")

    def test_another_rate(self):
        rules = [{"id": "base", "rate": {"points": 2, "money_minor": 100}}]
        report = self.compare(changed(earn={"rules": rules, "stacking": "SUM"}))
        self.assertEqual(report["old"]["points_issued"], 1234 + 900 + 99 + MANY)
        self.assertEqual(report["new"]["points_issued"], 2469 + 1800 + 199 + 2 * MANY)
        self.assertEqual(report["difference"]["points"], {"gain": 2, "lose": 0, "same": 0})

    def test_what_a_log_does_not_tell(self):
        rules = [{"id": "base", "rate": {"points": 1, "money_minor": 100}},
                 {"id": "food", "when": {"categories": ["food"]}, "bonus_points": 5}]
        report = self.compare(changed(earn={"rules": rules, "stacking": "SUM"}))
        self.assertEqual(report["not_judged"], 3 + MANY)
        self.assertEqual(report["not_judged_points"], 1234 + 900 + 99 + MANY)
        self.assertEqual(report["new"]["points_issued"], report["old"]["points_issued"])

    def test_from_later_on(self):
        """In force only behind the re-scoring of June: anna's silver stays."""
        report = self.compare(doubled(), "--effective-from", "2026-07-01T00:00:00+08:00")
        self.assertEqual(report["difference"]["tier_at_until"]["lose"], 0)
        self.assertEqual(report["new"]["at_until"]["tiers"]["silver"], 1)


if __name__ == "__main__":
    scene.run_tests(CLUB)
