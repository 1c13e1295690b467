#!/usr/bin/python3
"""What time makes is written with nobody asking: a hold lapses, points are announced to end and do,
a card is announced to end and does; each once, with two daemons at it, however often one of them or
Redis is killed meanwhile. Judged by the event streams, read from Redis itself.
"""

import collections
import re
import subprocess
import unittest

import support  # noqa: F401 (finds the rest)
import frames
import ledger
import scene
import world

MEMBERS = [f"m-{number}" for number in range(40)]
OPENED, AWARDED, BOUNDARY, HELD, LAPSED, NOTICED = 1, 2, 5, 16, 21, 30
NOTICES = "\nnotices: {points_expiring_days: 30, card_ending_days: 60}\n"
PACE = 40  # a second: slow enough to be killed on the way

SCENE = scene.Scene(daemons=2, publish=False,
                    options=("--sandbox", "--sweep-pace", str(PACE)))


class Club:
    """Members on a test clock, and what the streams say of each."""

    def __init__(self):
        self.stored = ledger.Stored()
        self.to("2026-01-10T10:00:00")
        document = f"{SCENE.world.folder}/club.yaml"
        with open(f"{frames.SOURCE}/programs/retail.yaml", encoding="utf-8") as retail, \
                open(document, "w", encoding="utf-8") as file:
            file.write(retail.read() + NOTICES)
        SCENE.world.ctl("program", "publish", document, "--effective-from",
                        "1996-01-01T00:00:00Z", daemon=SCENE.daemons[0])
        for daemon in SCENE.daemons:
            world.wait_for(lambda d=daemon: SCENE.knows_program(d), "the program to be known")

    def to(self, text):
        """Sets the clock, local."""
        SCENE.world.ctl("clock", "set", f"{text}+08:00", daemon=SCENE.daemons[0])
        self.now_ms = frames.utc_ms(f"{text}+08:00")

    def join(self, member):
        with SCENE.client("backend") as client:
            client.ask("Enroll", frames.enrol_request(member, self.now_ms))
        with SCENE.client("till") as client:
            client.ask("Award", frames.award_request(member, 6_000_000, self.now_ms))
            client.ask("Reserve", frames.reserve_request(member, 100, self.now_ms))

    def types(self, member):
        """How often each type of record is in the member's log."""
        for (_, name), account in self.stored.accounts.items():
            if name == member:
                return collections.Counter(account.types)
        return collections.Counter()

    def all_have(self, expected):
        self.stored.read(SCENE.redis)
        return all(self.types(member) == expected for member in MEMBERS)

    def some_have_not(self, before):
        """Whether the daemons are on their way, or done."""
        self.stored.read(SCENE.redis)
        return any(self.types(member) != before for member in MEMBERS)

    def told(self, *types):
        """What a subscriber is told of these types: how often of each member."""
        daemon = SCENE.daemons[0]
        tail = subprocess.Popen(
            [f"{daemon.world.bin}/loyaltyctl", "--server", f"127.0.0.1:{daemon.port}", "--tls",
             daemon.world.tls, "--as", "backend", "events", "tail",
             *(word for name in types for word in ("--type", name))],
            stdout=subprocess.PIPE, text=True)
        lines = [tail.stdout.readline() for _ in range(len(types) * len(MEMBERS))]
        tail.terminate()
        rest = tail.communicate(timeout=world.WAIT_S)[0]
        assert rest == "", rest
        words = [re.search(r" (m-\d+) +([a-z-]+)", line) for line in lines]
        assert all(words), lines
        return collections.Counter((found[1], found[2]) for found in words)

    def restart(self, number):
        SCENE.daemons[number].kill_now()
        SCENE.daemons[number] = SCENE.start_daemon(f"daemon-{number}")
        SCENE.daemons[number].wait_ready()


class Sweeping(unittest.TestCase):
    def test_every_boundary_is_written_once(self):
        club = Club()
        for member in MEMBERS:
            club.join(member)
        expected = collections.Counter({OPENED: 1, AWARDED: 1, HELD: 1})
        self.assertTrue(club.all_have(expected))
        for number, (text, made) in enumerate((
                ("2026-01-10T11:00:00", LAPSED),
                ("2027-01-05T09:00:00", NOTICED),   # 30 days before 2027-02-01
                ("2027-02-01T00:00:00", BOUNDARY),  # the points
                ("2027-11-15T09:00:00", NOTICED),   # 60 days before the card's end
                ("2028-01-10T10:00:00", BOUNDARY))):
            before = expected.copy()
            expected[made] += 1
            club.to(text)
            world.wait_for(lambda: club.some_have_not(before), f"a sign of {text}")
            club.restart(number % 2)
            if number == 2:
                SCENE.redis.kill_now()
                SCENE.restart_redis()
            world.wait_for(lambda: club.all_have(expected), f"what time makes at {text}")
        totals = SCENE.totals()
        self.assertEqual(totals["faults"], 0)
        for member in MEMBERS[:3]:
            reply = SCENE.get(member)
            self.assertEqual((reply.standing.balance, reply.standing.tier_id), (0, "member"))
        self.assertTrue(club.all_have(expected))  # and no more than that
        types = ("hold-ended", "expiring-soon", "expired", "card-ending", "lowered")
        self.assertEqual(club.told(*types), {(member, name): 1
                                             for member in MEMBERS for name in types})


if __name__ == "__main__":
    scene.run_tests(SCENE)
