#!/usr/bin/python3
"""`loyaltyctl import members`: every row is checked before anything is written, every mistake is
told with its line; importing again changes nothing, and goes on where an import was cut off.
"""

import datetime
import json
import os
import subprocess
import tempfile
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import scene
import world

with tempfile.NamedTemporaryFile("w", suffix=".key", delete=False) as profile_key:
    profile_key.write(os.urandom(32).hex() + "\n")
SCENE = scene.Scene(daemons=1, options=("--profile-key", profile_key.name))
os.unlink(profile_key.name)
COLUMNS = ("member_id", "card_number", "barcode", "phone", "app_id", "birthday", "language",
           "enrolled", "points", "score", "card")
CROWD = 300


def day(distance):
    return (datetime.datetime.now(datetime.timezone.utc)
            + datetime.timedelta(days=distance)).strftime("%Y-%m-%d")


def line(**fields):
    return ",".join(fields.get(column, "") for column in COLUMNS)


def write(name, *rows, header=",".join(COLUMNS), end="\n"):
    path = f"{SCENE.world.folder}/{name}.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write("".join(f"{row}{end}" for row in (header, *rows)))
    return path


def run(path, *more, check=True):
    return SCENE.world.ctl("-o", "json", "import", "members", path, *more,
                           daemon=SCENE.daemons[0], check=check)


def totals(path, *more):
    return json.loads(run(path, *more).stdout)


class Import(unittest.TestCase):
    def mistakes(self, path, expected):
        """Each (line, column) of it is told; nothing is written."""
        before = SCENE.digest()
        done = run(path, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        told = [each.split(": ")[0:2] for each in done.stderr.splitlines()
                if each.startswith(path)]
        found = [(int(where.rsplit(":", 1)[1]), column) for where, column in told]
        self.assertEqual(sorted(found), sorted(expected), done.stderr)
        self.assertIn("nothing was written", done.stderr)
        self.assertEqual(SCENE.digest(), before)
        return done.stderr

    def test_a_member_as_it_was(self):
        row = line(member_id="greta", card_number="6200000000000004", phone="+8613800000001",
                   birthday="1980-02-29", language="zh", enrolled="2020-01-01",
                   points=f"500:{day(100)} 200 300:{day(200)}", score=f"1200::{day(300)} 300",
                   card=f"gold:{day(-100)}:{day(400)}")
        path = write("one", row)
        done = totals(path)
        self.assertEqual((done["members"], done["openings"], done["replayed"], done["refused"]),
                         (1, 1, 0, 0))
        member = SCENE.get("greta")
        self.assertEqual(member.standing.balance, 1000)
        self.assertEqual([lot.points for lot in member.lots], [500, 300, 200])
        self.assertEqual((member.standing.score, member.standing.tier_id), (1500, "gold"))
        self.assertEqual(member.enrolled_at.ToMilliseconds(),
                         frames.utc_ms("2020-01-01T00:00:00+08:00"))
        with SCENE.client("backend") as client:
            ref = frames.common.MemberRef(identifier=frames.common.Identifier(
                kind=frames.common.IDENTIFIER_KIND_PHONE, value="+8613800000001"))
            found = client.ask("GetMember", frames.members.GetMemberRequest(member=ref))
            profile = client.ask("GetProfile", frames.members.GetProfileRequest(member=ref))
        self.assertEqual(found.member_id, "greta")
        self.assertEqual((profile.birthday, profile.language), ("1980-02-29", "zh"))
        before = SCENE.digest()
        again = totals(path)
        self.assertEqual((again["members"], again["openings"], again["replayed"]), (1, 1, 2))
        self.assertEqual(SCENE.digest(), before)

    def test_a_corrected_row_is_never_posted_twice(self):
        totals(write("first", line(member_id="hanno", points="100")))
        done = run(write("second", line(member_id="hanno", points="150")), check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("ID_CONFLICT", done.stderr)
        self.assertEqual(SCENE.get("hanno").standing.balance, 100)
        # Nor does one get points who is a member already by other ways.
        SCENE.enrol("irma")
        done = run(write("there", line(member_id="irma", points="100")), check=False)
        self.assertIn("ALREADY_ENROLLED", done.stderr)
        self.assertEqual(SCENE.get("irma").standing.balance, 0)

    def test_all_mistakes_at_once(self):
        rows = [
            line(member_id="good"),
            line(member_id="bad id"),
            line(member_id="b", birthday="1980-02-30"),
            line(member_id="c", phone="0138"),
            line(member_id="d", card_number="4111111111111111"),
            line(member_id="e", points="-5"),
            line(member_id="f", points=f"5:{day(-1)}"),
            line(member_id="g", score=f"5:{day(10)}:{day(5)}"),
            line(member_id="h", card=f"platinum:{day(-1)}:{day(5)}"),
            line(member_id="i", card=f"gold:{day(2)}:{day(5)}"),
            line(member_id="j", card=f"gold:{day(-2)}:"),
            line(member_id="k", enrolled=day(2)),
            line(member_id="good"),
            line(member_id="l", barcode="B-1"),
            line(member_id="m", barcode="B-1"),
            line(member_id="too-early", enrolled="1995-12-31"),
            "n,too,few",
            line(member_id='"o'),
            line(),
        ]
        said = self.mistakes(write("bad", *rows), [
            (3, "member_id"), (4, "birthday"), (5, "identifiers[0].value"), (6, "card_number"),
            (7, "points"), (8, "points"), (9, "score"), (10, "card"), (11, "card"), (12, "card"),
            (13, "enrolled"), (14, "member_id"), (16, "barcode"),
            (17, "enrolled"),
            (18, "it has not as many fields as there are columns"),
            (19, "it has not as many fields as there are columns"), (20, "member_id")])
        for datum in ("4111", "0138", "1980"):
            self.assertNotIn(datum, said)

    def test_files_that_are_none(self):
        for header, end in (("member_id,colour", "\n"), ("barcode", "\n"),
                            ("member_id,member_id", "\n"), ("", "\n")):
            done = run(write("none", "x,y", header=header, end=end), check=False)
            self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(run(f"{SCENE.world.folder}/not-there.csv", check=False).returncode, 2)
        self.assertEqual(run(write("empty"), check=False).returncode, 2)
        path = f"{SCENE.world.folder}/noise.csv"
        with open(path, "wb") as file:
            file.write(b"member_id,points\n" + os.urandom(5000).replace(b"\n", b"."))
        self.assertNotEqual(run(path, check=False).returncode, 0)

    def test_as_spreadsheets_write(self):
        path = write("sheet", '"ju.1","100 50"', '"ju.2",""', "",
                     header="\ufeffmember_id,points", end="\r\n")
        done = totals(path)
        self.assertEqual((done["members"], done["openings"]), (2, 1))
        self.assertEqual(SCENE.get("ju.1").standing.balance, 150)

    def test_it_goes_on_where_it_was_cut_off(self):
        path = write("crowd", *[line(member_id=f"crowd-{number}", points="10",
                                     barcode=f"C-{number}") for number in range(CROWD)])
        import_ = subprocess.Popen(
            [f"{SCENE.world.bin}/loyaltyctl", "--server", f"127.0.0.1:{SCENE.daemons[0].port}",
             "--tls", SCENE.world.tls, "import", "members", path, "--window", "2"],
            stdout=subprocess.DEVNULL)
        world.wait_for(lambda: self.is_there(f"crowd-{CROWD // 10}"), "the import to be on its way")
        import_.kill()
        import_.wait()
        again = totals(path)
        self.assertEqual((again["members"], again["openings"], again["refused"]),
                         (CROWD, CROWD, 0))
        self.assertGreater(again["replayed"], CROWD // 10)
        print(f"the first import had done {again['replayed']} of {2 * CROWD} requests")
        for number in range(CROWD):
            self.assertEqual(SCENE.get(f"crowd-{number}").standing.balance, 10)

    @staticmethod
    def is_there(member):
        with SCENE.client("backend") as client:
            return client.call("GetMember", frames.get_member_request(member)).error is None


if __name__ == "__main__":
    scene.run_tests(SCENE)
